// @ts-check
/** Where the tool is: under the pointer, or at a cross that arrow keys move. */

/**
 * @typedef {import("./canvas_view.js").CanvasView} CanvasView
 * @typedef {[number, number]} Point x, y in pixels of the image
 */

const TOOLS = new Set(["point", "brush", "eraser"]);

export class MaskCross {
  /** @type {Point | null} */
  #at = null;
  #isByKey = true;

  /** @param {CanvasView} view */
  constructor(view) {
    this.view = view;
    view.stage.addEventListener("pointermove", (event) => this.#hover(view.imagePoint(event)));
    view.stage.addEventListener("pointerleave", () => this.#isByKey || this.#hover(null));
  }

  /** Where the cross is; at first in the middle of the chosen object, else of what is in view. @returns {Point} */
  get at() {
    if (this.#at) return this.#at;
    const { scale, x, y, width, height, model } = this.view;
    const box = model.get(model.selected)?.box;
    const [middleX, middleY] = box ? [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2] : [(width / 2 - x) / scale, (height / 2 - y) / scale];
    return this.#inside([Math.floor(middleX) + 0.5, Math.floor(middleY) + 0.5]);
  }

  /** What is drawn of it. @returns {{cursor: Point | null, isCrosshair: boolean}} */
  get shown() {
    const { tool } = this.view;
    if (!TOOLS.has(tool)) return { cursor: null, isCrosshair: false };
    if (this.#isByKey) return { cursor: this.at, isCrosshair: true };
    return { cursor: tool === "point" ? null : this.#at, isCrosshair: false };
  }

  /** @param {number} dx @param {number} dy pixels of the image @returns {Point} */
  moveBy(dx, dy) {
    const [x, y] = this.at;
    this.#at = this.#inside([x + dx, y + dy]);
    this.#isByKey = true;
    this.view.reveal([...this.#at, ...this.#at]);
    this.view.invalidate("active");
    return this.#at;
  }

  reset() {
    this.#at = null;
    this.#isByKey = true;
  }

  /** @param {Point | null} at */
  #hover(at) {
    [this.#at, this.#isByKey] = [at, at === null];
    if (TOOLS.has(this.view.tool)) this.view.invalidate("active");
  }

  /** @param {Point} point @returns {Point} */
  #inside([x, y]) {
    const [width, height] = this.view.model.size;
    return [Math.min(width - 0.5, Math.max(0.5, x)), Math.min(height - 0.5, Math.max(0.5, y))];
  }
}
