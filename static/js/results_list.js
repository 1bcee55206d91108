// @ts-check
/** Which images the page goes through, read in windows; the list stays as it is while its images are reviewed. */

/**
 * @typedef {"open" | "ok" | "corrected" | "rejected"} Status
 * @typedef {{item_id: string, path: string, status: Status, n_objects: number, score_mean: number | null, score_min: number | null}} Row
 * @typedef {{status: string, class_name: string, score_min: number}} Filter
 */

const WINDOW = 100;

export class ResultList {
  /** @type {Filter} */
  filter = { status: "all", class_name: "", score_min: 0 };
  total = 0;
  /** @type {Record<string, number>} */
  counts = {};
  /** @type {string[]} */
  classes = [];
  #since = 0;
  #loads = 0;
  #counts = 0;
  /** @type {Map<number, Promise<Row[]>>} by number of the window */
  #windows = new Map();

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
  }

  /**
   * Everything anew, as the images are now.
   *
   * @param {Partial<Filter>} change @param {string} [itemId] an item on the image to begin at
   * @returns {Promise<number>} the place to begin at
   */
  async load(change = {}, itemId = "") {
    this.filter = { ...this.filter, ...change };
    const load = ++this.#loads;
    const answer = await this.#ask({ item_id: itemId, offset: 0 });
    if (load !== this.#loads) return -1; // another filter was chosen meanwhile
    this.#since = answer.seq;
    this.#windows = new Map([[0, Promise.resolve(answer.images)]]);
    this.#take(answer);
    return answer.place ?? 0;
  }

  /** The first image that nobody has reviewed. @returns {Promise<string>} an item on it, empty without one */
  async firstOpen() {
    const answer = await this.#ask({ status: "open", limit: 1 });
    return answer.images[0]?.item_id ?? "";
  }

  /** @param {number} place @returns {Promise<Row | null>} null beyond the end */
  async at(place) {
    if (place < 0 || place >= this.total) return null;
    const number = Math.floor(place / WINDOW);
    const known = this.#windows.get(number);
    const rows = known ?? this.#ask({ offset: number * WINDOW, since: this.#since }).then((answer) => answer.images);
    this.#windows.set(number, rows);
    rows.catch(() => this.#windows.delete(number));
    return (await rows)[place % WINDOW] ?? null;
  }

  /** @param {string} itemId @returns {Promise<number | null>} where its image is in the list, null where it is not */
  async placeOf(itemId) {
    return (await this.#ask({ since: this.#since, item_id: itemId, limit: 1 })).place;
  }

  /** How many images there are of each status now. */
  async count() {
    const [load, count] = [this.#loads, ++this.#counts];
    const answer = await this.#ask({ since: this.#since, limit: 1 });
    if (load === this.#loads && count === this.#counts) this.#take(answer); // else it is about another list, or older
  }

  /** @param {{counts: Record<string, number>, classes: string[], total: number}} answer */
  #take({ counts, classes, total }) {
    Object.assign(this, { counts, classes, total });
  }

  /** @param {object} more @returns {Promise<any>} */
  #ask(more) {
    const query = Object.entries({ ...this.filter, limit: WINDOW, ...more }).map(([name, value]) => [name, String(value)]);
    return this.api.get(`/api/results?${new URLSearchParams(query)}`);
  }
}
