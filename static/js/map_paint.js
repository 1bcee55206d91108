// @ts-check
/** Points onto pixels: written straight into the canvas's memory, since 100,000 calls of its drawing would take too long. */

/** @typedef {import("./map_points.js").Points} Points */
/** @typedef {import("./map_geometry.js").Viewport} Viewport */
/**
 * How points look; `order` has each once, drawn last what must be seen.
 * @typedef {{colours: Uint32Array, signs: Uint8Array, order: Uint32Array, ring: number}} Look
 */

export const SIGN = /** @type {const} */ ({ dot: 0, plus: 1, minus: 2, diamond: 3, faint: 4 });
const MANY = 250_000; // so many are drawn anew in a frame; of more, a share while the map moves
const RING = 5;
const ROOMY_PX = 700;

export class PointPainter {
  /** Pixels at the canvas's edge in which no point is drawn. */
  margin = 0;
  #image = new ImageData(1, 1);
  #pixels = new Uint32Array(1);
  /** Offsets of each sign's pixels, for this size and width. @type {Int32Array[]} */
  #stamps = [];
  #stampOf = "";

  /** @param {HTMLCanvasElement} canvas */
  constructor(canvas) {
    this.canvas = canvas;
    this.context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  }

  /**
   * @param {Points} points @param {Look} look @param {Viewport} view in CSS pixels
   * @param {{isSelected: Uint8Array, density: number, isMoving: boolean}} now density: canvas pixels a CSS pixel
   */
  paint(points, look, view, { isSelected, density, isMoving }) {
    const { width, height } = this.canvas;
    this.#prepare(width, height, dotSize(view, points.count, density));
    const [pixels, stamps, { colours, signs, order, ring }, { x: xs, y: ys }] = [this.#pixels, this.#stamps, look, points];
    const [scale, left, top] = [view.scale * density, view.x * density, view.y * density];
    const margin = this.margin;
    const [right, bottom] = [width - margin, height - margin];
    const step = isMoving ? Math.ceil(points.count / MANY) : 1;
    for (let at = (points.count - 1) % step; at < points.count; at += step) {
      const i = order[at];
      const x = (xs[i] * scale + left) | 0;
      const y = (ys[i] * scale + top) | 0;
      if (x < margin || x >= right || y < margin || y >= bottom) continue;
      const middle = y * width + x;
      if (isSelected[i]) for (const offset of stamps[RING]) pixels[middle + offset] = ring;
      const colour = colours[i];
      const stamp = stamps[signs[i]];
      for (let k = 0; k < stamp.length; k += 1) pixels[middle + stamp[k]] = colour;
    }
    this.context.putImageData(this.#image, 0, 0);
  }

  /** @param {number} width @param {number} height @param {number} size pixels of a dot, odd */
  #prepare(width, height, size) {
    if (this.#image.width !== width || this.#image.height !== height) {
      this.#image = new ImageData(width, height);
      this.#pixels = new Uint32Array(this.#image.data.buffer);
    } else this.#pixels.fill(0);
    if (this.#stampOf === `${size}|${width}`) return;
    this.#stampOf = `${size}|${width}`;
    this.#stamps = stampsOf(size, width);
    this.margin = reachOf(size) + 1;
  }
}

/** Closer, fewer, on a larger map or denser: larger dots. @param {Viewport} view @param {number} count @param {number} density */
function dotSize({ zoom, width, height }, count, density) {
  const few = (count < 3000 ? 4 : count < 20_000 ? 2 : 0) * Math.min(1, Math.min(width, height) / ROOMY_PX);
  const size = (2 + few + 1.3 * Math.max(0, Math.log2(zoom))) * density;
  return 2 * Math.round(Math.min(size, 11 * density) / 2) + 1;
}

/** How long a plus's arm is. @param {number} size of a dot */
function armOf(size) {
  const r = (size - 1) / 2;
  return r + 1 + Math.floor(r / 3);
}

/** How far from its point a sign reaches. @param {number} size of a dot */
function reachOf(size) {
  return armOf(size) + 2;
}

/** @param {number} size of a dot @param {number} width of the canvas @returns {Int32Array[]} by SIGN, and the ring */
function stampsOf(size, width) {
  const r = (size - 1) / 2;
  const arm = armOf(size);
  const thick = Math.max(0, Math.round(r / 3) - (r < 2 ? 1 : 0));
  const away = Math.hypot;
  const rules = [
    (/** @type {number} */ x, /** @type {number} */ y) => away(x, y) <= r + 0.3,
    (/** @type {number} */ x, /** @type {number} */ y) => Math.max(Math.abs(x), Math.abs(y)) <= arm && Math.min(Math.abs(x), Math.abs(y)) <= thick,
    (/** @type {number} */ x, /** @type {number} */ y) => Math.abs(x) <= arm && Math.abs(y) <= thick,
    (/** @type {number} */ x, /** @type {number} */ y) => Math.abs(Math.abs(x) + Math.abs(y) - arm) <= thick,
    (/** @type {number} */ x, /** @type {number} */ y) => away(x, y) <= Math.max(0.3, r - 1),
    (/** @type {number} */ x, /** @type {number} */ y) => away(x, y) <= r + 2.3,
  ];
  return rules.map((rule) => stamp(rule, reachOf(size), width));
}

/** @param {(x: number, y: number) => boolean} isOn @param {number} reach @param {number} width */
function stamp(isOn, reach, width) {
  const offsets = [];
  for (let y = -reach; y <= reach; y += 1) for (let x = -reach; x <= reach; x += 1) if (isOn(x, y)) offsets.push(y * width + x);
  return Int32Array.from(offsets);
}
