// @ts-check
/** What is chosen on the map: which points, which of them are left out, which page of pictures is shown. No document here. */
import { KIND } from "./map_points.js";

/** @typedef {import("./map_points.js").State} State */

export const PAGE = 24;
const JUDGED = new Set(/** @type {number[]} */ ([KIND.negative, KIND.positive, KIND.skipped]));

export class Choice {
  /** Places of the map: the open ones first, the most probable of them first. @type {number[]} */
  places = [];
  page = 0;
  /** @type {Set<number>} */
  #leftOut = new Set();

  /** @param {number[]} places @param {State} state @param {boolean} isAdded to what is chosen */
  take(places, state, isAdded) {
    const all = isAdded ? [...new Set([...this.places, ...places])] : places;
    if (!isAdded) this.#leftOut.clear();
    const rank = (/** @type {number} */ i) => (isOpen(state, i) ? 256 : 0) + (state.probability[i] + 1) % 256; // no probability comes last
    this.places = [...all].sort((one, other) => rank(other) - rank(one) || one - other);
    this.page = 0;
  }

  clear() {
    this.places = [];
    this.#leftOut.clear();
    this.page = 0;
  }

  get pages() {
    return Math.max(1, Math.ceil(this.places.length / PAGE));
  }

  /** The places whose pictures are on screen. */
  get shown() {
    return this.places.slice(this.page * PAGE, (this.page + 1) * PAGE);
  }

  /** @param {number} step @returns {boolean} whether there was such a page */
  turnPage(step) {
    const page = Math.max(0, Math.min(this.pages - 1, this.page + step));
    const isTurned = page !== this.page;
    this.page = page;
    return isTurned;
  }

  /** @param {number} place */
  isLeftOut(place) {
    return this.#leftOut.has(place);
  }

  /** @param {number} place */
  toggle(place) {
    if (!this.#leftOut.delete(place)) this.#leftOut.add(place);
  }

  /** What a verdict would label. @param {State} state @returns {number[]} */
  labellable(state) {
    return this.places.filter((i) => isOpen(state, i) && !this.#leftOut.has(i));
  }

  /** What can be looked over on the review page. @param {State} state @returns {number[]} */
  judged(state) {
    return this.places.filter((i) => JUDGED.has(state.kind[i]));
  }

  /** How many of each, in words. @param {State} state @returns {string} */
  words(state) {
    const n = this.places.length;
    if (n === 0) return "Nothing is chosen.";
    const open = this.places.filter((i) => isOpen(state, i)).length;
    const judged = this.judged(state).length;
    const leftOut = open - this.labellable(state).length;
    const parts = [`${open.toLocaleString("en")} open${leftOut ? ` (${leftOut.toLocaleString("en")} left out)` : ""}`];
    if (judged) parts.push(`${judged.toLocaleString("en")} judged`);
    const others = n - open - judged;
    if (others) parts.push(`${others.toLocaleString("en")} labelled by the model`);
    return `${n.toLocaleString("en")} chosen: ${parts.join(", ")}`;
  }
}

/** @param {State} state @param {number} i */
export function isOpen(state, i) {
  return state.kind[i] === KIND.open;
}
