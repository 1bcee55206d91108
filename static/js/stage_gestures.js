// @ts-check
/** What pointers do on any stage that can be moved and zoomed: mouse, pen, one finger and two, the wheel. */
import { beyondTremble, grip } from "./pointers.js";

/**
 * @typedef {[number, number]} Point
 * @typedef {{move: (event: PointerEvent) => void, end: (event: PointerEvent) => void, cancel: () => void}} Gesture
 * @typedef {{stage: HTMLElement, stagePoint: (event: PointerEvent | WheelEvent) => Point, panBy: (dx: number, dy: number) => void,
 *   zoomBy: (factor: number, point: Point) => void}} View
 */

const WHEEL_STEP = 0.0016;
const LINE_PX = 16;

export class StageGestures {
  /** @type {Map<number, Point>} */
  #pointers = new Map();
  /** @type {Gesture | null} */
  #gesture = null;
  #view;

  /** @param {View} view */
  constructor(view) {
    this.#view = view;
    const { stage } = view;
    stage.addEventListener("pointerdown", (event) => this.#down(event));
    stage.addEventListener("pointermove", (event) => this.#move(event));
    stage.addEventListener("pointerup", (event) => this.#up(event));
    stage.addEventListener("pointercancel", (event) => this.#lost(event));
    stage.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
  }

  /** What one pointer begins; here it moves the image. @param {PointerEvent} event @returns {Gesture | null} */
  begin(event) {
    return this.pan(event);
  }

  /** A pointer that is not down has moved. @param {PointerEvent} _event */
  hover(_event) {}

  /** What it did is done. @param {PointerEvent} _event */
  lifted(_event) {}

  /** Leave off what is being done; nothing of it stays. @returns {boolean} whether there was something */
  cancel() {
    if (!this.#gesture) return false;
    this.#gesture.cancel();
    this.#gesture = null;
    return true;
  }

  /** @param {PointerEvent} event @param {(end: PointerEvent) => void} [onClick] when nothing was moved @returns {Gesture} */
  pan(event, onClick) {
    let [x, y] = this.#view.stagePoint(event);
    const isMoved = beyondTremble([x, y]);
    return {
      move: (now) => {
        const [toX, toY] = this.#view.stagePoint(now);
        if (!isMoved([toX, toY])) return;
        this.#view.panBy(toX - x, toY - y);
        [x, y] = [toX, toY];
      },
      end: (now) => {
        if (!isMoved(this.#view.stagePoint(now))) onClick?.(now);
      },
      cancel: () => {},
    };
  }

  /** The wheel zooms around the pointer. @param {WheelEvent} event */
  wheel(event) {
    event.preventDefault();
    const step = event.ctrlKey ? 6 * WHEEL_STEP : WHEEL_STEP; // two fingers on a touchpad come as small turns with Ctrl
    this.#view.zoomBy(Math.exp(-turnOf(event) * step), this.#view.stagePoint(event));
  }

  /** @param {PointerEvent} event */
  #down(event) {
    this.#view.stage.focus({ preventScroll: true });
    this.#view.stage.setPointerCapture(event.pointerId);
    this.#pointers.set(event.pointerId, this.#view.stagePoint(event));
    if (this.#pointers.size > 2) return;
    this.cancel();
    this.#gesture = this.#pointers.size === 2 ? this.#pinch() : this.begin(event);
  }

  /** @param {PointerEvent} event */
  #move(event) {
    if (!this.#pointers.has(event.pointerId)) return this.hover(event);
    this.#pointers.set(event.pointerId, this.#view.stagePoint(event));
    return this.#gesture?.move(event);
  }

  /** @param {PointerEvent} event */
  #up(event) {
    if (!this.#pointers.delete(event.pointerId)) return;
    const gesture = this.#gesture;
    this.#gesture = null; // the finger that stays after a pinch does nothing
    gesture?.end(event);
    this.lifted(event);
  }

  /** @param {PointerEvent} event */
  #lost(event) {
    this.#pointers.delete(event.pointerId);
    this.cancel();
  }

  /** Two fingers: what lies under them stays under them. @returns {Gesture} */
  #pinch() {
    let last = grip([...this.#pointers.values()]);
    const move = () => {
      const now = grip([...this.#pointers.values()]);
      this.#view.panBy(now.middle[0] - last.middle[0], now.middle[1] - last.middle[1]);
      this.#view.zoomBy(now.apart / last.apart, now.middle);
      last = now;
    };
    return { move, end: () => {}, cancel: () => {} };
  }
}

/** How far the wheel was turned, in pixels. @param {WheelEvent} event */
export function turnOf(event) {
  return (event.deltaY || event.deltaX) * (event.deltaMode === 1 ? LINE_PX : 1);
}
