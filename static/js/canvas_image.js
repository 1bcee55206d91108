// @ts-check
/** One image, decoded once, in sizes that halve: whatever the zoom, about as many pixels are read as are painted. */

const LEAST_SIDE = 512;

export class CanvasImage {
  /** @type {ImageBitmap[]} the largest first */
  #levels = [];
  #asked = 0;
  /** Width and height in pixels of the image, which may be more than the picture has. @type {[number, number]} */
  size = [0, 0];

  get isThere() {
    return this.#levels.length > 0;
  }

  /** @param {string} url @param {[number, number]} size @returns {Promise<boolean>} whether it is still the one asked for; throws when it cannot be shown */
  async load(url, size) {
    const asked = ++this.#asked;
    this.clear();
    const picture = new Image();
    picture.src = url;
    await picture.decode();
    const levels = await halved(picture);
    if (asked !== this.#asked) {
      for (const level of levels) level.close();
      return false;
    }
    [this.#levels, this.size] = [levels, size];
    return true;
  }

  clear() {
    for (const level of this.#levels) level.close();
    this.#levels = [];
  }

  /** @param {CanvasRenderingContext2D} ctx in pixels of the image @param {number} scale pixels of the screen per pixel of the image */
  draw(ctx, scale) {
    const [width, height] = this.size;
    const least = Math.ceil(width * scale);
    const level = this.#levels.findLast(({ width: pixels }) => pixels >= least) ?? this.#levels[0];
    if (!level) return;
    ctx.imageSmoothingEnabled = (scale * width) / level.width < 3; // closer than that, the pixels themselves are looked at
    ctx.drawImage(level, 0, 0, width, height);
  }
}

/** @param {HTMLImageElement} picture @returns {Promise<ImageBitmap[]>} */
async function halved(picture) {
  const levels = [await createImageBitmap(picture)];
  for (let last = levels[0]; Math.max(last.width, last.height) > 2 * LEAST_SIDE; last = levels[levels.length - 1]) {
    const half = { resizeWidth: Math.ceil(last.width / 2), resizeHeight: Math.ceil(last.height / 2) };
    levels.push(await createImageBitmap(last, { ...half, resizeQuality: "medium" }));
  }
  return levels;
}
