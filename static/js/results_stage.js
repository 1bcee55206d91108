// @ts-check
/** An image with its objects: masks on a canvas, boxes and words over it, both in the image's own pixels. */
import { html } from "./dom.js";
import { MaskBitmaps, drawBitmap } from "./mask_canvas.js";

/**
 * @typedef {{item_id: string, box_xyxy: [number, number, number, number], class_name: string, claimed: string | null,
 *   score: number | null, source: string | null, mask: import("./rle.js").Rle | null, area_px: number,
 *   share: number | null, stability: number | null, place: "accepted" | "rejected" | "to_correct" | "unreviewed",
 *   replaces: string | null}} ResultObject
 * @typedef {{objects: ResultObject[], hueOf: (name: string) => number, showMasks: boolean, className: string,
 *   chosen: string | null}} Look className: others are drawn faintly; empty = all alike
 */

const TEXT_PX = 14;
const LABEL_FROM_PX = 26; // narrower boxes would be covered by their label
const MASK_ALPHA = 88;
const FAINT = 0.3;

export class Stage {
  /** @type {{width: number, height: number} | null} */
  #size = null;
  /** @type {Look | null} */
  #look = null;
  #masks = new MaskBitmaps(MASK_ALPHA);

  /** @param {HTMLElement} figure with an img, a canvas and an svg */
  constructor(figure) {
    this.figure = figure;
    this.picture = /** @type {HTMLImageElement} */ (figure.querySelector("img"));
    this.canvas = /** @type {HTMLCanvasElement} */ (figure.querySelector("canvas"));
    this.svg = /** @type {SVGSVGElement} */ (figure.querySelector("svg"));
    new ResizeObserver(() => this.#draw()).observe(figure);
  }

  /**
   * @param {{image_url: string, path: string, width: number | null, height: number | null}} image
   * @returns {Promise<boolean>} whether it is on screen
   */
  async show({ image_url, path, width, height }) {
    this.#size = width && height ? { width, height } : null;
    this.picture.hidden = !this.#size;
    this.picture.alt = path;
    if (!this.#size) return false;
    if (this.picture.getAttribute("src") !== image_url) this.picture.src = image_url;
    return this.picture.decode().then(() => true, () => false);
  }

  /** @param {Look} look */
  draw(look) {
    this.#look = look;
    this.#draw();
  }

  #draw() {
    const [look, size] = [this.#look, this.#size];
    const { width, height } = this.figure.getBoundingClientRect();
    const hasPlace = Boolean(look && size && width && height);
    this.svg.toggleAttribute("hidden", !hasPlace);
    this.canvas.hidden = !hasPlace;
    if (!look || !size || !hasPlace) return;
    const scale = Math.min(width / size.width, height / size.height);
    this.svg.setAttribute("viewBox", `0 0 ${size.width} ${size.height}`);
    const isFaint = (/** @type {ResultObject} */ one) => Boolean(look.className) && one.class_name !== look.className;
    this.svg.innerHTML = html`${[...look.objects].reverse().map((one) => shape(one, look, scale, isFaint(one)))}`.text;
    this.#drawMasks(look, { width, height }, scale, isFaint);
  }

  /** @param {Look} look @param {{width: number, height: number}} space @param {number} scale @param {(one: ResultObject) => boolean} isFaint */
  #drawMasks({ objects, hueOf, showMasks }, space, scale, isFaint) {
    const { canvas } = this;
    [canvas.width, canvas.height] = [space.width * devicePixelRatio, space.height * devicePixelRatio];
    const masked = objects.filter((one) => one.mask);
    this.#masks.keep(new Set(masked.map((one) => one.item_id)));
    const ctx = canvas.getContext("2d");
    if (!ctx || !this.#size || !showMasks) return;
    const unit = scale * devicePixelRatio;
    const left = (canvas.width - this.#size.width * unit) / 2;
    ctx.setTransform(unit, 0, 0, unit, left, (canvas.height - this.#size.height * unit) / 2);
    const style = getComputedStyle(this.figure);
    for (const one of masked) {
      if (!one.mask) continue;
      ctx.globalAlpha = isFaint(one) ? FAINT : 1;
      drawBitmap(ctx, this.#masks.of(one.item_id, one.mask, style.getPropertyValue(`--hue-${hueOf(one.class_name)}`).trim()));
    }
  }
}

/** @param {ResultObject} one @param {Look} look @param {number} scale @param {boolean} isFaint */
function shape({ item_id, box_xyxy: [x1, y1, x2, y2], class_name, score, place }, { hueOf, chosen }, scale, isFaint) {
  const at = html`x="${x1}" y="${y1}" width="${x2 - x1}" height="${y2 - y1}"`;
  const text = [class_name, score === null ? "" : score.toFixed(2)].filter(Boolean).join(" ");
  const size = TEXT_PX / scale;
  const label =
    (x2 - x1) * scale >= LABEL_FROM_PX && !isFaint
      ? html`<text x="${x1 + 3 / scale}" y="${y1 + size}" font-size="${size}" stroke-width="${3 / scale}">${text}</text>`
      : "";
  const marks = html`data-hue="${hueOf(class_name)}" data-place-of="${place}" data-faint="${isFaint}" data-chosen="${item_id === chosen}"`;
  return html`<g ${marks}><rect class="under" ${at}></rect><rect class="edge" ${at}></rect>${label}</g>`;
}
