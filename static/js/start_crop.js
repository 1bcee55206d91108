// @ts-check
/** Which part of an example picture is meant: dragged or set by keys, or the whole of it. */
import { byId, setText } from "./dom.js";
import { middle, moved, resized, spanned } from "./start_box.js";

/** @typedef {import("./start_box.js").Box} Box */

const STEPS = 24; // arrow presses across the picture
const MOST_SCALE = 8;
const PUSHES = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });

export class PictureCrop {
  #dialog = /** @type {HTMLDialogElement} */ (byId("crop"));
  #stage = byId("crop-stage");
  #picture = byId("crop-picture");
  #image = /** @type {HTMLImageElement} */ (byId("crop-image"));
  /** @type {Box | null} */
  #box = null;
  /** Where a drag began. @type {number[] | null} */
  #from_xy = null;
  /** @type {(answer: {box_xyxy: Box | null} | null) => void} */
  #onEnd = () => {};

  constructor() {
    byId("crop-part").addEventListener("click", () => this.#end({ box_xyxy: this.#box }));
    byId("crop-whole").addEventListener("click", () => this.#end({ box_xyxy: null }));
    byId("crop-cancel").addEventListener("click", () => this.#end(null));
    this.#dialog.addEventListener("cancel", () => this.#end(null));
    this.#stage.addEventListener("keydown", (event) => this.#onKey(event));
    this.#picture.addEventListener("pointerdown", (event) => this.#begin(event));
    this.#picture.addEventListener("pointermove", (event) => this.#drag(event));
    this.#picture.addEventListener("pointerup", () => (this.#from_xy = null));
  }

  /**
   * Show a picture until it is decided on.
   *
   * @param {Blob} file @returns {Promise<{box_xyxy: Box | null} | null>} no box = the whole picture; null = none of it.
   *   Rejects when the browser cannot read it as a picture.
   */
  async ask(file) {
    const url = URL.createObjectURL(file);
    try {
      this.#image.src = url;
      await this.#image.decode();
      return await this.#decide();
    } finally {
      this.#image.removeAttribute("src");
      URL.revokeObjectURL(url);
    }
  }

  /** @returns {Promise<{box_xyxy: Box | null} | null>} */
  #decide() {
    return new Promise((resolve) => {
      this.#onEnd = resolve;
      this.#dialog.showModal();
      this.#fit();
      this.#show(null);
      this.#stage.focus();
    });
  }

  get #size() {
    return { width: this.#image.naturalWidth, height: this.#image.naturalHeight };
  }

  /** As large as there is room, small ones enlarged. */
  #fit() {
    const { width, height } = this.#size;
    const scale = Math.min(this.#stage.clientWidth / width, this.#stage.clientHeight / height, MOST_SCALE);
    this.#picture.style.width = `${Math.floor(width * scale)}px`;
    this.#picture.style.height = `${Math.floor(height * scale)}px`;
  }

  /** @param {Box | null} box */
  #show(box) {
    this.#box = box;
    const { width, height } = this.#size;
    const [x1, y1, x2, y2] = box ?? [0, 0, width, height];
    const frame = byId("crop-box");
    frame.hidden = !box;
    frame.style.inset = `${(100 * y1) / height}% ${100 - (100 * x2) / width}% ${100 - (100 * y2) / height}% ${(100 * x1) / width}%`;
    setText(byId("crop-size"), box ? `${x2 - x1} × ${y2 - y1} pixels from ${x1}, ${y1}` : `The whole picture, ${width} × ${height} pixels`);
    /** @type {HTMLButtonElement} */ (byId("crop-part")).disabled = !box;
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const push = PUSHES[event.key];
    if (event.key === "Enter") this.#end({ box_xyxy: this.#box });
    else if (push) this.#push(push, event.shiftKey);
    else return;
    event.preventDefault();
  }

  /** @param {[number, number]} push @param {boolean} isSizing */
  #push([right, down], isSizing) {
    const { width, height } = this.#size;
    if (!this.#box) return this.#show(middle(this.#size));
    const step = Math.max(1, Math.round(Math.max(width, height) / STEPS));
    return this.#show((isSizing ? resized : moved)(this.#box, step * right, step * down, this.#size));
  }

  /** @param {PointerEvent} event */
  #begin(event) {
    this.#picture.setPointerCapture(event.pointerId);
    this.#from_xy = this.#at(event);
    event.preventDefault();
    this.#stage.focus();
  }

  /** @param {PointerEvent} event */
  #drag(event) {
    if (this.#from_xy) this.#show(spanned(this.#from_xy, this.#at(event), this.#size));
  }

  /** @param {PointerEvent} event @returns {number[]} in the picture's own pixels */
  #at({ clientX, clientY }) {
    const { left, top, width, height } = this.#picture.getBoundingClientRect();
    return [((clientX - left) / width) * this.#size.width, ((clientY - top) / height) * this.#size.height];
  }

  /** @param {{box_xyxy: Box | null} | null} answer */
  #end(answer) {
    this.#dialog.close();
    this.#onEnd(answer);
  }
}
