// @ts-check
/** Brush strokes on masks, pixel by pixel; pure. */
import { boxOf, regionOf, rleOf, runsOf } from "./rle.js";

/**
 * @typedef {import("./rle.js").Rle} Rle
 * @typedef {import("./rle.js").Region} Region
 * @typedef {import("./rle.js").Box} Box
 * @typedef {[number, number]} Point x, y in pixels of the image
 * @typedef {{points: Point[], size_px: number, isErasing: boolean}} Stroke size_px: the brush's diameter
 */

const NOTHING = { x: 0, y: 0, width: 0, height: 0, bits: new Uint8Array() };

/**
 * The mask after a stroke; what lies outside the image is left out.
 *
 * @param {Rle | null} mask @param {Stroke} stroke @param {[number, number]} size height, width of the image
 * @returns {{mask: Rle, box: Box} | null} null when no pixel is left
 */
export function afterStroke(mask, stroke, size) {
  const region = mask ? regionOf(mask) : NOTHING;
  const reached = stroke.isErasing ? region : widened(region, reachOf(stroke, size));
  for (let i = 0; i < stroke.points.length; i++) {
    stamp(reached, stroke.points[Math.max(0, i - 1)], stroke.points[i], stroke);
  }
  return withBox(rleOf(reached, size));
}

/** @param {Rle} mask @returns {{mask: Rle, box: Box} | null} the mask with the smallest box around it; null when empty */
export function withBox(mask) {
  const box = boxOf(runsOf(mask), mask.size[0]);
  return box && { mask, box };
}

/** @param {Rle} mask @param {Box} box @returns {Rle} what of the mask lies in the box */
export function clipped(mask, [x1, y1, x2, y2]) {
  const [height, width] = mask.size;
  const own = boxOf(runsOf(mask), height);
  if (!own || (own[0] >= x1 && own[1] >= y1 && own[2] <= x2 && own[3] <= y2)) return mask;
  const left = /** @type {Box} */ ([Math.max(own[0], x1), Math.max(own[1], y1), Math.min(own[2], x2), Math.min(own[3], y2)].map(Math.round));
  const isApart = left[0] >= left[2] || left[1] >= left[3];
  return isApart ? rleOf(NOTHING, [height, width]) : rleOf(regionOf(mask, left), mask.size);
}

/** @param {Stroke} stroke @param {[number, number]} size @returns {Box} all pixels it can reach */
function reachOf({ points, size_px: side }, [height, width]) {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const clipped = (/** @type {number} */ value, /** @type {number} */ most) => Math.min(Math.max(0, Math.floor(value)), most);
  const x1 = clipped(Math.min(...xs) - side, width);
  const y1 = clipped(Math.min(...ys) - side, height);
  return [x1, y1, clipped(Math.max(...xs) + side + 1, width), clipped(Math.max(...ys) + side + 1, height)];
}

/** @param {Region} region @param {Box} box @returns {Region} the same pixels in a region that has the box too */
function widened(region, [x1, y1, x2, y2]) {
  const isEmpty = !region.width;
  const x = isEmpty ? x1 : Math.min(x1, region.x);
  const y = isEmpty ? y1 : Math.min(y1, region.y);
  const width = Math.max(x2, region.x + region.width) - x;
  const height = Math.max(y2, region.y + region.height) - y;
  const bits = new Uint8Array(width * height);
  for (let row = 0; row < region.height; row++) {
    const from = row * region.width;
    bits.set(region.bits.subarray(from, from + region.width), (region.y - y + row) * width + region.x - x);
  }
  return { x, y, width, height, bits };
}

/**
 * Set every pixel whose centre is within half the brush's size of the line between two pixels' centres.
 *
 * @param {Region} region @param {Point} from @param {Point} to @param {Stroke} stroke
 */
function stamp(region, from, to, { size_px: side, isErasing }) {
  const [ax, ay] = [Math.floor(from[0]) - region.x, Math.floor(from[1]) - region.y];
  const [bx, by] = [Math.floor(to[0]) - region.x, Math.floor(to[1]) - region.y];
  const [dx, dy, radius] = [bx - ax, by - ay, side / 2];
  const length2 = dx * dx + dy * dy;
  const right = Math.min(region.width - 1, Math.floor(Math.max(ax, bx) + radius));
  const bottom = Math.min(region.height - 1, Math.floor(Math.max(ay, by) + radius));
  for (let y = Math.max(0, Math.ceil(Math.min(ay, by) - radius)); y <= bottom; y++) {
    for (let x = Math.max(0, Math.ceil(Math.min(ax, bx) - radius)); x <= right; x++) {
      const along = length2 ? Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / length2)) : 0;
      const [offX, offY] = [x - ax - along * dx, y - ay - along * dy];
      if (offX * offX + offY * offY <= radius * radius) region.bits[y * region.width + x] = isErasing ? 0 : 1;
    }
  }
}
