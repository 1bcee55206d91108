// @ts-check
/** Geometry of boxes: `[x1, y1, x2, y2]` in pixels of the image, x right, y down, x2 and y2 exclusive. */
import { regionOf, rleOf } from "./rle.js";

/**
 * @typedef {import("./edit_model.js").Box} Box
 * @typedef {import("./edit_model.js").EditObject} EditObject
 */

/** A box by its corners, whole pixels inside the image. @param {Box} box @param {[number, number]} size @returns {Box | null} null where nothing is left */
export function fitted([x1, y1, x2, y2], [width, height]) {
  const [left, right] = [x1, x2].map((x) => bounded(Math.round(x), 0, width)).sort((one, other) => one - other);
  const [top, bottom] = [y1, y2].map((y) => bounded(Math.round(y), 0, height)).sort((one, other) => one - other);
  return right > left && bottom > top ? [left, top, right, bottom] : null;
}

/** Moved as far as the image reaches, its size kept. @param {Box} box @param {number} dx @param {number} dy @param {[number, number]} size @returns {Box} */
export function moved([x1, y1, x2, y2], dx, dy, [width, height]) {
  const x = bounded(dx, Math.min(0, -x1), Math.max(0, width - x2));
  const y = bounded(dy, Math.min(0, -y1), Math.max(0, height - y2));
  return [x1 + x, y1 + y, x2 + x, y2 + y];
}

/** The box and, where it has one, the mask that moved with it. @param {EditObject} object @param {Box} box of the same size */
export function movedTo({ id, mask, box: from }, box) {
  if (!mask) return { id, box };
  const [dx, dy] = [Math.round(box[0] - from[0]), Math.round(box[1] - from[1])];
  const region = regionOf(mask);
  const x = bounded(region.x + dx, 0, mask.size[1] - region.width);
  const y = bounded(region.y + dy, 0, mask.size[0] - region.height);
  return { id, box, mask: rleOf({ ...region, x, y }, mask.size) };
}

/**
 * Its sides moved: `sides` says which ("w", "n", "e", "s" and their corners), at least one pixel is left.
 *
 * @param {Box} box @param {string} sides @param {number} dx @param {number} dy @returns {Box}
 */
export function resized([x1, y1, x2, y2], sides, dx, dy) {
  return [
    sides.includes("w") ? Math.min(x1 + dx, x2 - 1) : x1,
    sides.includes("n") ? Math.min(y1 + dy, y2 - 1) : y1,
    sides.includes("e") ? Math.max(x2 + dx, x1 + 1) : x2,
    sides.includes("s") ? Math.max(y2 + dy, y1 + 1) : y2,
  ];
}

/** @param {Box} box @returns {number} */
export function areaOf([x1, y1, x2, y2]) {
  return (x2 - x1) * (y2 - y1);
}

/** @param {Box} one @param {Box} other */
export function isSameBox(one, other) {
  return one === other || one.every((side, i) => side === other[i]);
}

/** What a person can change is the same. @param {EditObject} one @param {EditObject} other */
export function isSameObject(one, other) {
  return one === other || (one.class_name === other.class_name && isSameBox(one.box, other.box) && isSameMask(one.mask, other.mask));
}

/** @param {EditObject["mask"]} one @param {EditObject["mask"]} other */
function isSameMask(one, other) {
  return one === other || (one !== null && other !== null && one.counts === other.counts && isSameSize(one.size, other.size));
}

/** @param {number[]} one @param {number[]} other */
function isSameSize([height, width], [otherHeight, otherWidth]) {
  return height === otherHeight && width === otherWidth;
}

/** @param {number} value @param {number} least @param {number} most */
export function bounded(value, least, most) {
  return Math.min(most, Math.max(least, value));
}
