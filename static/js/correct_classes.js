// @ts-check
/** Which class the chosen object has, or the next box gets: by digit, by click, by name; and each class's colour. */
import { byId, element, html, setText } from "./dom.js";
import { huesOf } from "./predict_overlay.js";

const NUMBERED = 9;
const LISTED = 24;

/** Fires "choose" ({name}) when a person chose a class. */
export class Classes extends EventTarget {
  /** What a new box gets. */
  current = "";
  /** @type {string[]} */
  #names = [];
  #hueOf = huesOf([]);
  /** @type {string[]} as CSS colours */
  #colors;
  #field = /** @type {HTMLInputElement} */ (byId("class-name"));

  constructor() {
    super();
    const style = getComputedStyle(document.body);
    this.#colors = Array.from({ length: 8 }, (_, hue) => style.getPropertyValue(`--hue-${hue}`).trim());
    byId("classes").addEventListener("click", (event) => {
      const place = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset.place;
      if (place) this.choose(Number(place));
    });
    this.#field.addEventListener("keydown", (event) => this.#onKey(event));
  }

  /** @param {string[]} names those that are known; names that came up since stay */
  know(names) {
    const fresh = names.filter((name) => name && !this.#names.includes(name));
    if (!fresh.length) return;
    this.#names = [...this.#names, ...fresh];
    this.#hueOf = huesOf(this.#names);
    this.current ||= this.#names[0];
    this.#list();
  }

  /** @param {string} name */
  hueOf(name) {
    return this.#hueOf(name);
  }

  /** @param {{class_name: string}} object @returns {string} a CSS colour */
  colorOf({ class_name }) {
    return this.#colors[this.#hueOf(class_name)];
  }

  /** @param {number} place from 0 */
  choose(place) {
    const name = this.#names[place];
    if (name) this.#tell(name);
  }

  /** Say it by name. */
  focus() {
    this.#field.focus();
    this.#field.select();
  }

  /** @param {string | null} name of the chosen object */
  show(name) {
    if (document.activeElement !== this.#field) this.#field.value = name ?? this.current;
    setText(byId("class-label"), name === null ? "Class of the next box" : "Class");
    for (const button of byId("classes").querySelectorAll("button")) {
      button.setAttribute("aria-pressed", String(button.dataset.name === (name ?? this.current)));
    }
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    if (event.isComposing || (event.key !== "Enter" && event.key !== "Escape")) return;
    event.preventDefault();
    const name = this.#field.value.trim();
    this.#field.blur();
    if (event.key === "Enter" && name) this.#tell(name);
    else this.dispatchEvent(new Event("cancel"));
  }

  /** @param {string} name */
  #tell(name) {
    this.know([name]);
    this.current = name;
    this.dispatchEvent(new CustomEvent("choose", { detail: { name } }));
  }

  #list() {
    const buttons = this.#names.slice(0, LISTED).map((name, place) => {
      const key = place < NUMBERED ? html`<kbd>${place + 1}</kbd>` : "";
      return element(html`<button type="button" data-place="${place}" data-name="${name}" data-hue="${this.#hueOf(name)}">${key}<span class="swatch"></span>${name}</button>`);
    });
    byId("classes").replaceChildren(...buttons);
    byId("class-names").replaceChildren(...this.#names.map((name) => new Option(name)));
  }
}
