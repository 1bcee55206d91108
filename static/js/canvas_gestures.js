// @ts-check
/**
 * What the pointer does on the canvas: mouse, pen, one finger and two. Moves and draws boxes, pans and zooms, and tells
 * the tools of masks where they were used.
 */
import { fitted, moved, movedTo, resized } from "./boxes.js";
import { allPoints, beyondTremble } from "./pointers.js";
import { StageGestures, turnOf } from "./stage_gestures.js";

/**
 * @typedef {import("./canvas_view.js").CanvasView} CanvasView
 * @typedef {import("./edit_model.js").Box} Box
 * @typedef {import("./edit_model.js").EditObject} EditObject
 * @typedef {[number, number]} Point
 * @typedef {{object: EditObject | null, before: EditObject | null, box: Box, how: string, phase: "start" | "move" | "end" | "cancel"}} DragBox
 *   object: as it is in the model, null while a new one is drawn; how: "draw", "move", or the sides that are resized
 * @typedef {{x: number, y: number, button: number, shiftKey: boolean, altKey: boolean}} Click pixels of the image
 * @typedef {{points: Point[], phase: "start" | "move" | "end" | "cancel", tool: string}} Stroke
 * @typedef {import("./stage_gestures.js").Gesture} Gesture
 */

const LONG_PRESS_MS = 500;
const SIDES_TO_CURSOR = /** @type {Record<string, string>} */ ({ n: "ns", s: "ns", e: "ew", w: "ew", ne: "nesw", sw: "nesw", nw: "nwse", se: "nwse" });
const CURSORS = { select: "default", box: "crosshair", point: "crosshair", brush: "crosshair", eraser: "crosshair" };

export class CanvasGestures extends StageGestures {
  /** Space is held: whatever the tool, a drag moves the image. */
  isHand = false;

  /**
   * @param {CanvasView} view @param {(box: Box) => EditObject} newObject what a drawn box becomes
   * @param {() => boolean} canEdit while it is false, every drag moves the image
   */
  constructor(view, newObject, canEdit) {
    super(view);
    [this.view, this.model, this.newObject, this.canEdit] = [view, view.model, newObject, canEdit];
    this.model.addEventListener("open", () => this.cancel()); // what was being drawn is not for another image
    view.stage.addEventListener("contextmenu", (event) => event.preventDefault());
  }

  /** @param {PointerEvent} event */
  hover(event) {
    this.showCursor(event);
  }

  /** @param {PointerEvent} event */
  lifted(event) {
    this.showCursor(event);
  }

  showCursor(/** @type {PointerEvent | undefined} */ event = undefined) {
    const { tool, stage } = this.view;
    if (!this.canEdit()) return void (stage.style.cursor = "grab");
    const side = event && !this.isHand && (tool === "select" || tool === "box") ? this.view.handleAt(this.view.stagePoint(event), event.pointerType) : null;
    const isOver = event && tool === "select" && !side && this.view.objectAt(this.view.imagePoint(event));
    stage.style.cursor = this.isHand ? "grab" : side ? `${SIDES_TO_CURSOR[side]}-resize` : isOver ? "move" : CURSORS[tool];
    return undefined;
  }

  /** @param {PointerEvent} event @returns {Gesture | null} */
  begin(event) {
    const { tool } = this.view;
    if (this.isHand || event.button === 1 || !this.canEdit()) return this.pan(event);
    if (tool === "point") return this.#click(event);
    if (event.button !== 0) return null;
    if (tool === "brush" || tool === "eraser") return this.#stroke(event, tool);
    const side = this.view.handleAt(this.view.stagePoint(event), event.pointerType);
    const chosen = this.model.get(this.model.selected);
    if (side && chosen) return this.#drag(event, chosen, side);
    if (tool === "box") return this.#draw(event);
    const object = this.view.objectAt(this.view.imagePoint(event));
    if (!object) return this.pan(event, () => (this.model.selected = null));
    this.model.selected = object.id;
    return this.#drag(event, object, "move");
  }

  /** A click with the point tool, where a finger that stays is the right button; a drag pans. @param {PointerEvent} event @returns {Gesture} */
  #click(event) {
    const { shiftKey, altKey } = event;
    return this.pan(event, ({ pointerType, timeStamp }) => {
      const [x, y] = this.view.imagePoint(event);
      const button = pointerType === "touch" && timeStamp - event.timeStamp >= LONG_PRESS_MS ? 2 : event.button;
      this.view.dispatchEvent(new CustomEvent("click", { detail: { x, y, button, shiftKey, altKey } }));
    });
  }

  /** @param {PointerEvent} event @param {string} tool @returns {Gesture} */
  #stroke(event, tool) {
    const tell = (/** @type {Point[]} */ points, /** @type {Stroke["phase"]} */ phase) =>
      void this.view.dispatchEvent(new CustomEvent("stroke", { detail: { points, phase, tool } }));
    tell([this.view.imagePoint(event)], "start");
    return {
      move: (now) => tell(allPoints(now).map((one) => this.view.imagePoint(one)), "move"),
      end: (now) => tell([this.view.imagePoint(now)], "end"),
      cancel: () => tell([], "cancel"),
    };
  }

  /** Draw a new box. @param {PointerEvent} event @returns {Gesture} */
  #draw(event) {
    const from = this.view.imagePoint(event);
    const isMoved = beyondTremble(this.view.stagePoint(event));
    const boxTo = (/** @type {PointerEvent} */ now) => fitted([...from, ...this.view.imagePoint(now)], this.model.size);
    return {
      move: (now) => {
        const box = isMoved(this.view.stagePoint(now)) && boxTo(now);
        if (!box) return;
        const isFirst = !this.view.preview;
        this.view.preview = { object: { ...(this.view.preview?.object ?? this.newObject(box)), box }, isNew: true };
        this.#tell({ object: null, before: null, box, how: "draw", phase: isFirst ? "start" : "move" });
      },
      end: (now) => {
        const { preview } = this.view;
        this.view.preview = null;
        const box = preview && boxTo(now);
        if (box) this.#add({ ...preview.object, box });
        else if (!preview) this.model.selected = this.view.objectAt(from)?.id ?? null;
      },
      cancel: () => this.#drop("draw"),
    };
  }

  /** @param {EditObject} object */
  #add(object) {
    if (!this.model.apply({ kind: "add", objects: [object] })) return;
    this.model.selected = object.id;
    this.#tell({ object: this.model.get(object.id), before: null, box: object.box, how: "draw", phase: "end" });
  }

  /** Move or resize an object. @param {PointerEvent} event @param {EditObject} before @param {string} how @returns {Gesture} */
  #drag(event, before, how) {
    const from = this.view.imagePoint(event);
    const isMoved = beyondTremble(this.view.stagePoint(event));
    const tell = (/** @type {Box} */ box, /** @type {DragBox["phase"]} */ phase) => this.#tell({ object: this.model.get(before.id), before, box, how, phase });
    return {
      move: (now) => {
        if (!isMoved(this.view.stagePoint(now))) return;
        const [x, y] = this.view.imagePoint(now);
        const [dx, dy] = [Math.round(x - from[0]), Math.round(y - from[1])];
        const box = how === "move" ? moved(before.box, dx, dy, this.model.size) : resized(before.box, how, dx, dy);
        const phase = this.view.preview ? "move" : "start";
        // the mask follows a move with its last step; while it is resized the old one would be wrong
        this.view.preview = { object: { ...before, box, mask: null }, isNew: false };
        tell(box, phase);
      },
      end: () => {
        const box = this.view.preview?.object.box;
        this.view.preview = null;
        if (!box) return;
        const change = how === "move" ? movedTo(before, box) : { id: before.id, box, mask: null };
        this.model.apply({ kind: "change", changes: [change] });
        tell(this.model.get(before.id)?.box ?? box, "end");
      },
      cancel: () => this.#drop(how),
    };
  }

  /** @param {string} how */
  #drop(how) {
    const { preview } = this.view;
    this.view.preview = null;
    if (preview) this.#tell({ object: this.model.get(preview.object.id), before: null, box: preview.object.box, how, phase: "cancel" });
  }

  /** @param {DragBox} detail */
  #tell(detail) {
    this.view.dispatchEvent(new CustomEvent("dragbox", { detail }));
  }

  /** The wheel zooms, with Shift it moves the image sideways, with Alt up and down. @param {WheelEvent} event */
  wheel(event) {
    if (!event.shiftKey && !event.altKey) return super.wheel(event);
    event.preventDefault();
    return event.shiftKey ? this.view.panBy(-turnOf(event), 0) : this.view.panBy(0, -turnOf(event));
  }
}
