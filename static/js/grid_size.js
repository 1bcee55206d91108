// @ts-check
/** How many pictures a grid shows: as chosen last, and as are large enough in its room. */
import { sizesThatFit } from "./grid_batch.js";

const KEPT_AS = "winnow.grid.size";
const USUAL = 24;
const USUAL_NARROW = 12;
const NARROW_PX = 700;

export class GridSize {
  /** @param {HTMLElement} room where the pictures lie @param {Storage} storage */
  constructor(room, storage) {
    this.room = room;
    this.storage = storage;
  }

  get now() {
    const wish = Number(this.storage.getItem(KEPT_AS)) || (this.room.clientWidth < NARROW_PX ? USUAL_NARROW : USUAL);
    return this.#fitting.findLast((size) => size <= wish) ?? this.#fitting[0];
  }

  /** Choose the next larger or smaller number. @param {number} from @param {number} step @returns {boolean} whether there is one */
  choose(from, step) {
    const size = this.#fitting[this.#fitting.indexOf(from) + step];
    if (size) this.storage.setItem(KEPT_AS, String(size));
    return Boolean(size);
  }

  get #fitting() {
    return sizesThatFit(this.room.clientWidth, this.room.clientHeight);
  }
}
