// @ts-check
/** What the page has to say: a banner that stays while it is true, and a short word that goes by itself. */
import { byId, setText } from "./dom.js";

const SHORT_MS = 2200;

export class Notices {
  #banner = byId("banner");
  #toast = byId("toast");
  #timer = 0;
  /** @type {string[]} */
  #refusals = [];
  #outage = "";

  constructor() {
    byId("banner-dismiss").addEventListener("click", () => {
      this.#refusals = [];
      this.#render();
    });
  }

  /** @param {string} text */
  say(text) {
    setText(this.#toast, text);
    this.#toast.hidden = false;
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => (this.#toast.hidden = true), SHORT_MS);
  }

  /**
   * The server cannot take answers, or can again.
   *
   * @param {string | null} problem null when all is well, else what the server said; empty when it is gone
   * @param {number} kept presses that wait for it
   */
  showOutage(problem, kept) {
    const answers = kept === 1 ? "1 answer" : `${kept} answers`;
    const waiting = kept ? `${answers} kept, will be sent` : "nothing is lost";
    this.#outage = problem === null ? "" : `${problem || "Server not reachable"} — ${waiting}`;
    this.#render();
  }

  /** Something was not taken; it stays until it is read. @param {string} text */
  showRefusal(text) {
    this.#refusals.push(text);
    this.#render();
  }

  #render() {
    const more = this.#refusals.length > 1 ? ` (and ${this.#refusals.length - 1} more)` : "";
    const text = this.#outage || (this.#refusals.length ? this.#refusals.at(-1) + more : "");
    setText(byId("banner-text"), text);
    byId("banner-dismiss").hidden = Boolean(this.#outage);
    this.#banner.hidden = text === "";
  }
}
