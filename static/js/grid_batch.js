// @ts-check
/** The pictures of one grid: what each is marked as, where the cursor is, what Enter labels. Pure: no document, no network. */

/** @typedef {import("./types.js").Item & {likeness?: number}} Item */
/** @typedef {0 | 1 | null} Mark null = left out: it stays open */
/** @typedef {{item: Item, mark: Mark, usual: Mark, shown_at: number | null, isBroken: boolean}} Cell `usual` is the mark it came with */

export const SIZES = [6, 12, 24, 40, 60];
const MOST_COLUMNS = 10; // the number keys
const SMALLEST_PX = 84;
const FULL_ROWS_GAIN = 1.15;
const SEEN_MS = 300; // what came a moment before Enter went down was not looked at

export class GridBatch {
  /** Those on screen come first; the others are ready for more. @type {Cell[]} */
  cells = [];
  size = SIZES[0];
  columns = 1;
  cursor = 0;

  /** @param {Item[]} items best first @param {(item: Item) => Mark} usual */
  fill(items, usual) {
    this.cells = items.map((item) => ({ item, mark: usual(item), usual: usual(item), shown_at: null, isBroken: false }));
    this.cursor = 0;
  }

  /** The cells of the places on screen, empty places aside. */
  get shown() {
    return this.cells.slice(0, this.size);
  }

  /** Pictures that have come go on screen now. @param {(id: string) => boolean} isReady @param {number} at_ms on the clock of events */
  see(isReady, at_ms) {
    for (const cell of this.shown) if (isReady(cell.item.id)) cell.shown_at ??= at_ms;
  }

  /** The picture cannot be shown. @param {string} id */
  drop(id) {
    for (const cell of this.cells) if (cell.item.id === id) cell.isBroken = true;
  }

  /** Show as many, in as many columns as make them largest. @param {number} size @param {number} width_px @param {number} height_px */
  layOut(size, width_px, height_px) {
    this.size = size;
    this.columns = layout(size, width_px, height_px).columns;
    for (const cell of this.cells.slice(size)) cell.shown_at = null;
    this.moveTo(this.cursor);
  }

  /** @param {number} dx @param {number} dy columns and rows; at an edge the cursor stays */
  move(dx, dy) {
    const column = (this.cursor % this.columns) + dx;
    if (dx && (column < 0 || column >= this.columns)) return;
    const place = this.cursor + dx + dy * this.columns;
    if (place >= 0 && place < this.shown.length) this.cursor = place;
  }

  /** @param {number} place the nearest that there is */
  moveTo(place) {
    this.cursor = Math.max(0, Math.min(this.shown.length - 1, place));
  }

  /** Positive becomes negative and the other way round; what was left out is marked again. @param {number} place */
  turn(place) {
    const cell = this.shown[place];
    if (!cell) return;
    cell.mark = cell.mark === null ? (cell.usual ?? 1) : cell.mark === 1 ? 0 : 1;
  }

  /** @param {number} column turn the picture there, in the cursor's row */
  turnInRow(column) {
    if (column >= this.columns) return;
    const place = this.cursor - (this.cursor % this.columns) + column;
    this.turn(place);
    if (this.shown[place]) this.cursor = place;
  }

  /** Mark the picture at the cursor and go on to the next. @param {Mark} mark */
  mark(mark) {
    const cell = this.shown[this.cursor];
    if (cell) cell.mark = mark;
    this.moveTo(this.cursor + 1);
  }

  /** @param {Mark} mark */
  markAll(mark) {
    for (const cell of this.shown) cell.mark = mark;
  }

  /** The pictures whose mark could be seen when Enter went down: what it labels. @param {number} at_ms on the clock of events */
  given(at_ms) {
    const isSeen = (/** @type {Cell} */ { shown_at }) => shown_at !== null && at_ms - shown_at >= SEEN_MS;
    return this.shown.filter((cell) => isSeen(cell) && cell.mark !== null && !cell.isBroken);
  }

  /** How many on screen are marked so, and how many pictures are still to come. */
  get counts() {
    const there = this.shown.filter((cell) => cell.shown_at !== null);
    const count = (/** @type {Mark} */ mark) => there.filter((cell) => cell.mark === mark).length;
    const isComing = (/** @type {Cell} */ cell) => cell.shown_at === null && !cell.isBroken;
    return { positive: count(1), negative: count(0), out: count(null), coming: this.shown.filter(isComing).length };
  }
}

/** @param {number} width_px @param {number} height_px @returns {number[]} the sizes whose pictures are large enough to be judged */
export function sizesThatFit(width_px, height_px) {
  return SIZES.filter((size, i) => i === 0 || layout(size, width_px, height_px).side_px >= SMALLEST_PX);
}

/**
 * The columns that make the pictures largest; full rows are worth a little.
 *
 * @param {number} n @param {number} width_px @param {number} height_px @returns {{columns: number, side_px: number}}
 */
export function layout(n, width_px, height_px) {
  const choices = Array.from({ length: Math.min(n, MOST_COLUMNS) }, (_, i) => {
    const side_px = Math.min(width_px / (i + 1), height_px / Math.ceil(n / (i + 1)));
    return { columns: i + 1, side_px, worth: side_px * (n % (i + 1) ? 1 : FULL_ROWS_GAIN) };
  });
  return choices.reduce((best, choice) => (choice.worth > best.worth ? choice : best));
}

/** @param {{label: number}[]} items @returns {string} how many of each */
export function summary(items) {
  const positive = items.filter(({ label }) => label === 1).length;
  const parts = [positive && `${positive} positive`, items.length - positive && `${items.length - positive} negative`];
  return parts.filter(Boolean).join(" and ");
}
