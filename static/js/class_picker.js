// @ts-check
/** Asks what an item is instead of what was claimed: by number, by the first letters, by a new name. */
import { byId, element, html } from "./dom.js";
import { kbd } from "./keys.js";

const NUMBERED = 9;
const LISTED = 60;

/** @typedef {{name: string, isNew: boolean}} Choice */

export class ClassPicker {
  /** Classes on offer, the most frequent first. @type {string[]} */
  names = [];
  #panel = byId("picker");
  #field = /** @type {HTMLInputElement} */ (byId("picker-text"));
  #list = byId("picker-list");
  #marked = 0;
  #claimed = "";
  /** @type {(name: string | null) => void} */
  #onChoose = () => {};

  constructor() {
    this.#field.addEventListener("input", () => this.#show(0));
    this.#panel.addEventListener("keydown", (event) => this.#onKey(event));
    this.#list.addEventListener("click", (event) => {
      const place = /** @type {HTMLElement} */ (event.target).closest("li")?.dataset.place;
      if (place) this.#choose(this.#choices()[Number(place)]?.name);
    });
    byId("picker-unknown").addEventListener("click", () => this.#choose(null));
    byId("picker-cancel").addEventListener("click", () => this.close());
  }

  get isOpen() {
    return !this.#panel.hidden;
  }

  /** @param {string} claimed the class that it is not @param {(name: string | null) => void} onChoose null = something else, not known what */
  open(claimed, onChoose) {
    [this.#claimed, this.#onChoose] = [claimed, onChoose];
    this.#field.value = "";
    this.#panel.hidden = false;
    this.#show(0);
    this.focus();
  }

  focus() {
    this.#field.focus({ preventScroll: true });
  }

  /** No verdict. */
  close() {
    if (!this.isOpen) return;
    this.#panel.hidden = true;
    /** @type {HTMLElement | null} */ (document.activeElement)?.blur(); // the keys go back to the page
  }

  /** @param {string | null | undefined} name */
  #choose(name) {
    if (name === undefined) return;
    if (name && !this.names.includes(name)) this.names.push(name);
    this.close();
    this.#onChoose(name);
  }

  /** @param {KeyboardEvent} event */
  #onKey(event) {
    const isAtStart = this.#field.value === "" && !event.ctrlKey && !event.altKey && !event.metaKey;
    const choices = this.#choices();
    if (event.isComposing) return;
    if (event.key === "Escape") this.close();
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") this.#show(this.#marked + (event.key === "ArrowDown" ? 1 : -1));
    else if (event.key === "Enter" && event.target === this.#field) this.#choose(choices[this.#marked]?.name);
    else if (isAtStart && event.key === "0") this.#choose(null);
    else if (isAtStart && /^[1-9]$/.test(event.key)) this.#choose(choices[Number(event.key) - 1]?.name);
    else return;
    event.preventDefault();
  }

  /** Those that begin with what is typed, then those that have it inside, then a new one. @returns {Choice[]} */
  #choices() {
    const typed = this.#field.value.trim();
    const small = typed.toLowerCase();
    const others = this.names.filter((name) => name !== this.#claimed);
    const begins = others.filter((name) => name.toLowerCase().startsWith(small));
    const holds = others.filter((name) => !begins.includes(name) && name.toLowerCase().includes(small));
    const known = [...begins, ...holds].map((name) => ({ name, isNew: false })).slice(0, LISTED);
    const isKnown = !typed || this.names.some((name) => name.toLowerCase() === small);
    return isKnown ? known : [...known, { name: typed, isNew: true }];
  }

  /** @param {number} marked the choice that Enter takes */
  #show(marked) {
    const choices = this.#choices();
    const isAtStart = this.#field.value === "";
    this.#marked = Math.max(0, Math.min(choices.length - 1, marked));
    this.#list.replaceChildren(...choices.map((choice, place) => this.#option(choice, place, isAtStart && place < NUMBERED)));
    const current = /** @type {HTMLElement | undefined} */ (this.#list.children[this.#marked]);
    current?.scrollIntoView({ block: "nearest" });
    this.#field.setAttribute("aria-activedescendant", current?.id ?? "");
  }

  /** @param {Choice} choice @param {number} place @param {boolean} isNumbered */
  #option({ name, isNew }, place, isNumbered) {
    const text = isNew ? html`New class: <b>${name}</b>` : html`${name}`;
    const option = element(html`<li role="option" id="picker-${place}" data-place="${place}" aria-selected="${place === this.#marked}"><span>${text}</span></li>`);
    option.prepend(isNumbered ? kbd(String(place + 1)) : element(html`<span></span>`));
    return option;
  }
}
