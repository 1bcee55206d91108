// @ts-check
/** The panel beside the canvas: which segmenter there is and how it does, what the last mask took, and what is missing. */
import { areaOf } from "./boxes.js";
import { byId, setText } from "./dom.js";

/**
 * @typedef {import("./segmenter.js").Segmenter} Segmenter
 * @typedef {import("./segmenter.js").Answer} Answer
 * @typedef {import("./edit_model.js").EditObject} EditObject
 */

const NONE = "none";
const LEAST_SHARE = 0.4; // of the drawn box that the mask's box has, where nothing is wrong

export class MaskPanel {
  #model = /** @type {HTMLSelectElement} */ (byId("mask-model"));
  #problem = "";

  /** @param {Segmenter} segmenter */
  constructor(segmenter) {
    this.segmenter = segmenter;
    this.#model.addEventListener("change", () => void segmenter.choose(this.#model.value));
    byId("mask-again").addEventListener("click", () => void this.#tryAgain());
    segmenter.addEventListener("change", () => this.#renderSegmenter());
  }

  /** What went wrong with the last mask; empty when it went well. @param {string} text */
  showProblem(text) {
    this.#problem = text;
    this.#renderProblem();
  }

  /** @param {Answer | null} answer @param {number | null} painted_ms from the pointer let go to the mask on screen; null on the way */
  showAnswer(answer, painted_ms) {
    if (!answer) return setText(byId("mask-figures"), "");
    const segmenter = `segmenter ${Math.round(answer.ms)} ms${answer.is_embedding_new ? ", image read first" : ""}`;
    const time = painted_ms === null ? segmenter : `Mask in ${Math.round(painted_ms)} ms (${segmenter})`;
    const what = answer.mask
      ? `${answer.area_px.toLocaleString("en")} px, own estimate of IoU ${answer.score.toFixed(2)}, stability ${answer.stability.toFixed(2)}`
      : "nothing found here";
    setText(byId("mask-figures"), `${time}: ${what}`);
    if (painted_ms !== null) this.say(answer.mask ? `Mask of ${answer.area_px} pixels` : "No mask found here: the box stays.");
  }

  /** For those who listen. @param {string} text */
  say(text) {
    setText(byId("mask-live"), text);
  }

  /** @param {EditObject | null} object @param {boolean} isUsable */
  showObject(object, isUsable) {
    /** @type {HTMLButtonElement} */ (byId("mask-find")).disabled = !object || !isUsable;
    /** @type {HTMLButtonElement} */ (byId("mask-remove")).disabled = !object?.mask;
  }

  /** @param {string} tool @param {boolean} isUsable */
  showTool(tool, isUsable) {
    setText(byId("mask-tool-help"), toolHelp(tool, isUsable));
  }

  async #tryAgain() {
    const { choices } = this.segmenter;
    if (choices?.model) await this.segmenter.choose(choices.model);
    else await this.segmenter.load();
  }

  #renderSegmenter() {
    const { choices, problem } = this.segmenter;
    const state = choices?.state ?? "stopped";
    byId("mask-status").dataset.state = this.segmenter.image === "working" ? "starting" : state;
    setText(byId("mask-state"), stateWords(this.segmenter));
    this.#renderProblem();
    byId("mask-again").hidden = state !== "failed" && (choices !== null || !problem);
    if (!choices) return;
    this.#renderChoices(choices);
    setText(byId("mask-how-to"), choices.how_to);
    byId("mask-how").hidden = !choices.how_to;
    if (choices.state === "none") byId("mask-how").setAttribute("open", "");
  }

  /** What is wrong with the segmenter, then what went wrong with the last mask. */
  #renderProblem() {
    const { choices, problem } = this.segmenter;
    const ofSegmenter = problem || (choices?.state === "failed" && choices.problem) || "";
    const texts = [ofSegmenter, this.#problem === ofSegmenter ? "" : this.#problem].filter(Boolean);
    setText(byId("mask-problem"), texts.join(" "));
    byId("mask-problem").hidden = texts.length === 0;
  }

  /** @param {import("./segmenter.js").Choices} choices */
  #renderChoices({ model, models }) {
    const key = JSON.stringify(models);
    const options = [...models.map(({ name, label }) => new Option(label, name)), new Option("None: no masks", NONE)];
    if (this.#model.dataset.key !== key) this.#model.replaceChildren(...options);
    this.#model.dataset.key = key;
    this.#model.disabled = models.length === 0;
    this.#model.value = model ?? NONE;
    const help = models.find(({ name }) => name === this.#model.value)?.help ?? "";
    setText(byId("mask-model-help"), help);
    byId("mask-model-help").hidden = !help;
  }
}

/**
 * What speaks against a mask; empty when nothing does.
 *
 * @param {import("./segmenter.js").Prompt} prompt @param {Answer} answer @returns {string}
 */
export function doubtOf({ box, points }, { box_xyxy: found }) {
  if (!found) return "No mask was found here: the box stays as it is. Draw it closer, or use the brush.";
  const isSmall = box !== null && !points.length && areaOf(found) < LEAST_SHARE * areaOf(box);
  return isSmall ? "The mask fills little of the box: U brings the box back as it was, points and brush make the mask larger." : "";
}

/** @param {Segmenter} segmenter */
function stateWords({ choices, image, problem }) {
  if (!choices) return problem ? "Whether there is a segmenter is not known." : "Asking for the segmenter …";
  const name = choices.models.find((one) => one.name === choices.model)?.label ?? choices.model ?? "";
  if (choices.model === null || choices.state === "none") return "No segmenter: boxes, brush and eraser work without one.";
  if (choices.state === "failed") return `${name} could not start: boxes, brush and eraser work.`;
  if (choices.state === "starting") return `${name} is starting: boxes, brush and eraser work meanwhile.`;
  if (image === "failed") return `${name} could not read this image.`;
  if (image === "working") return `${name} is reading this image …`;
  if (choices.state === "stopped") return `${name} starts with the first mask.`;
  return image === "ready" ? `${name} is ready for this image.` : `${name} is ready.`;
}

/** @param {string} tool @param {boolean} isUsable */
function toolHelp(tool, isUsable) {
  const way = "Arrow keys move the cross, with Shift by 10 pixels";
  if (tool === "brush") return `Brush: drag, or Space. ${way}; with Space held they paint.`;
  if (tool === "eraser") return `Eraser: drag, or Space. ${way}; with Space held they erase.`;
  if (tool !== "point") return "";
  if (!isUsable) return "Points need a segmenter.";
  return `Click or Enter: this belongs to the object. Alt or right click, a finger that stays, or Alt + Enter: this does not. ${way}.`;
}
