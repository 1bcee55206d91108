// @ts-check
/** Which item is judged now, which come next and which came before. Pure: no document, no network. */

/** @typedef {import("./types.js").Item} Item */
/** What a press said: its key, the item and its label, or those of many items that stood in the line. @typedef {{key: string, item: Item | null, label?: number | null, many?: Item[]}} Said */

const LONGEST_QUEUE = 64;
const LONGEST_HISTORY = 500;
const BULK_WAYS = new Set(["sweep", "grid", "lasso"]);

export class Lineup {
  /** The item on screen. @type {Item | null} */
  current = null;
  /** The one item that may come next: an undone one whose image is still on its way. @type {string | null} */
  held = null;
  /** @type {Item[]} */
  queue = [];
  /** Said here, oldest first; no item for what is said of an image or of many items. @type {Said[]} */
  #history = [];
  /** @type {Set<string>} items whose image cannot be shown */
  #broken = new Set();

  /** @param {string} id @returns {boolean} whether an item's image cannot be shown */
  isBroken(id) {
    return this.#broken.has(id);
  }

  get brokenCount() {
    return this.#broken.size;
  }

  /**
   * Take the server's order over, the item on screen aside. What was queued before and is not in it stays as a
   * reserve, for hands that are faster than the network.
   *
   * @param {Item[]} items best first @param {Set<string>} judged items with verdicts on their way
   * @param {boolean} isAll whether there are no others left in the pool
   */
  replace(items, judged, isAll) {
    const held = this.queue.filter((item) => item.id === this.held);
    const fresh = [...held, ...items];
    const known = new Set(fresh.map((item) => item.id));
    const reserve = isAll ? [] : this.queue.filter((item) => !known.has(item.id));
    const isOpen = (/** @type {Item} */ item) =>
      item.id === this.held || !(judged.has(item.id) || this.#broken.has(item.id) || item.id === this.current?.id);
    this.queue = unique([...fresh, ...reserve]).filter(isOpen).slice(0, LONGEST_QUEUE);
  }

  /** The item that was last labelled here by itself, skips aside. @returns {{item: Item, label: number} | null} */
  get lastLabelled() {
    const last = this.#history.findLast(({ item, label }) => item && typeof label === "number");
    return last?.item ? { item: last.item, label: Number(last.label) } : null;
  }

  /** The item on screen is judged by the verdict with this key. @param {string} key @param {number | null} label */
  judge(key, label) {
    if (!this.current) return;
    this.#note({ key, item: this.current, label });
    this.current = null;
  }

  /** These items are judged by the press with this key, the one on screen perhaps among them. @param {Set<string>} ids @param {string} key */
  judgeMany(ids, key) {
    const line = this.current ? [this.current, ...this.queue] : this.queue;
    this.#note({ key, item: null, many: line.filter((item) => ids.has(item.id)) });
    this.queue = this.queue.filter((item) => !ids.has(item.id));
    if (this.current && ids.has(this.current.id)) this.current = null;
    if (this.held && ids.has(this.held)) this.held = null;
  }

  /** Something was said of the image on screen by the press with this key; the item stays. @param {string} key */
  mark(key) {
    this.#note({ key, item: null });
  }

  /** @param {Said} said */
  #note(said) {
    this.#history.push(said);
    if (this.#history.length > LONGEST_HISTORY) this.#history.shift();
  }

  /**
   * Bring the best item on screen whose image is there; does nothing while there is none.
   *
   * @param {(id: string) => boolean} isReady @returns {boolean} whether an item came
   */
  advance(isReady) {
    const place = this.queue.findIndex((item) => (this.held ? item.id === this.held : true) && isReady(item.id));
    if (place < 0) return false;
    [this.current] = this.queue.splice(place, 1);
    this.held = null;
    return true;
  }

  /**
   * Take back what was said last; the item it was said of, if it was of one, is the next to be shown. Many items
   * come back to the line, after the one on screen.
   *
   * @returns {Said | null} null when nothing is known here
   */
  takeBack() {
    const last = this.#history.pop() ?? null;
    if (last?.item) this.putFirst(last.item);
    if (last?.many) this.queue = unique([...last.many, ...this.queue]);
    return last;
  }

  /** Start again with an empty line: what is shown is chosen anew. The history stays. */
  clear() {
    this.current = this.held = null;
    this.queue = [];
  }

  /** Make an item the next to be shown; the one on screen comes after it. @param {Item} item */
  putFirst(item) {
    const before = this.current && this.current.id !== item.id ? [this.current] : [];
    this.current = null;
    this.queue = unique([item, ...before, ...this.queue]);
    this.held = item.id;
  }

  /** The server did not take this verdict. @param {string} key */
  forget(key) {
    this.#history = this.#history.filter((judged) => judged.key !== key);
  }

  /** Leave an item out: its image cannot be shown. @param {string} id */
  drop(id) {
    this.#broken.add(id);
    this.queue = this.queue.filter((item) => item.id !== id);
    if (this.held === id) this.held = null;
  }

  /** @param {number} ahead @param {number} behind @returns {Item[]} the items whose images are worth keeping, next first */
  nearby(ahead, behind) {
    const shown = this.current ? [this.current] : [];
    const past = behind > 0 ? this.#history.slice(-behind).flatMap(({ item }) => item ?? []) : [];
    return [...shown, ...this.queue.slice(0, ahead), ...past.reverse()];
  }
}

/** @param {Item[]} items @returns {Item[]} without repeats, the first of each kept */
function unique(items) {
  const seen = new Set();
  return items.filter((item) => !seen.has(item.id) && seen.add(item.id));
}

/** @param {import("./types.js").Verdict | null} verdict @returns {boolean} whether it was given together with others */
export function isBulk(verdict) {
  return BULK_WAYS.has(verdict?.strategy ?? "");
}
