// @ts-check
/** Beside the item: the nearest accepted and the nearest rejected, on demand. */
import { boxOverlay } from "./box_overlay.js";
import { byId, element, html, setText } from "./dom.js";
import { NowAndThen } from "./now_and_then.js";

/** @typedef {import("./types.js").Item} Item */
/** @typedef {import("./types_goals.js").Like} Like */

const EACH_MS = 1000;
const SHOWN = 3;
const SIZE_PX = 256;

export class Exemplars {
  #strip = byId("exemplars");
  /** @type {Item | null} */
  #item = null;
  #shownFor = "";
  #asking = new NowAndThen(() => this.#read(), EACH_MS);

  /** @param {{api: import("./api.js").Api, notices: import("./notice.js").Notices}} parts */
  constructor({ api, notices }) {
    this.api = api;
    this.notices = notices;
  }

  get #isOpen() {
    return !this.#strip.hidden;
  }

  /** What was said of such items would lead; the stylesheet hides what is there. */
  get #isBlind() {
    return byId("bench").dataset.blind === "true";
  }

  toggle() {
    if (this.#isBlind) return this.notices.say("Blind: exemplars are shown with other goals");
    this.#strip.hidden = this.#isOpen;
    byId("bench").classList.toggle("with-exemplars", this.#isOpen);
    byId("exemplars-button").setAttribute("aria-pressed", String(this.#isOpen));
    this.#shownFor = "";
    return this.show(this.#item);
  }

  /** Called after the paint with the item on screen. @param {Item | null} item */
  show(item) {
    this.#item = item;
    if (!this.#isOpen || this.#isBlind) return;
    const isNew = this.#shownFor !== (item?.id ?? "");
    this.#strip.toggleAttribute("data-stale", isNew);
    if (isNew && item) this.#asking.soon();
  }

  async #read() {
    const item = this.#item;
    if (!item || !this.#isOpen) return;
    const near = await this.api.get(`/api/items/${item.id}/exemplars?n=${SHOWN}`).catch(() => null);
    if (this.#item?.id !== item.id) return this.show(this.#item); // another image came meanwhile
    this.#draw("accepted", near?.accepted ?? []);
    this.#draw("rejected", near?.rejected ?? []);
    setText(byId("exemplars-problem"), near ? "" : "Not to be had now.");
    if (!near) return undefined; // asked for again with the next change
    this.#shownFor = item.id;
    return this.#strip.removeAttribute("data-stale");
  }

  /** @param {"accepted" | "rejected"} side @param {Like[]} items nearest first */
  #draw(side, items) {
    const places = Array.from({ length: SHOWN }, (_, place) => element(slot(items[place] ?? null, place === 0)));
    byId(`exemplars-${side}`).replaceChildren(...places);
  }
}

/** @param {Like | null} item @param {boolean} isFirst */
function slot(item, isFirst) {
  if (!item) return html`<li class="empty-slot">${isFirst ? "None yet" : ""}</li>`;
  const url = item.crop_url.replace(/size=\d+/, `size=${SIZE_PX}`);
  const likeness = item.likeness.toFixed(2).replace("-", "−");
  const what = `${item.path}, likeness ${likeness}`;
  return html`<li title="${what}"><img src="${url}" alt="${what}">${boxOverlay(item)}<span aria-hidden="true">${likeness}</span></li>`;
}
