// @ts-check
/** Where things are on the map: from its plane of 65,536 units to pixels and back, inside a polygon, nearest to a place. */

/** @typedef {[number, number]} Place */
/** @typedef {import("./map_points.js").Points} Points */

export const PLANE = 65_536;
const MARGIN_SHARE = 0.04;
const CLOSEST = 60; // times the whole map: beyond it the plane's own steps would show
const FARTHEST = 0.5;
const BANDS = 256;

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
  const bands = new Bands(corners);
  const found = [];
  for (let i = 0; i < points.count; i += 1) if (bands.has(points.x[i], points.y[i]) && counts(i)) found.push(i);
  return found;
}

/** A polygon cut into bands, each with the edges that pass it: a point is compared with few of them. */
class Bands {
  /** Edges of each band: x, y, x, y of their ends, one after another. @type {number[][]} */
  #edges = Array.from({ length: BANDS }, () => []);

  /** @param {Place[]} corners */
  constructor(corners) {
    const ys = corners.map(([, y]) => y);
    [this.top, this.bottom] = [Math.min(...ys), Math.max(...ys)];
    this.share = BANDS / Math.max(this.bottom - this.top, 1e-9);
    for (const [i, [x1, y1]] of corners.entries()) {
      const [x2, y2] = corners[(i + 1) % corners.length];
      for (let band = this.#bandOf(Math.min(y1, y2)); band <= this.#bandOf(Math.max(y1, y2)); band += 1) this.#edges[band].push(x1, y1, x2, y2);
    }
  }

  /** @param {number} x @param {number} y */
  has(x, y) {
    if (y < this.top || y > this.bottom) return false;
    const edges = this.#edges[this.#bandOf(y)];
    let isIn = false;
    for (let k = 0; k < edges.length; k += 4) {
      const y1 = edges[k + 1];
      const y2 = edges[k + 3];
      if (y1 > y !== y2 > y && x < ((edges[k + 2] - edges[k]) * (y - y1)) / (y2 - y1) + edges[k]) isIn = !isIn;
    }
    return isIn;
  }

  /** @param {number} y */
  #bandOf(y) {
    return Math.min(BANDS - 1, Math.floor((y - this.top) * this.share));
  }
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
