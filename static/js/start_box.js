// @ts-check
/** The box that is cut out of an example picture, in the picture's own pixels. Pure: numbers in, numbers out. */

/** @typedef {[number, number, number, number]} Box x1, y1, x2, y2; whole pixels, x2 and y2 exclusive */
/** @typedef {{width: number, height: number}} Size */

export const LEAST_SIDE = 8;

/** Spanned by two corners, in whatever order, kept inside. @param {number[]} one_xy @param {number[]} other_xy @param {Size} size @returns {Box | null} null when too small to mean anything */
export function spanned(one_xy, other_xy, { width, height }) {
  const [x1, x2] = inOrder(one_xy[0], other_xy[0], width);
  const [y1, y2] = inOrder(one_xy[1], other_xy[1], height);
  return x2 - x1 < LEAST_SIDE || y2 - y1 < LEAST_SIDE ? null : [x1, y1, x2, y2];
}

/** The middle, half as wide and high as the picture: where the keyboard begins. @param {Size} size @returns {Box} */
export function middle({ width, height }) {
  return [Math.round(width / 4), Math.round(height / 4), Math.round((3 * width) / 4), Math.round((3 * height) / 4)];
}

/** Pushed by whole pixels, stopped at the edges. @param {Box} box @param {number} dx @param {number} dy @param {Size} size @returns {Box} */
export function moved([x1, y1, x2, y2], dx, dy, { width, height }) {
  const right = bounded(dx, -x1, width - x2);
  const down = bounded(dy, -y1, height - y2);
  return [x1 + right, y1 + down, x2 + right, y2 + down];
}

/** Its lower right corner pushed; neither turned over nor outside. @param {Box} box @param {number} dx @param {number} dy @param {Size} size @returns {Box} */
export function resized([x1, y1, x2, y2], dx, dy, { width, height }) {
  return [x1, y1, bounded(x2 + dx, x1 + LEAST_SIDE, width), bounded(y2 + dy, y1 + LEAST_SIDE, height)];
}

/** @param {number} one @param {number} other @param {number} most */
function inOrder(one, other, most) {
  const [low, high] = [Math.min(one, other), Math.max(one, other)];
  return [Math.round(bounded(low, 0, most)), Math.round(bounded(high, 0, most))];
}

/** @param {number} value @param {number} least @param {number} most */
function bounded(value, least, most) {
  return Math.min(most, Math.max(least, value));
}
