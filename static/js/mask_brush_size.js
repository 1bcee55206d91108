// @ts-check
/** The brush's size: a slider, fine at the start and wide at the end, and two keys; remembered. */
import { byId, openStorage, setText } from "./dom.js";

const KEY = "winnow.correct.brush";
const LARGEST_PX = 400;
const STEP = 1.25;

export class BrushSize extends EventTarget {
  #slider = /** @type {HTMLInputElement} */ (byId("mask-brush"));
  #storage = openStorage();
  #size_px = 8;

  constructor() {
    super();
    this.#slider.addEventListener("input", () => this.#set(LARGEST_PX ** (Number(this.#slider.value) / 100)));
    this.#set(Number(this.#storage.getItem(KEY)) || this.#size_px);
    this.#moveSlider();
  }

  /** The diameter in pixels of the image. */
  get size_px() {
    return this.#size_px;
  }

  /** @param {1 | -1} direction */
  step(direction) {
    const now = this.#size_px;
    this.#set(direction > 0 ? Math.max(now + 1, now * STEP) : Math.min(now - 1, now / STEP));
    this.#moveSlider();
  }

  /** @param {number} size_px */
  #set(size_px) {
    this.#size_px = Math.min(LARGEST_PX, Math.max(1, Math.round(size_px)));
    setText(byId("mask-brush-value"), `${this.#size_px} px`);
    this.#slider.setAttribute("aria-valuetext", `${this.#size_px} pixels`);
    this.#storage.setItem(KEY, String(this.#size_px));
    this.dispatchEvent(new Event("change"));
  }

  #moveSlider() {
    this.#slider.value = String(Math.round((100 * Math.log(this.#size_px)) / Math.log(LARGEST_PX)));
  }
}
