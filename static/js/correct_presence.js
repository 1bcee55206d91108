// @ts-check
/** Who else has this image open, asked every few seconds while the page is looked at. */
import { byId, setText } from "./dom.js";
import { tabName } from "./results_presence.js";

const EVERY_MS = 7000;

export class PresenceLine {
  #timer = 0;
  #tab = tabName();

  /** @param {import("./api.js").Api} api @param {() => string} itemId */
  constructor(api, itemId) {
    [this.api, this.itemId] = [api, itemId];
    document.addEventListener("visibilitychange", () => document.hidden || this.say());
  }

  /** Say that somebody is here, and show who else is. */
  async say() {
    clearTimeout(this.#timer);
    this.#timer = window.setTimeout(() => this.say(), EVERY_MS);
    const item_id = this.itemId();
    if (!item_id || document.hidden) return;
    const answer = await this.api.post(`/api/results/${item_id}/presence`, { page: "correct", tab: this.#tab }).catch(() => null);
    if (item_id === this.itemId()) this.#show(answer?.others ?? []);
  }

  /** @param {{annotator: string, page: string}[]} others */
  #show(others) {
    const names = [...new Set(others.map(({ annotator, page }) => `${annotator} (${page} page)`))].join(", ");
    setText(byId("presence"), names && `Also here: ${names}. Whoever saves second is asked what counts.`);
    byId("presence").hidden = !names;
  }
}
