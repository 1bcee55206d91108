// @ts-check
/** Swipes with a finger: left, right or down. The picture follows the finger, and the frame says what a release does. */

const FAR_ENOUGH_PX = 64;

/** @typedef {"left" | "right" | "down"} Direction */

/**
 * @param {HTMLElement} frame where the finger moves
 * @param {{onMove: (direction: Direction | null, isFar: boolean, x: number, y: number) => void,
 *   onSwipe: (direction: Direction, event: PointerEvent) => void}} listener
 */
export function listenForSwipes(frame, { onMove, onSwipe }) {
  /** @type {{id: number, x: number, y: number} | null} */
  let start = null;
  const stop = () => {
    start = null;
    onMove(null, false, 0, 0);
  };
  frame.addEventListener("pointerdown", (event) => {
    if (event.pointerType === "mouse") return;
    if (start) stop(); // a second finger: no swipe
    else start = { id: event.pointerId, x: event.clientX, y: event.clientY };
  });
  frame.addEventListener("pointermove", (event) => {
    if (start?.id !== event.pointerId) return;
    const [x, y] = [event.clientX - start.x, event.clientY - start.y];
    onMove(direction(x, y), isFar(x, y), x, Math.max(0, y));
  });
  frame.addEventListener("pointerup", (event) => {
    if (start?.id !== event.pointerId) return;
    const [x, y] = [event.clientX - start.x, event.clientY - start.y];
    const towards = direction(x, y);
    stop();
    if (towards && isFar(x, y)) onSwipe(towards, event);
  });
  frame.addEventListener("pointercancel", stop);
}

/** @param {number} x @param {number} y @returns {Direction | null} */
function direction(x, y) {
  if (Math.abs(x) >= Math.abs(y)) return x < 0 ? "left" : x > 0 ? "right" : null;
  return y > 0 ? "down" : null;
}

/** @param {number} x @param {number} y */
function isFar(x, y) {
  return Math.max(Math.abs(x), y) >= FAR_ENOUGH_PX;
}
