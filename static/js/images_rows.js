// @ts-check
/** The images that pass the filter, fetched a window at a time as they come into view. */

/** @typedef {{item_id: string, box_xyxy: number[], class_name: string, claimed: string | null, score: number | null,
 *   reason: string | null, place: "accepted" | "rejected" | "to_correct" | "unreviewed"}} Region */
/** @typedef {{item_id: string | null, path: string, pools: string[], image_url: string | null, width: number | null, height: number | null,
 *   state: "untouched" | "in_progress" | "complete", proposals: number, accepted: number, rejected: number,
 *   to_correct: number, unreviewed: number, open_misses: number, regions: Region[]}} Image */
/** @typedef {{state: string, class_name: string}} Filter */

const WINDOW = 48;

export class ImageRows extends EventTarget {
  total = 0;
  /** @type {Record<string, number>} images of each kind */
  counts = {};
  /** @type {string[]} */
  classes = [];
  isLoaded = false;
  /** Why the last answer did not come; null when it did. @type {string | null} */
  problem = null;
  /** @type {Filter} */
  filter = { state: "all", class_name: "" };
  /** @type {Map<number, Image>} */
  #images = new Map();
  /** @type {Set<number>} */
  #asked = new Set();
  #generation = 0;
  #renewals = 0;
  /** @type {Map<number, number>} which renewal of a place is the newest */
  #newest = new Map();

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    super();
    this.api = api;
  }

  /** Start again. @param {Partial<Filter>} [filter] what to change @param {number} [place] what must be there at the end */
  async load(filter = {}, place = 0) {
    Object.assign(this.filter, filter);
    this.#generation += 1;
    this.#images.clear();
    this.#asked.clear();
    await this.#fetch(Math.floor(place / WINDOW));
  }

  /** @param {number} place @returns {Image | null} null while it is on its way */
  at(place) {
    return this.#images.get(place) ?? null;
  }

  /** @param {string} path @returns {number} -1 when it is not loaded */
  placeOf(path) {
    for (const [place, image] of this.#images) if (image.path === path) return place;
    return -1;
  }

  /** @param {string} itemId the image itself or a region on it @returns {number} -1 when it is not loaded */
  placeWith(itemId) {
    for (const [place, image] of this.#images) if (image.item_id === itemId || image.regions.some((region) => region.item_id === itemId)) return place;
    return -1;
  }

  /** Fetch what is missing of these places. @param {number} from @param {number} to exclusive */
  need(from, to) {
    const last = Math.floor((Math.min(to, this.total) - 1) / WINDOW);
    for (let window = Math.floor(from / WINDOW); window <= last; window += 1) {
      if (!this.#asked.has(window)) void this.#fetch(window);
    }
  }

  /** Bring one image up to date, where it stands: also when it no longer passes the filter. @param {number} place */
  async renew(place) {
    const [generation, turn] = [this.#generation, ++this.#renewals];
    const id = this.at(place)?.item_id;
    this.#newest.set(place, turn);
    const [image, window] = await Promise.all([id && this.api.get(`/api/images/${id}`), this.#ask(0, 1)]).catch(() => []);
    if (generation !== this.#generation || !image || !window) return;
    if (this.#newest.get(place) === turn) this.#images.set(place, image);
    if (this.#renewals === turn) [this.counts, this.classes, this.problem] = [window.counts, window.classes, null];
    this.dispatchEvent(new Event("change"));
  }

  /** @param {number} window */
  async #fetch(window) {
    const generation = this.#generation;
    this.#asked.add(window);
    const answer = await this.#ask(window * WINDOW, WINDOW).catch((error) => {
      this.problem = error.message;
      return null;
    });
    if (generation !== this.#generation) return;
    if (answer === null) {
      this.#asked.delete(window);
      this.dispatchEvent(new Event("problem"));
      return;
    }
    [this.total, this.counts, this.classes] = [answer.total, answer.counts, answer.classes];
    [this.isLoaded, this.problem] = [true, null];
    answer.images.forEach((/** @type {Image} */ image, /** @type {number} */ i) => this.#images.set(window * WINDOW + i, image));
    this.dispatchEvent(new Event("change"));
  }

  /** @param {number} offset @param {number} limit */
  #ask(offset, limit) {
    return this.api.get(`/api/images?${new URLSearchParams({ ...this.filter, offset: String(offset), limit: String(limit) })}`);
  }
}
