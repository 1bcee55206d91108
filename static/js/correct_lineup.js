// @ts-check
/** Which predicted image comes before and after: the list of the results page, as it was filtered there. */
import { Refused, Unreachable } from "./api.js";

/**
 * @typedef {{item_id: string, path: string, status: string}} Row
 * @typedef {{item_id: string, image_id: string, path: string, image_url: string, width: number | null, height: number | null,
 *   status: "open" | "ok" | "corrected" | "rejected", seq: number, objects: ResultObject[], prediction: ResultObject[],
 *   removed: ResultObject[], problem: string | null}} ImageResult
 * @typedef {{item_id: string, box_xyxy: import("./edit_model.js").Box, class_name: string, score: number | null,
 *   mask: import("./edit_model.js").Rle | null, place: string, source: string | null}} ResultObject
 */

const FILTER = ["class_name", "status", "score_min"];
const EVERYTHING = { status: "all", score_min: "0" };
const WINDOW = 24;

export class Lineup {
  total = 0;
  place = 0;
  /** @type {string[]} */
  classes = [];
  #seq = 0;
  /** @type {Map<number, Row>} */
  #rows = new Map();
  /** Results fetched ahead, for when the server cannot be reached. @type {Map<string, ImageResult>} */
  #ahead = new Map();

  /** @param {import("./api.js").Api} api @param {URLSearchParams} asked what the page's address says */
  constructor(api, asked) {
    this.#api = api;
    const said = FILTER.flatMap((name) => (asked.has(name) ? [[name, asked.get(name) ?? ""]] : []));
    /** @type {Record<string, string>} */
    this.filter = { ...EVERYTHING, ...Object.fromEntries(said) };
  }
  #api;

  /** Find an image in the list; without one, the list's first that is open. @param {string} item_id @returns {Promise<string>} the item to open, empty when there is none */
  async open(item_id) {
    this.#rows.clear();
    let first = await this.#ask({ limit: 1, item_id });
    if (item_id && first.place === null) {
      this.filter = EVERYTHING; // it does not pass the filter of the address: then among all
      first = await this.#ask({ limit: 1, item_id });
    }
    if (!item_id && first.counts.open && this.filter.status === "all") {
      this.filter = { ...this.filter, status: "open" };
      first = await this.#ask({ limit: 1 });
    }
    [this.#seq, this.total, this.classes] = [first.seq, first.total, first.classes];
    this.place = first.place ?? 0;
    return item_id || (first.images[0]?.item_id ?? "");
  }

  /** @param {number} step @returns {Promise<Row | null>} null beyond the ends */
  async neighbour(step) {
    const place = this.place + step;
    if (place < 0 || place >= this.total) return null;
    if (!this.#rows.has(place)) await this.#read(Math.max(0, place - (step < 0 ? WINDOW - 1 : 0)));
    return this.#rows.get(place) ?? null;
  }

  /** @param {string} item_id @returns {Promise<ImageResult>} as it is now; as it was fetched ahead when the server is gone */
  async read(item_id) {
    try {
      return await this.#api.get(`/api/results/${item_id}`);
    } catch (error) {
      const ahead = error instanceof Unreachable ? this.#ahead.get(item_id) : undefined;
      if (!ahead) throw error;
      return ahead;
    }
  }

  /** Fetch what comes next, so that it is there. @param {number} n @returns {Promise<string[]>} its items */
  async lookAhead(n) {
    const rows = await Promise.all(Array.from({ length: n }, (_, i) => this.neighbour(i + 1)));
    const ids = rows.flatMap((row) => row?.item_id ?? []);
    for (const id of this.#ahead.keys()) if (!ids.includes(id)) this.#ahead.delete(id);
    await Promise.all(ids.filter((id) => !this.#ahead.has(id)).map((id) => this.#fetch(id)));
    return ids;
  }

  /** @param {string} item_id */
  async #fetch(item_id) {
    const result = await this.#api.get(`/api/results/${item_id}`).catch((error) => {
      if (error instanceof Refused || error instanceof Unreachable) return null; // told when it is opened
      throw error;
    });
    if (!result) return;
    this.#ahead.set(item_id, result);
    if (result.width !== null) new Image().src = fullImage(result.image_url);
  }

  /** @param {number} offset */
  async #read(offset) {
    const answer = await this.#ask({ offset, limit: WINDOW, since: this.#seq });
    this.total = answer.total;
    answer.images.forEach((/** @type {Row} */ row, /** @type {number} */ i) => this.#rows.set(offset + i, row));
  }

  /** @param {Record<string, string | number>} more */
  #ask(more) {
    const query = Object.entries({ ...this.filter, ...more }).map(([name, value]) => [name, String(value)]);
    return this.#api.get(`/api/results?${new URLSearchParams(query)}`);
  }
}

/** The picture with all its pixels, as far as the server hands them out. @param {string} url */
export function fullImage(url) {
  const full = new URL(url, location.href);
  full.searchParams.set("size", "4096");
  return full.pathname + full.search;
}
