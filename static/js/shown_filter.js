// @ts-check
/** Which proposals the label page takes: the list of classes, its key, and the line that says what is in force. */
import { byId, setText } from "./dom.js";
import { InTurn } from "./in_turn.js";

/** @typedef {import("./types.js").FilterInForce} FilterInForce */

export class ShownFilter {
  /** @type {FilterInForce | null} what the server said last */
  now = null;
  #list = /** @type {HTMLSelectElement} */ (byId("class-choice"));
  #choices = new InTurn();

  /**
   * @param {import("./api.js").Api} api @param {import("./notice.js").Notices} notices
   * @param {{onRead: (filter: FilterInForce) => void, onChange: () => void}} listener `onChange`: another one is in force
   */
  constructor(api, notices, { onRead, onChange }) {
    this.api = api;
    this.notices = notices;
    this.onRead = onRead;
    this.onChange = onChange;
    this.#list.addEventListener("change", () => {
      this.#choose(this.#list.value);
      this.#list.blur(); // the keys go back to the page
    });
  }

  async read() {
    const isStill = this.#choices.watch();
    const filter = await this.api.get("/api/filter").catch(() => null);
    if (!filter || !isStill()) return;
    const isAnother = this.now !== null && chosenIn(this.now) !== chosenIn(filter); // by another page
    this.#take(filter);
    if (isAnother) this.onChange();
  }

  /** All, then each class, then all again. */
  next() {
    const values = [...this.#list.options].map((option) => option.value);
    if (values.length < 2) return this.notices.say("The proposals name no classes.");
    return this.#choose(values[(values.indexOf(this.#list.value) + 1) % values.length]);
  }

  /** @param {string} name empty = all */
  #choose(name) {
    this.#list.value = name;
    this.notices.say(name ? `Shown: ${name} only` : "Shown: all classes");
    this.#choices.add(() => this.#send(name), () => {});
  }

  /** @param {string} name */
  async #send(name) {
    if (!this.now) return;
    const { score_min, score_max, set_aside, images } = this.now;
    try {
      const filter = await this.api.put("/api/filter", { classes: name ? [name] : [], score_min, score_max, set_aside, images });
      if (this.#choices.underWay > 1) return; // another choice waits behind it
      this.#take(filter);
      this.onChange();
    } catch (error) {
      this.notices.say(`What is shown was not changed: ${error instanceof Error ? error.message : error}`);
      this.#take(this.now);
    }
  }

  /** @param {FilterInForce} filter */
  #take(filter) {
    this.now = filter;
    const some = filter.classes.length > 1 ? [new Option(`${filter.classes.length} classes`, "…")] : [];
    const names = new Set([...filter.available.map(({ name }) => name), ...(filter.classes.length === 1 ? filter.classes : [])]);
    this.#list.replaceChildren(new Option("All classes", ""), ...some, ...[...names].map((name) => new Option(name, name)));
    some[0]?.toggleAttribute("disabled", true);
    this.#list.value = filter.classes.length > 1 ? "…" : (filter.classes[0] ?? "");
    this.#list.disabled = names.size === 0;
    const text = inWords(filter);
    setText(byId("status-filter"), text);
    byId("status-filter").hidden = !filter.has_boxes && text === ALL;
    this.onRead(filter);
  }
}

const ALL = "All proposals";

/** @param {FilterInForce} filter @returns {string} the same for the same choices */
function chosenIn({ classes, score_min, score_max, set_aside, images }) {
  return JSON.stringify([classes, score_min, score_max, set_aside, images]);
}

/** @param {FilterInForce} filter @returns {string} "WBC only · score 0.05–1 · 212 set aside" */
export function inWords({ classes, score_min, score_max, images, hidden }) {
  const parts = [
    classes.length > 3 ? `${classes.length} classes` : classes.length ? `${classes.join(", ")} only` : "",
    score_min > 0 || score_max < 1 ? `score ${short(score_min)}–${short(score_max)}` : "",
    images.length === 1 ? `only ${images[0].split("/").at(-1)}` : images.length ? `${images.length} images` : "",
    hidden > 0 ? `${hidden.toLocaleString("en")} set aside` : "",
  ];
  return parts.filter(Boolean).join(" · ") || ALL;
}

/** @param {number} score */
function short(score) {
  return String(Number(score.toFixed(3)));
}
