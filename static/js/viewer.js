// @ts-check
/** How the image on screen is looked at: its box, zoom, contrast and brightness. The file itself is never changed. */
import { boxOverlay } from "./box_overlay.js";
import { byId, element } from "./dom.js";

/** @typedef {import("./types.js").Item} Item */

const CLOSER = 2.5;
const STEP = 0.1;
const LEAST = 0.2;
const MOST = 3;

export class Viewer {
  #picture = byId("picture");
  #frame = byId("frame");
  /** @type {Item | null} */
  #item = null;
  /** @type {HTMLImageElement | null} */
  #image = null;
  /** @type {"fit" | "closer" | "whole"} */
  #zoom = "fit";
  #contrast = 1;
  #brightness = 1;
  #origin = "50% 50%";

  constructor() {
    this.#frame.addEventListener("pointermove", (event) => this.#follow(event), { passive: true });
  }

  /** Put a decoded image on screen, fitted, or leave the frame empty. @param {Item | null} item @param {HTMLImageElement | null} image */
  show(item, image) {
    this.#item = item;
    this.#image = image;
    this.#set("fit");
  }

  /** Fit, closer around the pointer, and for a crop the whole image. @returns {string} what is seen now */
  cycleZoom() {
    if (this.#zoom === "fit") return this.#set("closer");
    if (this.#zoom === "closer" && this.#item?.view_xyxy) return this.#set("whole");
    return this.#set("fit");
  }

  /** @param {number} direction @returns {string} */
  changeContrast(direction) {
    this.#contrast = bounded(this.#contrast + direction * STEP);
    this.#filter();
    return `Contrast ${Math.round(100 * this.#contrast)} %`;
  }

  /** @param {number} direction @returns {string} */
  changeBrightness(direction) {
    this.#brightness = bounded(this.#brightness + direction * STEP);
    this.#filter();
    return `Brightness ${Math.round(100 * this.#brightness)} %`;
  }

  /** @returns {string} */
  reset() {
    this.#contrast = this.#brightness = 1;
    this.#filter();
    this.#set("fit");
    return "View reset";
  }

  /** @param {"fit" | "closer" | "whole"} zoom @returns {string} */
  #set(zoom) {
    this.#zoom = zoom;
    this.#frame.dataset.zoom = zoom;
    this.#picture.style.transformOrigin = this.#origin;
    this.#picture.style.transform = zoom === "closer" ? `scale(${CLOSER})` : "";
    this.#put(zoom === "whole" ? this.#wholeImage() : this.#image);
    this.#drawBox(zoom !== "whole");
    return { fit: "Fitted", closer: `${CLOSER} times closer`, whole: "Whole image" }[zoom];
  }

  /** @param {HTMLImageElement | null} image */
  #put(image) {
    const old = this.#picture.querySelector("img");
    if (old === image) return;
    old?.remove();
    if (image) this.#picture.prepend(image);
  }

  /** The server draws the box into it. */
  #wholeImage() {
    const image = new Image();
    image.alt = "";
    image.src = this.#item?.image_url ?? "";
    return image;
  }

  /** @param {boolean} isWanted */
  #drawBox(isWanted) {
    this.#picture.querySelector(".box")?.remove();
    const overlay = isWanted && this.#item && boxOverlay(this.#item);
    if (overlay) this.#picture.append(element(overlay));
  }

  #filter() {
    const isPlain = this.#contrast === 1 && this.#brightness === 1;
    this.#picture.style.filter = isPlain ? "" : `contrast(${this.#contrast}) brightness(${this.#brightness})`;
  }

  /** @param {PointerEvent} event */
  #follow(event) {
    const { left, top, width, height } = this.#frame.getBoundingClientRect();
    const x = (100 * (event.clientX - left)) / width;
    const y = (100 * (event.clientY - top)) / height;
    this.#origin = `${x.toFixed(1)}% ${y.toFixed(1)}%`;
    if (this.#zoom === "closer") this.#picture.style.transformOrigin = this.#origin;
  }
}

/** @param {number} value @returns {number} one of the steps */
function bounded(value) {
  return Math.round(10 * Math.min(MOST, Math.max(LEAST, value))) / 10;
}
