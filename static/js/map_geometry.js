// @ts-check
/** Where things are on the map: from its plane of 65,536 units to pixels and back, inside a polygon, nearest to a place. */

/** @typedef {[number, number]} Place */
/** @typedef {import("./map_points.js").Points} Points */

export const PLANE = 65_536;
const MARGIN_SHARE = 0.04;
const CLOSEST = 60; // times the whole map: beyond it the plane's own steps would show
const FARTHEST = 0.5;

/** What of the plane is seen: pixel = unit · scale + offset. */
export class Viewport {
  scale = 1;
  x = 0;
  y = 0;
  width = 1;
  height = 1;

  /** Pixels a unit when the whole map is in view. */
  get fitScale() {
    return (Math.min(this.width, this.height) * (1 - 2 * MARGIN_SHARE)) / PLANE;
  }

  /** How much closer than the whole map. */
  get zoom() {
    return this.scale / this.fitScale;
  }

  /** A window of another size keeps what is in its middle. @param {number} width @param {number} height pixels */
  resize(width, height) {
    const middle = this.placeAt([this.width / 2, this.height / 2]);
    const zoom = this.zoom;
    [this.width, this.height] = [Math.max(1, width), Math.max(1, height)];
    this.scale = this.fitScale * zoom;
    this.moveTo(middle, [this.width / 2, this.height / 2]);
  }

  fit() {
    this.scale = this.fitScale;
    this.moveTo([PLANE / 2, PLANE / 2], [this.width / 2, this.height / 2]);
  }

  /** @param {number} dx @param {number} dy pixels */
  panBy(dx, dy) {
    this.x += dx;
    this.y += dy;
    this.#holdInView();
  }

  /** What lies under a pixel stays under it. @param {number} factor @param {Place} pixel */
  zoomBy(factor, pixel) {
    const place = this.placeAt(pixel);
    this.scale = Math.min(Math.max(this.scale * factor, this.fitScale * FARTHEST), this.fitScale * CLOSEST);
    this.moveTo(place, pixel);
    this.#holdInView();
  }

  /** @param {Place} place of the plane @param {Place} pixel where it comes to lie */
  moveTo([x, y], [toX, toY]) {
    this.x = toX - x * this.scale;
    this.y = toY - y * this.scale;
  }

  /** @param {Place} pixel @returns {Place} of the plane */
  placeAt([x, y]) {
    return [(x - this.x) / this.scale, (y - this.y) / this.scale];
  }

  /** @param {Place} place of the plane @returns {Place} in pixels */
  pixelOf([x, y]) {
    return [x * this.scale + this.x, y * this.scale + this.y];
  }

  /** The map cannot be lost: the window's middle stays over the plane. */
  #holdInView() {
    const side = PLANE * this.scale;
    this.x = Math.min(Math.max(this.x, this.width / 2 - side), this.width / 2);
    this.y = Math.min(Math.max(this.y, this.height / 2 - side), this.height / 2);
  }
}

/**
 * The points in a polygon, by the even-odd rule.
 *
 * @param {Points} points @param {Place[]} corners of the plane, at least three
 * @param {(i: number) => boolean} [counts] which points can be taken
 * @returns {number[]} their places, in order
 */
export function inside(points, corners, counts = () => true) {
  const [xs, ys] = [corners.map(([x]) => x), corners.map(([, y]) => y)];
  const [left, right, top, bottom] = [Math.min(...xs), Math.max(...xs), Math.min(...ys), Math.max(...ys)];
  const found = [];
  for (let i = 0; i < points.count; i += 1) {
    const x = points.x[i];
    const y = points.y[i];
    if (x < left || x > right || y < top || y > bottom || !counts(i)) continue;
    if (isInside(xs, ys, x, y)) found.push(i);
  }
  return found;
}

/** @param {number[]} xs @param {number[]} ys @param {number} x @param {number} y */
function isInside(xs, ys, x, y) {
  let isIn = false;
  for (let i = 0, j = xs.length - 1; i < xs.length; j = i, i += 1) {
    if (ys[i] > y !== ys[j] > y && x < ((xs[j] - xs[i]) * (y - ys[i])) / (ys[j] - ys[i]) + xs[i]) isIn = !isIn;
  }
  return isIn;
}

/**
 * The point nearest to a place.
 *
 * @param {Points} points @param {Place} place of the plane @param {number} reach units
 * @param {(i: number) => boolean} [counts] which points can be found @returns {number} −1 when none is within reach
 */
export function nearest(points, [x, y], reach, counts = () => true) {
  let best = -1;
  let least = reach * reach;
  for (let i = 0; i < points.count; i += 1) {
    const dx = points.x[i] - x;
    const dy = points.y[i] - y;
    const away = dx * dx + dy * dy;
    if (away >= least || !counts(i)) continue;
    best = i;
    least = away;
  }
  return best;
}

/** Every `step`-th corner of a line drawn by hand, so that it has `most` at most. @param {Place[]} line @param {number} most */
export function thinned(line, most) {
  const step = Math.ceil(line.length / most);
  return line.filter((_, i) => i % step === 0);
}
