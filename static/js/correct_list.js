// @ts-check
/** The objects of the image as a list: for those who do not see the canvas, and for boxes too small to hit. */
import { byId, element, html, setText } from "./dom.js";

/** @typedef {import("./edit_model.js").EditObject} EditObject */

const MOST = 300;

export class ObjectList {
  #list = byId("objects");
  /** @type {WeakMap<EditObject, HTMLElement>} a row is made once for an object as it is */
  #rows = new WeakMap();
  #timer = 0;

  /**
   * @param {import("./edit_model.js").EditModel} model
   * @param {{hueOf: (name: string) => number, onChoose: (id: string) => void, isToCorrect: (object: EditObject) => boolean}} how
   */
  constructor(model, { hueOf, onChoose, isToCorrect }) {
    [this.model, this.hueOf, this.isToCorrect] = [model, hueOf, isToCorrect];
    for (const name of ["change", "select"]) model.addEventListener(name, () => this.#renderSoon());
    this.#list.addEventListener("click", (event) => {
      const id = /** @type {HTMLElement} */ (event.target).closest("li")?.dataset.id;
      if (id) onChoose(id);
    });
  }

  /** Classes have other colours now. */
  forget() {
    this.#rows = new WeakMap();
    this.#renderSoon();
  }

  /** Once the frame is painted: a drag or a held key must not wait for it. */
  #renderSoon() {
    this.#timer ||= window.setTimeout(() => this.#render(), 60);
  }

  #render() {
    this.#timer = 0;
    const { objects, selected, belowScore } = this.model;
    const place = Math.max(0, objects.findIndex(({ id }) => id === selected));
    const from = Math.max(0, Math.min(place - MOST / 2, objects.length - MOST));
    const shown = objects.slice(from, from + MOST);
    this.#list.replaceChildren(...shown.map((object, i) => this.#row(object, from + i + 1, object.id === selected)));
    this.#list.setAttribute("aria-activedescendant", selected ? `object-${selected}` : "");
    this.#reveal(/** @type {HTMLElement | null} */ (this.#list.querySelector("[aria-selected=true]")));
    const hidden = objects.length > shown.length ? `, ${(objects.length - shown.length).toLocaleString("en")} more not listed` : "";
    setText(byId("objects-count"), `${objects.length.toLocaleString("en")}${hidden}`);
    setText(byId("objects-below"), belowScore.length ? `${counted(belowScore.length)} below the score: background when this is saved` : "");
    byId("objects-empty").hidden = objects.length > 0;
  }

  /** Within the list only: on a phone the page would scroll away from the image. @param {HTMLElement | null} row */
  #reveal(row) {
    if (!row) return;
    const top = row.offsetTop - this.#list.offsetTop;
    const { scrollTop, clientHeight } = this.#list;
    if (top < scrollTop) this.#list.scrollTop = top;
    else if (top + row.offsetHeight > scrollTop + clientHeight) this.#list.scrollTop = top + row.offsetHeight - clientHeight;
  }

  /** @param {EditObject} object @param {number} number @param {boolean} isSelected */
  #row(object, number, isSelected) {
    const known = this.#rows.get(object);
    const row = known ?? this.#newRow(object);
    this.#rows.set(object, row);
    row.setAttribute("aria-selected", String(isSelected));
    setText(/** @type {HTMLElement} */ (row.querySelector(".object-number")), String(number));
    const kind = this.#kindOf(object);
    row.dataset.kind = kind;
    setText(/** @type {HTMLElement} */ (row.querySelector(".object-kind")), kind);
    return row;
  }

  /** @param {EditObject} object */
  #newRow({ id, box: [x1, y1, x2, y2], class_name, score, mask }) {
    const size = `${Math.round(x2 - x1)} × ${Math.round(y2 - y1)}`;
    const facts = [score === null ? "" : score.toFixed(2), mask ? "mask" : ""].filter(Boolean).join(" · ");
    return element(html`<li role="option" id="object-${id}" data-id="${id}" data-hue="${this.hueOf(class_name)}">
      <span class="object-number"></span><span class="swatch"></span>
      <span class="object-class">${class_name || "(no class)"}</span><span class="object-kind"></span>
      <span class="object-facts muted">${size} px at ${Math.round(x1)}, ${Math.round(y1)}${facts ? ` · ${facts}` : ""}</span></li>`);
  }

  /** @param {EditObject} object */
  #kindOf(object) {
    if (!this.model.isUntouched(object.id)) return object.item_id ? "corrected" : "new";
    if (this.isToCorrect(object)) return "box is off";
    return object.origin === "prediction" ? "predicted" : "accepted";
  }
}

/** @param {number} n */
function counted(n) {
  return n === 1 ? "1 prediction" : `${n.toLocaleString("en")} predictions`;
}
