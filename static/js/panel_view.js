// @ts-check
/** What the panel beside the image shows: the work, the recall meter's details, or where to start. The image stays as it is. */
import { byId } from "./dom.js";

/** @typedef {"work" | "meter" | "start"} View */

/** Where the panel stands under the image, as the stylesheet has it. */
const BELOW = "(max-width: 900px)";

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
    if (matchMedia(BELOW).matches) this.#panel.scrollIntoView({ block: "start" });
    this.dispatchEvent(new Event("change"));
  }
}
