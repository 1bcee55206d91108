// @ts-check
/** What is asked for above the image: state, class, score, masks. Fires "filter" (detail: what changed) and "look". */
import { byId, setText } from "./dom.js";

/** @typedef {import("./results_list.js").ResultList} ResultList */

const STEP = 0.05;

export class ResultsFilter extends EventTarget {
  threshold = 0.25;
  showMasks = true;
  #masks = /** @type {HTMLInputElement} */ (byId("show-masks"));
  #scored = /** @type {HTMLInputElement} */ (byId("only-scored"));
  #slider = /** @type {HTMLInputElement} */ (byId("threshold"));
  #classes = /** @type {HTMLSelectElement} */ (byId("classes"));

  constructor() {
    super();
    for (const button of states()) button.addEventListener("click", () => this.#ask({ status: button.dataset.show }));
    this.#classes.addEventListener("change", () => {
      this.#ask({ class_name: this.#classes.value });
      this.#classes.blur();
    });
    this.#slider.addEventListener("input", () => this.#setThreshold(Number(this.#slider.value)));
    this.#slider.addEventListener("change", () => this.#scored.checked && this.#askScored());
    this.#scored.addEventListener("change", () => this.#askScored());
    this.#masks.addEventListener("change", () => this.toggleMasks());
  }

  /** @param {ResultList} list */
  render({ filter, counts, classes }) {
    for (const button of states()) {
      const show = button.dataset.show ?? "";
      button.setAttribute("aria-pressed", String(show === filter.status));
      setText(/** @type {HTMLElement} */ (button.querySelector("b")), (counts[show] ?? 0).toLocaleString("en"));
    }
    if (this.#classes.options.length !== classes.length + 1) {
      this.#classes.replaceChildren(new Option("All", ""), ...classes.map((name) => new Option(name, name)));
    }
    this.#classes.value = filter.class_name;
    this.#scored.checked = filter.score_min > 0;
  }

  /** @param {1 | -1} direction */
  stepThreshold(direction) {
    this.#setThreshold(this.threshold + direction * STEP);
    if (this.#scored.checked) this.#askScored();
  }

  toggleMasks() {
    this.#masks.checked = this.showMasks = !this.showMasks;
    this.dispatchEvent(new Event("look"));
  }

  /** @param {number} value */
  #setThreshold(value) {
    this.threshold = Math.min(1, Math.max(0, Math.round(value * 100) / 100));
    this.#slider.value = String(this.threshold);
    setText(byId("threshold-value"), this.threshold.toFixed(2));
    this.dispatchEvent(new Event("look"));
  }

  #askScored() {
    this.#ask({ score_min: this.#scored.checked ? this.threshold : 0 });
  }

  /** @param {Partial<import("./results_list.js").Filter>} change */
  #ask(change) {
    this.dispatchEvent(new CustomEvent("filter", { detail: change }));
  }
}

/** @returns {NodeListOf<HTMLElement>} */
function states() {
  return document.querySelectorAll("[data-show]");
}
