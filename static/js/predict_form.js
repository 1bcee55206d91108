// @ts-check
/** What a run is asked for: the model and its settings, beside the folder. */
import { byId, element, html, setText } from "./dom.js";
import { quoted } from "./job_panel.js";
import { showProblem } from "./predict_folders.js";

/**
 * @typedef {{id: string, kind: string, label: string, size_bytes: number, is_active: boolean, runs_code: boolean}} Model
 * @typedef {{root: string, base_folder: string, weights_folder: string, models: Model[], problem: string | null, encoders: string[],
 *   detector: Record<string, number>, segmenter: Record<string, number>}} Choices
 */

const GROUPS = { version: "Model versions", detector: "Weights", segmenter: "Segment anything" };

export class PredictForm {
  /** @type {Choices | null} */
  choices = null;
  /** What was said of the models last; what a run said since is not wiped away by hearing the same. @type {string | null} */
  #problem = null;
  /** Whether the last reading failed, and that stands beside the form. */
  #isAway = false;

  /** @param {import("./api.js").Api} api @param {import("./predict_folders.js").FolderPicker} folder */
  constructor(api, folder) {
    this.api = api;
    this.folder = folder;
    this.select = /** @type {HTMLSelectElement} */ (byId("model"));
    this.select.addEventListener("change", () => this.#render());
    folder.addEventListener("change", () => this.#render());
    byId("look-again").addEventListener("click", () => void this.load());
  }

  /** Read what there is to choose from; a choice that was made stays. */
  async load() {
    try {
      this.choices = /** @type {Choices} */ (await this.api.get("/api/predict"));
    } catch (error) {
      this.#isAway = true;
      showProblem(byId("form-problem"), error);
      return;
    }
    if (this.#isAway) showProblem(byId("form-problem"), "");
    this.#isAway = false;
    this.#fill(this.choices);
    this.#render();
  }

  /** @returns {Model | undefined} */
  get model() {
    return this.choices?.models.find((model) => model.id === this.select.value);
  }

  /** What POST /api/proposals takes; throws an Error that names the field which is out of its range. */
  get values() {
    const part = this.model?.kind === "segmenter" ? "segmenter" : "detector";
    const encoder = /** @type {HTMLSelectElement} */ (byId("encoder")).value;
    return { folder: this.folder.path, model: this.select.value, encoder, [part]: numbersOf(byId(`${part}-settings`)) };
  }

  /** @param {Choices} choices */
  #fill(choices) {
    const chosen = this.select.value;
    this.select.replaceChildren(...Object.entries(GROUPS).flatMap(([kind, label]) => optionGroup(choices.models, kind, label)));
    if (choices.models.some((model) => model.id === chosen)) this.select.value = chosen;
    const encoder = /** @type {HTMLSelectElement} */ (byId("encoder"));
    const encoderChosen = encoder.value;
    encoder.replaceChildren(...choices.encoders.map((name) => new Option(encoderLabel(name), name)));
    if (choices.encoders.includes(encoderChosen)) encoder.value = encoderChosen;
    for (const [name, value] of Object.entries(choices.detector)) {
      const field = /** @type {HTMLInputElement | null} */ (document.querySelector(`#detector-settings [name="${name}"]`));
      if (field && !field.value) field.value = String(value);
    }
    if (!byId("segmenter-settings").childElementCount) {
      byId("segmenter-settings").replaceChildren(...Object.entries(choices.segmenter).map(segmenterField));
    }
    for (const place of document.querySelectorAll("[data-weights-folder]")) place.textContent = choices.weights_folder;
    setText(byId("weights-command"), `mkdir -p ${quoted(choices.weights_folder)}\ncp yolo11n.pt ${quoted(choices.weights_folder)}/`);
    const out = `${choices.base_folder}/proposals-0001.csv`;
    const command = (/** @type {string} */ source) =>
      `python -m winnow propose ${source} --images ${quoted(choices.root)} --out ${quoted(out)} --features ${quoted(choices.encoders[0])}`;
    setText(byId("propose-command"), command("--detector yolo11n.pt"));
    setText(byId("foreign-command"), command("--from results.json"));
    if (choices.problem !== this.#problem) showProblem(byId("model-problem"), choices.problem);
    this.#problem = choices.problem;
  }

  #render() {
    const models = this.choices?.models ?? [];
    const model = this.model;
    const isSegmenter = model?.kind === "segmenter";
    byId("no-models").hidden = !this.choices || models.length > 0;
    byId("model-label").hidden = models.length === 0;
    byId("runs-code").hidden = !model?.runs_code;
    byId("detector-settings").hidden = isSegmenter;
    byId("segmenter-details").hidden = !isSegmenter;
    this.select.disabled = models.length === 0;
    /** @type {HTMLButtonElement} */ (byId("start")).disabled = !model || this.folder.isOpening || this.folder.nImages === 0;
  }
}

/** @param {Model[]} models @param {string} kind @param {string} label */
function optionGroup(models, kind, label) {
  const group = document.createElement("optgroup");
  group.label = label;
  group.append(...models.filter((model) => model.kind === kind).map((model) => new Option(modelLabel(model), model.id)));
  return group.childElementCount ? [group] : [];
}

/** @param {Model} model */
function modelLabel({ label, size_bytes: size, is_active: isActive }) {
  return `${label}${isActive ? " (active)" : ""} · ${(size / 1e6).toFixed(1)} MB`;
}

/** @param {string} name */
function encoderLabel(name) {
  return name === "classic" ? "classic (needs no weights)" : name;
}

/** @param {[string, number]} setting */
function segmenterField([name, value]) {
  const label = name.replaceAll("_", " ").replace(/^./, (first) => first.toUpperCase());
  return element(html`<label>${label} <input name="${name}" type="number" step="any" value="${Math.round(value * 1e6) / 1e6}"></label>`);
}

/** @param {HTMLElement} part @returns {Record<string, number>} */
function numbersOf(part) {
  const fields = /** @type {HTMLInputElement[]} */ ([...part.querySelectorAll("input")]);
  const bad = fields.find((field) => field.value === "" || !field.checkValidity());
  if (bad) {
    bad.focus();
    const range = bad.min && bad.max ? `a number from ${bad.min} to ${bad.max}` : "a number";
    throw new Error(`${bad.closest("label")?.textContent?.trim() ?? bad.name}: it takes ${range}.`);
  }
  return Object.fromEntries(fields.map((field) => [field.name, Number(field.value)]));
}
