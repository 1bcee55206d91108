// @ts-check
/** One image large, with the list of its regions; a region is chosen there, or on the image, and can be boxed anew. */
import { BoxEditor } from "./box_editor.js";
import { byId, element, html, setText } from "./dom.js";
import { PLACES, STATES, inWords, regionBoxes, whereabouts } from "./images_look.js";

/** @typedef {import("./images_rows.js").Image} Image */

export class LargeImage extends EventTarget {
  /** @type {Image | null} */
  image = null;
  #view = byId("large");
  #chosen = 0;

  /** @param {() => string[]} classes @param {(drawn: import("./box_editor.js").Drawn) => void} onSave */
  constructor(classes, onSave) {
    super();
    this.editor = new BoxEditor(classes, onSave, () => this.#draw());
    byId("large-regions").addEventListener("click", (event) => this.#choose(event));
    byId("large-boxes").addEventListener("click", (event) => this.#choose(event));
    byId("large-regions").addEventListener("dblclick", () => this.editChosen());
  }

  get isOpen() {
    return !this.#view.hidden;
  }

  /** @param {Image} image */
  open(image) {
    if (this.image?.path !== image.path) {
      this.editor.stop();
      this.#chosen = 0;
    }
    this.image = image;
    this.#view.hidden = false;
    this.#draw();
    if (!this.editor.isOpen) this.#view.focus({ preventScroll: true });
  }

  close() {
    this.editor.stop();
    this.#view.hidden = true;
    this.dispatchEvent(new Event("close"));
  }

  /** Choose another region. @param {number} step */
  move(step) {
    if (!this.image) return;
    this.#chosen = Math.max(0, Math.min(this.image.regions.length - 1, this.#chosen + step));
    this.#showChosen();
  }

  /** Give the chosen region a better box or class. */
  editChosen() {
    const region = this.image?.regions[this.#chosen];
    if (this.image && region) this.editor.start(this.image, region);
  }

  /** Box an object that nobody proposed. */
  addBox() {
    if (this.image) this.editor.start(this.image, null);
  }

  /** @param {Event} event */
  #choose(event) {
    const index = /** @type {HTMLElement} */ (event.target).closest("[data-index]")?.getAttribute("data-index");
    if (!index || this.editor.isOpen) return;
    this.#chosen = Number(index);
    this.#showChosen();
  }

  #draw() {
    const { image } = this;
    if (!image) return;
    const [sign, word] = STATES[image.state];
    setText(byId("large-path"), image.path);
    setText(byId("large-state"), [`${sign} ${word} · ${inWords(image)}`, whereabouts(image)].filter(Boolean).join(" · "));
    const svg = byId("large-stage");
    svg.setAttribute("viewBox", `0 0 ${image.width ?? 1} ${image.height ?? 1}`);
    const picture = byId("large-picture");
    if (picture.getAttribute("href") !== image.image_url) picture.setAttribute("href", image.image_url ?? "");
    for (const side of /** @type {const} */ (["width", "height"])) picture.setAttribute(side, String(image[side] ?? 1));
    const boxes = regionBoxes(image.regions, this.editor.replacing);
    byId("large-boxes").replaceChildren(...element(html`<svg>${boxes}</svg>`).children);
    byId("large-regions").replaceChildren(...image.regions.map(row));
    byId("large-none").hidden = image.regions.length > 0;
    byId("large-list").hidden = this.editor.isOpen;
    this.#chosen = Math.max(0, Math.min(image.regions.length - 1, this.#chosen));
    this.#showChosen();
  }

  #showChosen() {
    for (const part of /** @type {NodeListOf<HTMLElement>} */ (this.#view.querySelectorAll("[data-index]"))) {
      const isChosen = part.dataset.index === String(this.#chosen) && !this.editor.isOpen;
      part.toggleAttribute("data-chosen", isChosen);
      if (part.matches("li")) part.setAttribute("aria-selected", String(isChosen));
      if (part.matches("li") && isChosen) part.scrollIntoView({ block: "nearest" });
    }
  }
}

/** @param {import("./images_rows.js").Region} region @param {number} index */
function row({ class_name, claimed, score, reason, place }, index) {
  const [sign, word] = PLACES[place];
  const was = claimed && claimed !== class_name ? `was ${claimed}` : "";
  const more = [score === null ? "" : score.toFixed(2), reason?.replace("_", " "), was].filter(Boolean).join(" · ");
  return element(html`<li role="option" data-index="${index}" data-place-of="${place}"><span class="region-sign" aria-hidden="true">${sign}</span>
    <span><b>${class_name}</b> <span class="muted">${more}</span></span><span class="region-word">${word}</span></li>`);
}
