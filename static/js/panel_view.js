// @ts-check
/** What the panel beside the image shows: the work, the recall meter's details, or where to start. The image stays as it is. */
import { byId } from "./dom.js";

/** @typedef {"work" | "meter" | "start"} View */

export class PanelView extends EventTarget {
  #panel = byId("panel");

  /** @returns {View} */
  get now() {
    return /** @type {View} */ (this.#panel.dataset.view);
  }

  /** Show it, or the work again when it is shown already. @param {View} view */
  toggle(view) {
    this.show(this.now === view ? "work" : view);
  }

  /** @param {View} view */
  show(view) {
    if (this.now === view) return;
    this.#panel.dataset.view = view;
    this.#panel.scrollTop = 0;
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-opens]"))) {
      button.setAttribute("aria-expanded", String(button.dataset.opens === view));
    }
    if (getComputedStyle(this.#panel).overflowY === "visible") this.#panel.scrollIntoView({ block: "start" }); // a phone's is below
    this.dispatchEvent(new Event("change"));
  }
}
