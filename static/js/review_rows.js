// @ts-check
/** The verdicts that pass the filter, fetched a window at a time as they come into view. */
import { Refused } from "./api.js";

/** @typedef {{item: import("./types.js").Item, verdict: import("./types.js").Verdict,
 *   head_probability: number | null, disagreement: number | null, said_before: number | null, is_done?: boolean}} Row its second look is behind it */
/** @typedef {{label: string, annotator: string, order: string, selection: string}} Filter */

const WINDOW = 200;
const SECOND_LOOKS = new Set(["hasty", "disagreed"]); // what was looked at again here is in them no more
const LABEL_OF_FILTER = /** @type {Record<string, number | null>} */ ({ 0: 0, 1: 1, skip: null });

export class Rows extends EventTarget {
  total = 0;
  /** @type {string[]} */
  annotators = [];
  isLoaded = false;
  /** @type {Map<number, Row>} */
  #rows = new Map();
  /** @type {Set<number>} */
  #asked = new Set();
  /** Places whose row no longer passes the filter: they stay where they are, but the server no longer counts them. @type {Set<number>} */
  #left = new Set();
  #generation = 0;
  #changes = 0;
  /** @type {Filter} */
  filter = { label: "all", annotator: "", order: "newest", selection: "" };

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    super();
    this.api = api;
  }

  /**
   * Start again from the first verdict. By the same filter the rows stay until the new ones are there, so that no key
   * meets an empty place; and they stay for good where one was changed meanwhile.
   *
   * @param {Partial<Filter>} [filter] what to change
   */
  async load(filter = {}) {
    const changes = this.#changes;
    Object.assign(this.filter, filter);
    this.#generation += 1;
    if (Object.keys(filter).length) this.#clear();
    await this.#fetch(0, () => {
      const isStill = changes === this.#changes;
      if (isStill) this.#clear();
      return isStill;
    });
  }

  #clear() {
    this.#rows.clear();
    this.#asked.clear();
    this.#left.clear();
  }

  /** @param {number} place @returns {Row | null} null while it is on its way */
  at(place) {
    return this.#rows.get(place) ?? null;
  }

  /** @param {string} itemId @returns {number} -1 when it is not loaded */
  placeOf(itemId) {
    for (const [place, row] of this.#rows) if (row.item.id === itemId) return place;
    return -1;
  }

  /** Fetch what is missing of these places. @param {number} from @param {number} to exclusive */
  need(from, to) {
    const last = Math.floor((Math.min(to, this.total) - 1) / WINDOW);
    for (let window = Math.floor(from / WINDOW); window <= last; window += 1) {
      if (!this.#asked.has(window)) void this.#fetch(window);
    }
  }

  /** @param {number} place @param {Partial<import("./types.js").Verdict>} verdict what is new about it */
  change(place, verdict) {
    const row = this.#rows.get(place);
    if (!row) return;
    this.#changes += 1;
    row.verdict = { ...row.verdict, ...verdict };
    const { label, order } = this.filter;
    row.is_done = SECOND_LOOKS.has(order) && row.verdict.strategy === "review";
    const passes = label === "all" || LABEL_OF_FILTER[label] === row.verdict.label;
    if (passes && !row.is_done) this.#left.delete(place);
    else this.#left.add(place);
    this.dispatchEvent(new Event("change"));
  }

  /** @param {number} window @param {() => boolean} [isWanted] asked once the answer is there */
  async #fetch(window, isWanted = () => true) {
    const generation = this.#generation;
    this.#asked.add(window);
    const first = window * WINDOW;
    const gone = [...this.#left].filter((place) => place < first).length;
    const query = new URLSearchParams({ ...this.filter, offset: String(first - gone), limit: String(WINDOW) });
    const answer = await this.api.get(`/api/review?${query}`).catch((error) => {
      if (error instanceof Refused && generation === this.#generation) this.dispatchEvent(new CustomEvent("refused", { detail: error }));
      return null;
    });
    if (generation !== this.#generation) return;
    if (answer === null || !isWanted()) {
      this.#asked.delete(window);
      return;
    }
    this.#asked.add(window);
    if (window === 0) this.total = answer.total;
    this.annotators = answer.annotators;
    this.isLoaded = true;
    answer.rows.forEach((/** @type {Row} */ row, /** @type {number} */ i) => this.#rows.set(first + i, row));
    this.dispatchEvent(new Event("change"));
  }
}
