// @ts-check
/** Masks on the correct page: boxes and points become masks, brush, eraser and sliders finish them. Owns the panel. */
import { Unreachable } from "./api.js";
import { byId, openStorage, uuid } from "./dom.js";
import { BrushSize } from "./mask_brush_size.js";
import { MaskCross } from "./mask_cross.js";
import { MaskKeys } from "./mask_keys.js";
import { MaskLayer } from "./mask_layer.js";
import { doubtOf, MaskPanel } from "./mask_panel.js";
import { Prompter } from "./mask_prompter.js";
import { MaskSliders } from "./mask_sliders.js";
import { Strokes } from "./mask_strokes.js";
import { PaintClock } from "./paint_clock.js";
import { Segmenter } from "./segmenter.js";

/**
 * @typedef {import("./canvas_view.js").CanvasView} CanvasView
 * @typedef {import("./canvas_gestures.js").DragBox} DragBox
 * @typedef {import("./canvas_gestures.js").Click} Click
 * @typedef {import("./canvas_gestures.js").Stroke} Stroke
 * @typedef {import("./edit_model.js").EditModel} EditModel
 * @typedef {import("./edit_model.js").EditObject} EditObject
 * @typedef {import("./mask_prompter.js").Request} Request
 * @typedef {import("./segmenter.js").Answer} Answer
 * @typedef {[number, number]} Point
 */

const FOLLOWS = "winnow.correct.masks-follow";

export class MaskTools {
  #tool = "";
  #upAt = 0;
  #clock = new PaintClock();
  #storage = openStorage();
  #follows = /** @type {HTMLInputElement} */ (byId("mask-follows"));
  #shown = /** @type {HTMLInputElement} */ (byId("mask-shown"));

  /**
   * @param {{api: import("./api.js").Api, model: EditModel, view: CanvasView, itemId: () => string,
   *   nextIds?: () => string[], newObject: (box: import("./rle.js").Box) => EditObject, canEdit?: () => boolean}} parts
   *   itemId: any item of the image on screen, nextIds: of the images that come after it
   */
  constructor({ api, model, view, itemId, nextIds = () => [], newObject, canEdit = () => true }) {
    [this.model, this.view, this.itemId, this.nextIds, this.canEdit] = [model, view, itemId, nextIds, canEdit];
    const withMask = (/** @type {{box: import("./rle.js").Box, mask: import("./rle.js").Rle}} */ { box, mask }) => ({ ...newObject(box), id: uuid(), box, mask });
    this.segmenter = new Segmenter(api);
    this.panel = new MaskPanel(this.segmenter);
    this.prompter = new Prompter({ segmenter: this.segmenter, model, itemId, newObject: withMask });
    this.brush = new BrushSize();
    this.cross = new MaskCross(view);
    this.strokes = new Strokes({ model, newObject: withMask });
    this.sliders = new MaskSliders({ segmenter: this.segmenter, model, itemId });
    const onProblem = (/** @type {string} */ problem) => this.panel.showProblem(problem);
    this.layer = new MaskLayer(view, { strokes: this.strokes, brush: this.brush, work: () => this.#work(), onProblem });
    this.keys = new MaskKeys(this);
    this.#listen();
    this.#openControls();
    this.sliders.showObject();
    void this.segmenter.load().then(() => this.#prepare());
  }

  /** Whether a mask is on its way that would be lost by saving now. */
  get isBusy() {
    return this.prompter.isFinalAwaited || this.sliders.isFinalAwaited || this.strokes.live !== null;
  }

  /** Ask for the mask of the chosen object's box. */
  find() {
    const object = this.model.get(this.model.selected);
    if (object && this.segmenter.isUsable && this.canEdit()) this.prompter.drop(object.id, object.box, performance.now());
  }

  /** The chosen object keeps its box. */
  remove() {
    const object = this.model.get(this.model.selected);
    if (object?.mask && this.canEdit()) this.model.apply({ kind: "change", changes: [{ id: object.id, mask: null }] });
  }

  /** @param {boolean} isShown */
  show(isShown) {
    this.#shown.checked = this.layer.isShown = isShown;
    this.view.invalidate("still", "active");
    this.panel.say(isShown ? "Masks shown" : "Masks hidden");
  }

  /** What is on its way is left off. @returns {boolean} whether there was anything */
  cancel() {
    if (this.view.preview) return false; // a box that is being drawn goes first, by the canvas
    const wasBusy = this.isBusy;
    this.#dropAll();
    return wasBusy;
  }

  /** @param {number} dx @param {number} dy pixels of the image */
  moveCross(dx, dy) {
    const at = this.cross.moveBy(dx, dy);
    this.strokes.extend(at);
    this.panel.say(`x ${Math.floor(at[0])}, y ${Math.floor(at[1])}`);
  }

  /** @param {boolean} isInside @param {number} at when the key went down @returns {boolean} */
  pointAtCross(isInside, at) {
    this.#point(this.cross.at, isInside, at);
    return true;
  }

  /** @returns {boolean} */
  beginStroke() {
    if (!this.strokes.live && this.canEdit()) this.#begin(this.cross.at, this.view.tool === "eraser");
    return true;
  }

  /** @returns {boolean} whether there was one */
  endStroke() {
    if (!this.strokes.live) return false;
    const wasErasing = this.strokes.live.isErasing;
    const end = this.strokes.end();
    if (end === "gone") this.panel.say("Nothing of the mask is left; the box stays.");
    else if (end === "nothing" && wasErasing) this.panel.say("Nothing was erased: choose an object that has a mask.");
    this.view.invalidate("active");
    return true;
  }

  #listen() {
    const { view, model, prompter, segmenter, sliders } = this;
    view.addEventListener("dragbox", (event) => this.#drag(/** @type {CustomEvent<DragBox>} */ (event).detail));
    view.addEventListener("click", (event) => this.#click(/** @type {CustomEvent<Click>} */ (event).detail));
    view.addEventListener("stroke", (event) => this.#stroke(/** @type {CustomEvent<Stroke>} */ (event).detail));
    view.stage.addEventListener("pointerup", (event) => (this.#upAt = event.timeStamp), { capture: true });
    this.brush.addEventListener("change", () => view.invalidate("active"));
    prompter.addEventListener("live", () => view.invalidate("active"));
    prompter.addEventListener("answer", (event) => this.#tell(/** @type {CustomEvent<{request: Request, answer: Answer}>} */ (event).detail));
    sliders.addEventListener("change", () => view.invalidate("active"));
    for (const source of [prompter, sliders]) source.addEventListener("problem", (event) => this.#fail(/** @type {CustomEvent<{error: unknown}>} */ (event).detail));
    for (const [source, name] of /** @type {const} */ ([[model, "change"], [model, "select"], [segmenter, "change"]])) source.addEventListener(name, () => this.#render());
    model.addEventListener("open", () => this.#openImage());
  }

  #openControls() {
    this.#follows.checked = this.#storage.getItem(FOLLOWS) !== "no";
    this.#follows.addEventListener("change", () => this.#storage.setItem(FOLLOWS, this.#follows.checked ? "yes" : "no"));
    this.#shown.addEventListener("change", () => this.show(this.#shown.checked));
    byId("mask-find").addEventListener("click", () => this.find());
    byId("mask-remove").addEventListener("click", () => this.remove());
  }

  /** Another image is on screen: nothing that was asked for counts any more. */
  #openImage() {
    this.cross.reset();
    this.#dropAll();
    this.panel.showAnswer(null, null);
    this.panel.showProblem("");
    this.#prepare();
  }

  #dropAll() {
    for (const part of [this.strokes, this.prompter, this.sliders]) part.cancel();
    this.view.invalidate("active");
  }

  #prepare() {
    const itemId = this.itemId();
    if (itemId) void this.segmenter.prepare([itemId, ...this.nextIds().slice(0, 2)]);
  }

  /** @param {DragBox} drag */
  #drag({ object, box, phase }) {
    if (phase === "cancel") return this.prompter.leaveOff();
    if (!this.#follows.checked || !this.segmenter.isUsable) return undefined;
    if (phase !== "end") return this.prompter.drag(object?.id ?? null, box);
    return object ? this.prompter.drop(object.id, box, this.#upAt) : this.prompter.leaveOff();
  }

  /** @param {Click} click */
  #click({ x, y, button, altKey }) {
    if (this.view.tool === "point") this.#point([x, y], button === 0 && !altKey, this.#upAt);
  }

  /** @param {Stroke} stroke */
  #stroke({ points, phase, tool }) {
    if (phase === "start") this.#begin(points[0], tool === "eraser");
    else if (phase === "cancel") this.strokes.cancel();
    else for (const point of points) this.strokes.extend(point);
    if (phase === "end") this.endStroke();
    this.view.invalidate("active");
  }

  /** @param {Point} point @param {boolean} isInside @param {number} at */
  #point([x, y], isInside, at) {
    const [width, height] = this.model.size;
    if (x < 0 || y < 0 || x >= width || y >= height || !this.canEdit()) return;
    if (!this.segmenter.isUsable) return this.panel.showProblem("Points need a segmenter; brush and eraser work without one.");
    const object = this.model.get(this.model.selected);
    if (!object && !isInside) return this.panel.showProblem("A point outside needs an object to take from: choose one, or set a point inside first.");
    this.panel.showProblem("");
    this.prompter.point(object, [x, y, isInside ? 1 : 0], at);
  }

  /** @param {Point} point @param {boolean} isErasing */
  #begin(point, isErasing) {
    this.strokes.begin(point, this.brush.size_px, isErasing);
    this.view.invalidate("active");
  }

  /** @returns {import("./mask_layer.js").Work} */
  #work() {
    const object = this.view.active;
    const { live } = this.prompter;
    const isLive = live !== null && (live.id === null ? this.view.preview?.isNew || !object : live.id === object?.id);
    const tidy = this.sliders.preview?.id === object?.id ? this.sliders.preview : null;
    const mask = isLive ? live.mask : (tidy?.mask ?? object?.mask ?? null);
    const id = object?.id ?? null;
    const awaited = this.prompter.awaitedPoints(id);
    this.#followTool();
    return {
      object,
      mask,
      points: awaited.length ? awaited : this.view.tool === "point" ? this.prompter.pointsOf(object) : [],
      outline: tidy?.outline ?? [],
      ...this.cross.shown,
    };
  }

  /** The view has no event for it; with every tool it paints anew. */
  #followTool() {
    if (this.view.tool === this.#tool) return;
    this.#tool = this.view.tool;
    this.cross.reset();
    this.panel.showTool(this.#tool, this.segmenter.isUsable);
  }

  /** @param {{request: Request, answer: Answer}} told */
  #tell({ request, answer }) {
    const start = request.finalAt;
    if (start === null) return this.panel.showAnswer(answer, null);
    this.panel.showProblem(doubtOf(request.prompt, answer));
    return this.#clock.afterPaint(() => {
      const detail = { server_ms: answer.ms, model: answer.model, is_embedding_new: answer.is_embedding_new, object: request.id };
      const { duration } = performance.measure("winnow.mask", { start, end: performance.now(), detail });
      this.panel.showAnswer(answer, duration);
    });
  }

  /** @param {{error: unknown, request?: Request}} told */
  #fail({ error, request }) {
    if (request && request.finalAt === null) return; // a box on its way may be too small yet
    const reason = error instanceof Error ? error.message : String(error);
    this.panel.showProblem(error instanceof Unreachable ? "" : `No mask: ${reason}`); // that is said as long as it is so
  }

  #render() {
    this.panel.showObject(this.model.get(this.model.selected), this.segmenter.isUsable);
    this.panel.showTool(this.view.tool, this.segmenter.isUsable);
  }
}
