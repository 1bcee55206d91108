// @ts-check
/** Tells the server which image is looked at here, and the person who else looks at it. */
import { byId, setText, uuid } from "./dom.js";

const WORD_EVERY_MS = 7000; // the server forgets after 20 seconds
const PAGES = { results: "results page", correct: "correct page" };

export class ResultsPresence {
  #itemId = "";
  #timer = 0;
  #tab = tabName();

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
    document.addEventListener("visibilitychange", () => !document.hidden && void this.#say());
  }

  /** This image is on screen now. @param {string} itemId */
  on(itemId) {
    if (itemId !== this.#itemId) byId("others").hidden = true;
    this.#itemId = itemId;
    void this.#say();
  }

  async #say() {
    clearTimeout(this.#timer);
    const itemId = this.#itemId;
    if (!itemId || document.hidden) return;
    this.#timer = window.setTimeout(() => void this.#say(), WORD_EVERY_MS);
    try {
      const { others } = await this.api.post(`/api/results/${itemId}/presence`, { page: "results", tab: this.#tab });
      if (itemId === this.#itemId) this.#show(others);
    } catch {
      // The header says that the server cannot be reached.
    }
  }

  /** @param {{annotator: string, page: "results" | "correct"}[]} others */
  #show(others) {
    byId("others").hidden = others.length === 0;
    const names = others.map(({ annotator, page }) => `${annotator} (${PAGES[page]})`);
    setText(byId("others"), names.length ? `Also on this image just now: ${names.join(", ")}` : "");
  }
}

/** One name for this tab, whichever pages it goes through. @returns {string} */
export function tabName() {
  try {
    const known = sessionStorage.getItem("winnow.tab") ?? uuid();
    sessionStorage.setItem("winnow.tab", known);
    return known;
  } catch {
    return ""; // blocked: a name is one person then, whatever the window
  }
}
