// @ts-check
/** Small questions about fingers and mice. */

/** @typedef {[number, number]} Point */

const STILL_PX = 4; // a hand that clicks trembles

/** @param {Point[]} fingers two */
export function grip([[x1, y1], [x2, y2]]) {
  return { middle: /** @type {Point} */ ([(x1 + x2) / 2, (y1 + y2) / 2]), apart: Math.max(1, Math.hypot(x2 - x1, y2 - y1)) };
}

/** @param {Point} start of the stage @returns {(now: Point) => boolean} true from the first real move on */
export function beyondTremble([x, y]) {
  let isMoved = false;
  return ([toX, toY]) => (isMoved ||= Math.hypot(toX - x, toY - y) >= STILL_PX);
}

/** Where the pointer was between two frames too. @param {PointerEvent} event @returns {PointerEvent[]} */
export function allPoints(event) {
  const events = event.getCoalescedEvents?.() ?? [];
  return events.length ? events : [event];
}
