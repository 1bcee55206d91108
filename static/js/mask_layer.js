// @ts-check
/** The masks on the canvas, under its boxes: those that stay, and the one that is being made. */
import { drawBitmap, MaskBitmaps } from "./mask_canvas.js";

/**
 * @typedef {import("./canvas_view.js").CanvasView} CanvasView
 * @typedef {import("./edit_model.js").EditObject} EditObject
 * @typedef {import("./rle.js").Rle} Rle
 * @typedef {import("./segmenter.js").PromptPoint} PromptPoint
 * @typedef {[number, number]} Point
 * @typedef {{object: EditObject | null, mask: Rle | null, points: PromptPoint[], outline: [number, number][][],
 *   cursor: Point | null, isCrosshair: boolean, isShown: boolean}} Work what is being worked on: the object's mask as it
 *   is at this moment, the points that made it, the outline of a tolerance, where the tool is
 */

const ALPHA = 96;
const POINT_PX = 7;
const CROSS_PX = 16;

export class MaskLayer {
  isShown = true;
  #bitmaps = new MaskBitmaps(ALPHA);
  /** @type {Map<string, string>} what could not be drawn, by object */
  #broken = new Map();

  /**
   * @param {CanvasView} view
   * @param {{strokes: import("./mask_strokes.js").Strokes, brush: import("./mask_brush_size.js").BrushSize, work: () => Work,
   *   onProblem: (problem: string) => void}} parts
   */
  constructor(view, { strokes, brush, work, onProblem }) {
    [this.view, this.strokes, this.brush, this.work, this.onProblem] = [view, strokes, brush, work, onProblem];
    view.addLayer({ on: "still", draw: (ctx) => this.#drawStill(ctx) });
    view.addLayer({ on: "active", draw: (ctx) => this.#drawActive(ctx) });
  }

  /** @param {CanvasRenderingContext2D} ctx */
  #drawStill(ctx) {
    this.#bitmaps.keep(new Set(this.view.model.objects.map(({ id }) => id)));
    if (!this.isShown) return;
    ctx.imageSmoothingEnabled = this.view.scale < 1;
    for (const object of this.view.still) if (object.mask && this.#isSeen(object)) drawBitmap(ctx, this.#bitmapOf(object, object.mask));
  }

  /** @param {CanvasRenderingContext2D} ctx */
  #drawActive(ctx) {
    const work = this.work();
    ctx.imageSmoothingEnabled = this.view.scale < 1;
    const bitmap = work.mask ? this.#bitmapOf(work.object ?? { id: "new", class_name: "" }, work.mask) : null;
    if (this.strokes.live) this.strokes.draw(ctx, { bitmap, color: this.#colorOf(work.object), alpha: ALPHA });
    else if (this.isShown) drawBitmap(ctx, bitmap);
    this.#drawOutline(ctx, work.outline);
    for (const point of work.points) this.#drawPoint(ctx, point);
    if (work.cursor) this.#drawCursor(ctx, work.cursor, work.isCrosshair);
  }

  /** @param {{id: string, class_name: string}} object @param {Rle} mask */
  #bitmapOf(object, mask) {
    try {
      return this.#bitmaps.of(object.id, mask, this.#colorOf(object));
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      if (this.#broken.get(object.id) !== mask.counts) this.onProblem(`The mask of ${object.class_name || "an object"} cannot be drawn: ${error.message}`);
      this.#broken.set(object.id, mask.counts);
      return null;
    }
  }

  /** @param {{id: string, class_name: string} | null} object */
  #colorOf(object) {
    return this.view.colorOf(/** @type {EditObject} */ (object ?? { class_name: "" }));
  }

  /** @param {EditObject} object */
  #isSeen({ box: [x1, y1, x2, y2] }) {
    const { scale, x, y, width, height } = this.view;
    return x1 * scale + x < width && y1 * scale + y < height && x2 * scale + x > 0 && y2 * scale + y > 0;
  }

  /** @param {CanvasRenderingContext2D} ctx @param {[number, number][][]} rings */
  #drawOutline(ctx, rings) {
    if (!rings.length) return;
    const path = new Path2D();
    for (const ring of rings) path.addPath(new Path2D(`M${ring.map(([x, y]) => `${x} ${y}`).join("L")}Z`));
    this.#strokeTwice(ctx, path);
    for (const [x, y] of rings.flat()) ctx.fillRect(x - 2 / this.view.scale, y - 2 / this.view.scale, 4 / this.view.scale, 4 / this.view.scale);
  }

  /** Inside is a disc with +, outside a square with −. @param {CanvasRenderingContext2D} ctx @param {PromptPoint} point */
  #drawPoint(ctx, [x, y, label]) {
    const px = 1 / this.view.scale;
    const [radius, bar] = [POINT_PX * px, 4 * px];
    const shape = new Path2D();
    if (label) shape.arc(x, y, radius, 0, 2 * Math.PI);
    else shape.rect(x - radius, y - radius, 2 * radius, 2 * radius);
    ctx.fillStyle = label ? "#0b5fb0" : "#a94400";
    ctx.fill(shape);
    ctx.strokeStyle = "#fff";
    ctx.lineWidth = 2 * px;
    ctx.stroke(shape);
    const sign = `M${x - bar} ${y}H${x + bar}` + (label ? `M${x} ${y - bar}V${y + bar}` : "");
    ctx.stroke(new Path2D(sign));
  }

  /** @param {CanvasRenderingContext2D} ctx @param {Point} at @param {boolean} isCrosshair */
  #drawCursor(ctx, [x, y], isCrosshair) {
    const px = 1 / this.view.scale;
    const path = new Path2D();
    const { tool } = this.view;
    if (tool === "brush" || tool === "eraser") path.arc(Math.floor(x) + 0.5, Math.floor(y) + 0.5, this.brush.size_px / 2, 0, 2 * Math.PI);
    const [gap, reach] = [4 * px, CROSS_PX * px];
    if (isCrosshair) {
      const arms = `M${x - reach} ${y}H${x - gap}M${x + gap} ${y}H${x + reach}M${x} ${y - reach}V${y - gap}M${x} ${y + gap}V${y + reach}`;
      path.addPath(new Path2D(arms));
    }
    this.#strokeTwice(ctx, path);
  }

  /** Seen on light and on dark. @param {CanvasRenderingContext2D} ctx @param {Path2D} path */
  #strokeTwice(ctx, path) {
    const px = 1 / this.view.scale;
    [ctx.lineWidth, ctx.strokeStyle] = [3 * px, "rgb(0 0 0 / 0.7)"];
    ctx.stroke(path);
    [ctx.lineWidth, ctx.strokeStyle] = [1.5 * px, "#fff"];
    ctx.stroke(path);
    ctx.fillStyle = "#fff";
  }
}
