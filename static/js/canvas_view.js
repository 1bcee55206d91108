// @ts-check
/**
 * The image and what lies on it, in three canvases: the image, the objects that stay as they are, and the one that is
 * being worked on. A drag paints the third only; zoom and pan paint all. At most one painting a frame. What lies on
 * objects, as masks do, is a layer that draws `view.still` on the sheet "still" and `view.active` on "active".
 */
import { areaOf, bounded } from "./boxes.js";
import { BoxPainter, handles } from "./canvas_boxes.js";
import { CanvasImage } from "./canvas_image.js";

/**
 * @typedef {import("./edit_model.js").Box} Box
 * @typedef {import("./edit_model.js").EditObject} EditObject
 * @typedef {"select" | "box" | "point" | "brush" | "eraser"} Tool
 * @typedef {"image" | "still" | "active"} Sheet
 * @typedef {{draw: (ctx: CanvasRenderingContext2D, view: CanvasView) => void, on?: "still" | "active"}} Layer drawn
 *   under the boxes of its sheet, with pixels of the image as units
 * @typedef {{object: EditObject, isNew: boolean}} Preview how the object looks while it is dragged or drawn
 */

const SHEETS = /** @type {const} */ (["image", "still", "active"]);
const MARGIN_PX = 12;
const CLOSEST = 40; // pixels of the screen per pixel of the image
const GRAB_PX = { mouse: 7, touch: 20 };

/** Fires "viewchange", and what gestures make of the pointer: "dragbox", "click", "stroke" (canvas_gestures.js). */
export class CanvasView extends EventTarget {
  scale = 1;
  x = 0;
  y = 0;
  width = 0;
  height = 0;
  pixelRatio = 1;
  /** @type {Tool} */
  tool = "select";
  #image = new CanvasImage();
  /** @type {Layer[]} */
  #layers = [];
  /** @type {Preview | null} */
  #preview = null;
  /** @type {Set<Sheet>} */
  #stale = new Set();
  #frame = 0;
  #isFitted = true;

  /**
   * @param {{stage: HTMLElement}} elements canvases are put into the stage
   * @param {import("./edit_model.js").EditModel} model @param {(object: EditObject) => string} colorOf a CSS colour
   */
  constructor({ stage }, model, colorOf) {
    super();
    [this.stage, this.model, this.colorOf] = [stage, model, colorOf];
    this.painter = new BoxPainter(colorOf, (id) => model.isUntouched(id));
    this.#contexts = SHEETS.map((sheet) => newSheet(stage, sheet));
    model.addEventListener("change", () => this.invalidate("still", "active"));
    model.addEventListener("select", () => this.invalidate("still", "active"));
    new ResizeObserver(() => this.#resize()).observe(stage);
    this.#resize();
  }
  /** @type {CanvasRenderingContext2D[]} */
  #contexts;

  /** Width and height of the image in its own pixels. */
  get size() {
    return this.model.size;
  }

  /** @param {string} url @param {[number, number]} size @returns {Promise<boolean>} whether it is still the image asked for; throws when it cannot be shown */
  async setImage(url, size) {
    this.clear();
    const isCurrent = await this.#image.load(url, size);
    if (isCurrent) this.draw();
    return isCurrent;
  }

  /** No image. */
  clear() {
    this.#image.clear();
    this.draw();
  }

  /** @param {number} scale pixels of the screen per pixel of the image @param {number} x @param {number} y where the image's corner is on the stage */
  setView(scale, x, y) {
    const [width, height] = this.size;
    this.#isFitted = false;
    this.scale = bounded(scale, this.#fittedScale() / 4, CLOSEST);
    // some of the image stays in view, whatever is done
    this.x = bounded(x, MARGIN_PX * 4 - width * this.scale, this.width - MARGIN_PX * 4);
    this.y = bounded(y, MARGIN_PX * 4 - height * this.scale, this.height - MARGIN_PX * 4);
    this.draw();
    this.dispatchEvent(new Event("viewchange"));
  }

  /** The whole image. */
  fit() {
    const [width, height] = this.size;
    const scale = this.#fittedScale();
    this.setView(scale, (this.width - width * scale) / 2, (this.height - height * scale) / 2);
    this.#isFitted = true;
  }

  /** @param {number} factor @param {[number, number]} [point] of the stage that stays where it is; the middle by default */
  zoomBy(factor, [x, y] = [this.width / 2, this.height / 2]) {
    const scale = bounded(this.scale * factor, this.#fittedScale() / 4, CLOSEST);
    const change = scale / this.scale;
    this.setView(scale, x - (x - this.x) * change, y - (y - this.y) * change);
  }

  /** @param {number} dx @param {number} dy pixels of the screen */
  panBy(dx, dy) {
    this.setView(this.scale, this.x + dx, this.y + dy);
  }

  /** Bring a box into view when it is not. @param {Box} box */
  reveal([x1, y1, x2, y2]) {
    const [x, y] = [((x1 + x2) / 2) * this.scale + this.x, ((y1 + y2) / 2) * this.scale + this.y];
    const isSeen = x > 0 && y > 0 && x < this.width && y < this.height;
    if (!isSeen) this.panBy(this.width / 2 - x, this.height / 2 - y);
  }

  /** @param {MouseEvent} event @returns {[number, number]} of the stage */
  stagePoint(event) {
    const { left, top } = this.stage.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  /** @param {MouseEvent} event @returns {[number, number]} pixels of the image, not rounded; outside it they are outside its size */
  imagePoint(event) {
    const [x, y] = this.stagePoint(event);
    return [(x - this.x) / this.scale, (y - this.y) / this.scale];
  }

  /** Which handle of the chosen object is at a point of the stage. @param {[number, number]} point @param {string} pointerType @returns {string | null} */
  handleAt([x, y], pointerType) {
    const chosen = this.model.get(this.model.selected);
    if (!chosen) return null;
    const reach = pointerType === "touch" ? GRAB_PX.touch : GRAB_PX.mouse;
    const near = [...handles(chosen.box, this)].filter(([, [hx, hy]]) => Math.abs(hx - x) <= reach && Math.abs(hy - y) <= reach);
    const distance = (/** @type {[string, [number, number]]} */ [, [hx, hy]]) => Math.hypot(hx - x, hy - y);
    return near.sort((one, other) => distance(one) - distance(other))[0]?.[0] ?? null;
  }

  /** The smallest object at a point of the image: what lies inside another one can be reached. @param {[number, number]} point @returns {EditObject | null} */
  objectAt([x, y]) {
    const edge = 3 / this.scale;
    const at = this.model.objects.filter(({ box: [x1, y1, x2, y2] }) => x >= x1 - edge && y >= y1 - edge && x <= x2 + edge && y <= y2 + edge);
    return at.sort((one, other) => areaOf(one.box) - areaOf(other.box))[0] ?? null;
  }

  /** @param {Layer} layer */
  addLayer(layer) {
    this.#layers.push(layer);
    this.invalidate(layer.on ?? "still");
  }

  get preview() {
    return this.#preview;
  }

  /** Only the sheet in front is painted while the same object is dragged. */
  set preview(preview) {
    if (preview?.object.id !== this.#preview?.object.id) this.invalidate("still");
    this.#preview = preview;
    this.invalidate("active");
  }

  /** Everything is painted anew with the next frame. */
  draw() {
    this.invalidate(...SHEETS);
  }

  /** @param {Sheet[]} sheets to be painted with the next frame */
  invalidate(...sheets) {
    for (const sheet of sheets) this.#stale.add(sheet);
    this.#frame ||= requestAnimationFrame(() => this.#paint());
  }

  #paint() {
    this.#frame = 0;
    for (const [i, sheet] of SHEETS.entries()) if (this.#stale.has(sheet)) this.#paintSheet(sheet, this.#contexts[i]);
    this.#stale.clear();
  }

  /** @param {Sheet} sheet @param {CanvasRenderingContext2D} ctx */
  #paintSheet(sheet, ctx) {
    const { pixelRatio: ratio, scale, x, y } = this;
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    ctx.clearRect(0, 0, this.width, this.height);
    if (!this.#image.isThere) return;
    ctx.setTransform(ratio * scale, 0, 0, ratio * scale, ratio * x, ratio * y);
    if (sheet === "image") return this.#image.draw(ctx, scale * ratio);
    for (const layer of this.#layers) {
      ctx.save();
      if ((layer.on ?? "still") === sheet) layer.draw(ctx, this);
      ctx.restore();
    }
    ctx.setTransform(ratio, 0, 0, ratio, 0, 0);
    if (sheet === "still") this.painter.drawAll(ctx, this.still, this);
    else this.#paintActive(ctx);
  }

  /** What is not being worked on. */
  get still() {
    const active = this.#preview?.object.id ?? this.model.selected;
    return this.model.objects.filter(({ id }) => id !== active);
  }

  /** What is being worked on, as it looks at this moment. @returns {EditObject | null} */
  get active() {
    return this.#preview?.object ?? this.model.get(this.model.selected);
  }

  /** @param {CanvasRenderingContext2D} ctx */
  #paintActive(ctx) {
    const { active } = this;
    const hasHandles = !this.#preview && (this.tool === "select" || this.tool === "box");
    if (active) this.painter.drawChosen(ctx, active, this, hasHandles);
  }

  #fittedScale() {
    const [width, height] = this.size;
    const scale = Math.min((this.width - 2 * MARGIN_PX) / width, (this.height - 2 * MARGIN_PX) / height);
    return Number.isFinite(scale) && scale > 0 ? Math.min(scale, CLOSEST) : 1;
  }

  #resize() {
    const { width, height } = this.stage.getBoundingClientRect();
    [this.width, this.height, this.pixelRatio] = [width, height, Math.min(2, devicePixelRatio || 1)];
    for (const { canvas } of this.#contexts) {
      [canvas.width, canvas.height] = [width, height].map((side) => Math.max(1, Math.round(side * this.pixelRatio)));
    }
    if (this.#isFitted) this.fit();
    else this.draw();
  }
}

/** @param {HTMLElement} stage @param {Sheet} sheet */
function newSheet(stage, sheet) {
  const canvas = document.createElement("canvas");
  canvas.className = `sheet-of-${sheet}`;
  canvas.setAttribute("aria-hidden", "true");
  stage.append(canvas);
  return /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
}
