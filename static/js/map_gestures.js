// @ts-check
/** What the pointer does on the map: a drag moves it, or draws a lasso; the wheel and two fingers zoom; a tap looks. */
import { allPoints, beyondTremble } from "./pointers.js";
import { StageGestures } from "./stage_gestures.js";

/** @typedef {import("./stage_gestures.js").Gesture} Gesture */

export class MapGestures extends StageGestures {
  /** Whether a drag draws; with Shift held it does in any case. */
  isDrawing = false;

  /** @param {import("./map_view.js").MapView} view @param {import("./map_lasso.js").Lasso} lasso */
  constructor(view, lasso) {
    super(view);
    [this.view, this.lasso] = [view, lasso];
  }

  /** @param {PointerEvent} event @returns {Gesture} */
  begin(event) {
    const isLasso = event.button === 0 && (this.isDrawing || event.shiftKey);
    return isLasso ? this.#draw(event) : this.pan(event, (end) => this.view.lookAt(this.view.stagePoint(end)));
  }

  /** @param {PointerEvent} event */
  hover(event) {
    if (event.pointerType !== "touch") this.view.lookAt(this.view.stagePoint(event));
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
}
