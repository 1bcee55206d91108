// @ts-check
/** What the pointer does on the map: a drag moves it, or draws a lasso; the wheel and two fingers zoom; a tap looks. */
import { allPoints, beyondTremble, grip } from "./pointers.js";

/** @typedef {import("./map_geometry.js").Place} Place */
/** @typedef {{move: (event: PointerEvent) => void, end: (event: PointerEvent) => void, cancel: () => void}} Gesture */

const WHEEL_STEP = 0.0016;
const LINE_PX = 16;

export class MapGestures {
  /** Whether a drag draws; with Shift held it does in any case. */
  isDrawing = false;
  /** @type {Map<number, Place>} */
  #pointers = new Map();
  /** @type {Gesture | null} */
  #gesture = null;

  /** @param {import("./map_view.js").MapView} view @param {import("./map_lasso.js").Lasso} lasso */
  constructor(view, lasso) {
    [this.view, this.lasso] = [view, lasso];
    const { stage } = view;
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    stage.addEventListener("pointerup", (event) => this.#up(event));
    stage.addEventListener("pointercancel", (event) => this.#lost(event));
    stage.addEventListener("wheel", (event) => this.#wheel(event), { passive: false });
  }

  /** @param {PointerEvent} event */
  #down(event) {
    this.view.stage.focus({ preventScroll: true });
    this.view.stage.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, this.view.stagePoint(event));
    if (this.#pointers.size > 2) return;
    this.#gesture?.cancel();
    const isLasso = event.button === 0 && (this.isDrawing || event.shiftKey);
    this.#gesture = this.#pointers.size === 2 ? this.#pinch() : isLasso ? this.#draw(event) : this.#pan(event);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (this.#pointers.has(event.pointerId)) {
      this.#pointers.set(event.pointerId, this.view.stagePoint(event));
      this.#gesture?.move(event);
    } else if (event.pointerType !== "touch") this.view.lookAt(this.view.stagePoint(event));
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (!this.#pointers.delete(event.pointerId)) return;
    const gesture = this.#gesture;
    this.#gesture = null; // the finger that stays after a pinch does nothing
    gesture?.end(event);
  }

  /** @param {PointerEvent} event */
  #lost(event) {
    this.#pointers.delete(event.pointerId);
    this.#gesture?.cancel();
    this.#gesture = null;
  }

  /** @param {PointerEvent} event @returns {Gesture} */
  #pan(event) {
    let [x, y] = this.view.stagePoint(event);
    const isMoved = beyondTremble([x, y]);
    return {
      move: (now) => {
        const [toX, toY] = this.view.stagePoint(now);
        if (!isMoved([toX, toY])) return;
        this.view.panBy(toX - x, toY - y);
        [x, y] = [toX, toY];
      },
      end: (now) => {
        if (!isMoved(this.view.stagePoint(now))) this.view.lookAt(this.view.stagePoint(now));
      },
      cancel: () => {},
    };
  }

  /** Two fingers: what lies under them stays under them. @returns {Gesture} */
  #pinch() {
    let last = grip([...this.#pointers.values()]);
    const move = () => {
      const now = grip([...this.#pointers.values()]);
      this.view.panBy(now.middle[0] - last.middle[0], now.middle[1] - last.middle[1]);
      this.view.zoomBy(now.apart / last.apart, now.middle);
      last = now;
    };
    return { move, end: () => {}, cancel: () => {} };
  }

  /** @param {PointerEvent} event @returns {Gesture} */
  #draw(event) {
    const from = this.view.stagePoint(event);
    const isMoved = beyondTremble(from);
    this.lasso.drop();
    return {
      move: (now) => {
        if (!isMoved(this.view.stagePoint(now))) return;
        if (!this.lasso.isOpen) this.lasso.draw(from);
        for (const point of allPoints(now)) this.lasso.draw(this.view.stagePoint(point));
      },
      end: (now) => {
        if (isMoved(this.view.stagePoint(now))) this.lasso.close(now.ctrlKey || now.metaKey);
        else this.view.lookAt(this.view.stagePoint(now));
        this.lasso.drop();
      },
      cancel: () => this.lasso.drop(),
    };
  }

  /** @param {WheelEvent} event */
  #wheel(event) {
    event.preventDefault();
    const turn = (event.deltaY || event.deltaX) * (event.deltaMode === 1 ? LINE_PX : 1);
    const step = event.ctrlKey ? 6 * WHEEL_STEP : WHEEL_STEP; // two fingers on a touchpad come as small turns with Ctrl
    this.view.zoomBy(Math.exp(-turn * step), this.view.stagePoint(event));
  }
}
