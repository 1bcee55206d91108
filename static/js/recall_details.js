// @ts-check
/** The recall meter's details: both methods, what was looked at, the target, how common positives are, how far to trust the model. */
import { byId, element, html, setText } from "./dom.js";
import { LEAST_SAID, METHODS, atLeast, boundWords, counted, foundWords, headWords, nextWords, number, prevalenceWords } from "./recall_words.js";
import { reliabilityChart } from "./reliability.js";

/** @typedef {import("./types_goals.js").Recall} Recall */

export class RecallDetails {
  #target = /** @type {HTMLInputElement} */ (byId("recall-target"));
  #shown = "";

  /** @param {(target: number) => void} onTarget a share */
  constructor(onTarget) {
    this.#target.addEventListener("change", () => {
      if (this.#target.reportValidity() && this.#target.value) onTarget(Number(this.#target.value) / 100);
    });
    this.#target.addEventListener("keydown", ({ key }) => (key === "Enter" || key === "Escape") && this.#target.blur());
  }

  /** What is in the field was not taken: the next `show` writes what holds. */
  forget() {
    this.#shown = "";
  }

  /** @param {Recall} recall */
  show(recall) {
    const told = JSON.stringify(recall);
    if (this.#shown === told) return;
    this.#shown = told;
    setText(byId("details-found"), `${foundWords(recall)} ${boundWords(recall)}`);
    setText(byId("details-next"), nextWords(recall));
    byId("details-methods").replaceChildren(...methods(recall).map(([name, what]) => element(html`<li><b>${name}</b> ${what}</li>`)));
    if (document.activeElement !== this.#target) this.#target.value = String(Number((100 * recall.target).toFixed(1)));
    setText(byId("details-looked"), lookedWords(recall));
    setText(byId("details-prevalence"), prevalenceWords(recall));
    setText(byId("details-head"), headWords(recall));
    byId("details-reliability").replaceChildren(...(recall.head?.looks ? [reliabilityChart(recall.head)] : []));
  }
}

/** Each method with what it says, or why it says nothing. @param {Recall} recall @returns {[string, string][]} */
function methods({ bound, bound_method, bound_random, refused }) {
  const said = new Map(refused.map(({ method, why }) => [method, why]));
  const bounds = { ranked: bound_method === "ranked" ? bound : null, random: bound_random };
  return Object.entries(bounds).map(([method, share]) => {
    const silence = said.get(method) ?? "Nothing can be said yet.";
    return [`${METHODS[method]}:`, share === null || share < LEAST_SAID ? silence : `at least ${atLeast(share)} of all is found.`];
  });
}

/** @param {Recall} recall */
function lookedWords({ population, looked, open, set_aside, auto, at_most }) {
  const others = [
    set_aside && `${counted(set_aside, "near-duplicate")} set aside`,
    auto && `${number(auto)} decided by the model`,
  ].filter(Boolean);
  return `${number(looked)} of ${number(population)} judged, ${number(open)} to go${others.length ? `; not counted: ${others.join(", ")}` : ""}.${at_most === null ? "" : ` At most ${counted(at_most, "positive")} in all.`}`;
}
