// @ts-check
/** A training session's settings as a form: what is changed is saved at once. */
import { byId } from "./dom.js";

const NUMBERS = ["epochs", "batch", "imgsz", "lr", "freeze"];
const RANKING_NUMBERS = ["min_uncertainty", "max_images"];
const WEIGHTS = ["weight_confidence", "weight_variance", "weight_entropy"];
/**
 * What a training can start from; `task` is null where the file says nothing of it.
 * @typedef {{name: string, label: string, kind: string, task: string | null}} Base
 */
const KINDS = { version: "Model versions", weights: "Weights files", nothing: "From nothing" };

export class SessionForm {
  #form = /** @type {HTMLFormElement} */ (byId("settings"));
  /** @type {Base[]} */
  #bases = [];

  /** @param {() => void} onChange called when every field is valid */
  constructor(onChange) {
    this.#form.addEventListener("change", (event) => {
      const field = /** @type {HTMLSelectElement} */ (event.target);
      if (field.name === "task") this.#showBases(this.values.base, field.value, true);
      if (this.check()) onChange();
    });
    this.#form.addEventListener("submit", (event) => event.preventDefault());
    // What is said of a field that nobody sees is not read.
    this.#form.addEventListener("invalid", ({ target }) => /** @type {Element} */ (target).closest("details")?.setAttribute("open", ""), true);
  }

  /** Whether every field takes what it says; the first that does not tells so. */
  check() {
    return this.#form.reportValidity();
  }

  /** @param {any} session @param {Base[]} bases */
  show({ name, base, settings }, bases) {
    const { ranking } = settings;
    this.#bases = bases;
    this.#showBases(base, settings.task);
    const values = { name, base, ...settings, ...ranking };
    WEIGHTS.forEach((weight, i) => (values[weight] = ranking.weights[i]));
    for (const field of this.#fields()) {
      if (field.type === "checkbox") /** @type {HTMLInputElement} */ (field).checked = Boolean(values[field.name]);
      else if (field !== document.activeElement) field.value = String(values[field.name] ?? "");
    }
  }

  /** What the form says, as PATCH takes it. */
  get values() {
    const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (this.#form.elements.namedItem(name));
    const number = (/** @type {string} */ name) => (field(name).value === "" ? null : Number(field(name).value));
    const pick = (/** @type {string[]} */ names) => Object.fromEntries(names.map((name) => [name, number(name)]));
    return {
      name: field("name").value,
      base: field("base").value,
      settings: {
        ...pick(NUMBERS),
        device: field("device").value,
        partial: field("partial").checked,
        rejects: field("rejects").value,
        task: field("task").value,
        ranking: {
          ...pick(RANKING_NUMBERS),
          weights: WEIGHTS.map(number),
          diversity: field("diversity").value,
          class_balance: field("class_balance").checked,
        },
      },
    };
  }

  /** Set one field, as a suggestion says. @param {string} name @param {any} value */
  set(name, value) {
    const field = /** @type {HTMLInputElement} */ (this.#form.elements.namedItem(name));
    if (field.type === "checkbox") field.checked = value;
    else {
      if (name === "base" && ![.../** @type {any} */ (field).options].some((option) => option.value === value)) field.append(new Option(value, value));
      field.value = String(value);
    }
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** Those that can learn the task. @param {string} chosen @param {string} task @param {boolean} [isOther] take another where the chosen one cannot */
  #showBases(chosen, task, isOther = false) {
    const select = /** @type {HTMLSelectElement} */ (this.#form.elements.namedItem("base"));
    const bases = basesOf(this.#bases, task);
    const isThere = bases.some((base) => base.name === chosen);
    const groups = Object.entries(KINDS).map(([kind, label]) => {
      const group = document.createElement("optgroup");
      group.label = label;
      group.append(...bases.filter((base) => base.kind === kind).map((base) => new Option(base.label, base.name)));
      return group;
    });
    select.replaceChildren(...groups.filter((group) => group.children.length));
    if (isThere) select.value = chosen;
    else if (isOther) select.value = (bases.find((base) => alike(base.name) === alike(chosen)) ?? firstBase(bases))?.name ?? "";
    else select.append(new Option(`${chosen} (${this.#bases.some((base) => base.name === chosen) ? "learns something else" : "not there"})`, chosen, true, true));
  }

  #fields() {
    return /** @type {HTMLInputElement[]} */ ([...this.#form.elements].filter((field) => field.getAttribute("name")));
  }
}

/** The bases that can learn a task. @param {Base[]} bases @param {string} task */
export function basesOf(bases, task) {
  return bases.filter((base) => base.task === null || base.task === task);
}

/** The one to begin with: the newest version, else weights, else nothing. @param {Base[]} bases */
export function firstBase(bases) {
  return Object.keys(KINDS).map((kind) => bases.find((base) => base.kind === kind)).find(Boolean);
}

/** An architecture's name without the word for its task. @param {string} name */
function alike(name) {
  return name.replace("-seg.", ".");
}
