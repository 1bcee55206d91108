// @ts-check
/** The picture at the cursor, large, over the grid: for a closer look before it is labelled. */
import { boxOverlay } from "./box_overlay.js";
import { byId, element, html } from "./dom.js";

/** @typedef {import("./grid_batch.js").Cell} Cell */

export class LargePicture {
  #room = byId("many-large");
  #button = byId("many-closer");
  #id = "";

  get isOpen() {
    return !this.#room.hidden;
  }

  toggle() {
    this.#room.hidden = !this.#room.hidden;
    this.#button.setAttribute("aria-pressed", String(this.isOpen));
  }

  close() {
    if (this.isOpen) this.toggle();
  }

  /** Show the cell, where it is open; a small picture is not enlarged: the large one comes by itself. @param {Cell | null} cell @param {string} mark */
  show(cell, mark) {
    if (!this.isOpen) return;
    this.#room.dataset.mark = mark;
    const id = cell?.item.id ?? "";
    if (this.#id === id) return;
    this.#id = id;
    this.#room.replaceChildren(...(cell ? picture(cell) : []));
  }
}

/** @param {Cell} cell @returns {HTMLElement[]} */
function picture({ item }) {
  const box = boxOverlay(item);
  return [element(html`<img src="${item.crop_url}" alt="${item.path}" draggable="false">`), ...(box === "" ? [] : [element(box)])];
}
