// @ts-check
/** Masks as pictures: each drawn once into a canvas of its own size, and again only when it changed. */
import { regionOf } from "./rle.js";

/**
 * @typedef {import("./rle.js").Rle} Rle
 * @typedef {[number, number, number, number]} Rgba each 0 … 255
 * @typedef {{canvas: HTMLCanvasElement, x: number, y: number, width: number, height: number}} MaskBitmap
 *   place and size in pixels of the image; the canvas of a very large mask has fewer pixels
 */

const MOST_PIXELS = 4_000_000; // of one canvas: 16 MB
const EDGE_ALPHA = 230;

/**
 * The mask as a canvas, its edge stronger than its inside.
 *
 * @param {Rle} rle @param {Rgba} rgba of the inside @param {number} [mostPixels]
 * @returns {MaskBitmap | null} null for an empty mask
 */
export function maskBitmap(rle, rgba, mostPixels = MOST_PIXELS) {
  const region = regionOf(rle);
  if (!region.width) return null;
  const step = Math.max(1, Math.ceil(Math.sqrt((region.width * region.height) / mostPixels)));
  const image = painted(step === 1 ? region : thinned(region, step), rgba);
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [image.width, image.height];
  canvas.getContext("2d")?.putImageData(image, 0, 0);
  return { canvas, x: region.x, y: region.y, width: image.width * step, height: image.height * step };
}

/** @param {CanvasRenderingContext2D} ctx in pixels of the image @param {MaskBitmap | null} bitmap */
export function drawBitmap(ctx, bitmap) {
  if (bitmap) ctx.drawImage(bitmap.canvas, bitmap.x, bitmap.y, bitmap.width, bitmap.height);
}

/** @param {string} color any CSS colour @param {number} alpha 0 … 255 @returns {Rgba} */
function rgbaOf(color, alpha) {
  const ctx = /** @type {CanvasRenderingContext2D} */ (document.createElement("canvas").getContext("2d", { willReadFrequently: true }));
  ctx.fillStyle = color;
  ctx.fillRect(0, 0, 1, 1);
  const [red, green, blue] = ctx.getImageData(0, 0, 1, 1).data;
  return [red, green, blue, alpha];
}

/** The bitmaps of many objects: one is made again only when its mask or its colour is another one. */
export class MaskBitmaps {
  /** @type {Map<string, {rle: Rle, color: string, bitmap: MaskBitmap | null}>} */
  #made = new Map();
  /** @type {Map<string, Rgba>} */
  #rgba = new Map();

  /** @param {number} alpha of the inside, 0 … 255 */
  constructor(alpha) {
    this.alpha = alpha;
  }

  /** How many bitmaps are kept. */
  get size() {
    return this.#made.size;
  }

  /** @param {string} key of the object @param {Rle} rle the same object for the same mask @param {string} color */
  of(key, rle, color) {
    const made = this.#made.get(key);
    if (made?.rle === rle && made.color === color) return made.bitmap;
    const bitmap = maskBitmap(rle, this.#rgbaOf(color));
    this.#made.set(key, { rle, color, bitmap });
    return bitmap;
  }

  /** Forget what is no longer on the page. @param {Set<string>} keys those that are */
  keep(keys) {
    for (const key of this.#made.keys()) if (!keys.has(key)) this.#made.delete(key);
  }

  /** @param {string} color */
  #rgbaOf(color) {
    const known = this.#rgba.get(color) ?? rgbaOf(color, this.alpha);
    this.#rgba.set(color, known);
    return known;
  }
}

/** Every `step`-th pixel of every `step`-th row. @param {import("./rle.js").Region} region @param {number} step */
function thinned({ x, y, width, height, bits }, step) {
  const [columns, rows] = [Math.ceil(width / step), Math.ceil(height / step)];
  const kept = new Uint8Array(columns * rows);
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) kept[row * columns + column] = bits[row * step * width + column * step];
  }
  return { x, y, width: columns, height: rows, bits: kept };
}

/** @param {import("./rle.js").Region} region @param {Rgba} rgba @returns {ImageData} */
function painted({ width, height, bits }, [red, green, blue, alpha]) {
  const image = new ImageData(width, height);
  const pixels = new Uint32Array(image.data.buffer);
  const colour = (blue << 16) | (green << 8) | red; // little-endian, as every browser's machine is
  const [inside, edge] = [((alpha << 24) | colour) >>> 0, ((EDGE_ALPHA << 24) | colour) >>> 0];
  const lastRow = (height - 1) * width;
  for (let at = 0, x = 0; at < bits.length; at++, x = x === width - 1 ? 0 : x + 1) {
    if (!bits[at]) continue;
    const isInside = x && x < width - 1 && at >= width && at < lastRow && bits[at - 1] && bits[at + 1] && bits[at - width] && bits[at + width];
    pixels[at] = isInside ? inside : edge;
  }
  return image;
}
