// @ts-check
/** Brush and eraser: a stroke is drawn as it goes and becomes pixels of the mask, one step to undo, when it ends. */
import { drawBitmap } from "./mask_canvas.js";
import { afterStroke } from "./mask_paint.js";

/**
 * @typedef {import("./edit_model.js").EditModel} EditModel
 * @typedef {import("./edit_model.js").EditObject} EditObject
 * @typedef {import("./mask_paint.js").Stroke} Stroke
 * @typedef {import("./mask_paint.js").Point} Point
 */

export class Strokes {
  /** The stroke on its way and whose mask it changes; id null: of a new object. @type {(Stroke & {id: string | null}) | null} */
  live = null;
  /** The mask under the stroke on its way. @type {HTMLCanvasElement | null} */
  #sheet = null;

  /** @param {{model: EditModel, newObject: (fields: {box: import("./rle.js").Box, mask: import("./rle.js").Rle}) => EditObject}} parts */
  constructor({ model, newObject }) {
    this.model = model;
    this.newObject = newObject;
  }

  /** @param {Point} point @param {number} size_px the brush's diameter @param {boolean} isErasing */
  begin(point, size_px, isErasing) {
    this.live = { id: this.model.selected, points: [point], size_px, isErasing };
  }

  /** @param {Point} point */
  extend(point) {
    this.live?.points.push(point);
  }

  cancel() {
    this.live = null;
  }

  /** @returns {"changed" | "gone" | "nothing"} what became of the mask; "gone": nothing of it is left */
  end() {
    const stroke = this.live;
    this.live = null;
    const object = stroke && this.model.get(stroke.id);
    if (!stroke || (stroke.isErasing && !object?.mask)) return "nothing";
    const [width, height] = this.model.size;
    const left = afterStroke(object?.mask ?? null, stroke, [height, width]);
    if (!object) return left && this.#add(left) ? "changed" : "nothing";
    const isChanged = this.model.apply({ kind: "change", changes: [{ id: object.id, ...(left ?? { mask: null }) }] });
    if (!isChanged) return "nothing";
    return left ? "changed" : "gone";
  }

  /**
   * The mask and the stroke on it, as it will be.
   *
   * @param {CanvasRenderingContext2D} ctx in pixels of the image
   * @param {{bitmap: import("./mask_canvas.js").MaskBitmap | null, color: string, alpha: number}} mask alpha: 0 … 255
   */
  draw(ctx, { bitmap, color, alpha }) {
    if (!this.live) return;
    const on = this.#clearSheet(ctx);
    drawBitmap(on, bitmap);
    on.strokeStyle = color;
    trace(on, this.live);
    // what is under the line goes first: painted twice it would be darker
    on.globalCompositeOperation = "destination-out";
    on.stroke();
    on.globalCompositeOperation = "source-over";
    on.globalAlpha = alpha / 255;
    if (!this.live.isErasing) on.stroke();
    on.restore();
    ctx.save();
    ctx.resetTransform();
    ctx.drawImage(on.canvas, 0, 0);
    ctx.restore();
  }

  /** @param {CanvasRenderingContext2D} ctx @returns {CanvasRenderingContext2D} an empty one that lies as this one does */
  #clearSheet(ctx) {
    this.#sheet ??= document.createElement("canvas");
    [this.#sheet.width, this.#sheet.height] = [ctx.canvas.width, ctx.canvas.height];
    const on = /** @type {CanvasRenderingContext2D} */ (this.#sheet.getContext("2d"));
    on.save();
    on.setTransform(ctx.getTransform());
    on.imageSmoothingEnabled = ctx.imageSmoothingEnabled;
    return on;
  }

  /** @param {{mask: import("./rle.js").Rle, box: import("./rle.js").Box}} left */
  #add(left) {
    const object = this.newObject(left);
    const isAdded = this.model.apply({ kind: "add", objects: [object] });
    if (isAdded) this.model.selected = object.id;
    return isAdded;
  }
}

/** @param {CanvasRenderingContext2D} on @param {Stroke} stroke */
function trace(on, { points, size_px: side }) {
  [on.lineWidth, on.lineCap, on.lineJoin] = [side, "round", "round"];
  on.beginPath();
  for (const [x, y] of points) on.lineTo(Math.floor(x) + 0.5, Math.floor(y) + 0.5);
  // a line of no length would not be drawn
  const [x, y] = points[points.length - 1];
  on.lineTo(Math.floor(x) + 0.51, Math.floor(y) + 0.5);
}
