// @ts-check
/** The sample on screen: the item to judge, those decoded after it, and what was judged here, to be taken back. */
import { boxOverlay } from "./box_overlay.js";
import { byId, element, html, setText } from "./dom.js";
import { Images } from "./images.js";

/** @typedef {import("./types.js").Item} Item */
const AHEAD = 6;

export class Sample {
  /** @type {Item[]} */
  #waiting = [];
  /** @type {Item[]} */
  #judged = [];
  /** @type {Set<string>} */
  #broken = new Set();
  #shown = "";
  #shown_at = 0;

  /** @param {(url: string) => Promise<number>} look */
  constructor(look) {
    const paint = () => this.#paint();
    this.images = new Images(look, paint, (id) => {
      this.#broken.add(id);
      paint();
    });
  }

  /** @returns {Item | undefined} */
  get current() {
    return this.#waiting[0];
  }

  get length() {
    return this.#waiting.length;
  }

  /** What the server still waits for. @param {Item[]} items */
  take(items) {
    this.#waiting = [...items];
    this.#paint();
  }

  /** Another audit: nothing of the one before can be taken back here. */
  forget() {
    this.#judged = [];
    this.take([]);
  }

  /**
   * The item on screen is judged, the next one is shown.
   *
   * @returns {{item: Item, elapsed_ms: number} | null} null while its picture is still on its way: nobody has seen it
   */
  judge() {
    const item = this.current;
    if (!item || !(this.images.isReady(item.id) || this.#broken.has(item.id))) return null;
    this.#waiting.shift();
    this.#judged.push(item);
    const elapsed_ms = Math.round(performance.now() - this.#shown_at);
    this.#paint();
    return { item, elapsed_ms };
  }

  /** The last one judged here comes back. @returns {boolean} whether there is one */
  takeBack() {
    const item = this.#judged.pop();
    if (!item) return false;
    this.#waiting = [item, ...this.#waiting.filter(({ id }) => id !== item.id)];
    this.#paint();
    return true;
  }

  #paint() {
    const item = this.current;
    const wanted = this.#waiting.slice(0, AHEAD).filter(({ id }) => !this.#broken.has(id));
    this.images.want(wanted.map(({ id, crop_url }) => ({ id, url: crop_url })));
    const image = item && this.images.get(item.id);
    const isBroken = Boolean(item && this.#broken.has(item.id));
    const key = item ? `${item.id} ${image ? "shown" : isBroken ? "broken" : "waits"}` : "";
    if (key === this.#shown) return;
    this.#shown = key;
    this.#shown_at = performance.now();
    const box = image && item.box_xyxy ? [element(html`<div class="auto-box">${boxOverlay(item)}</div>`)] : [];
    byId("picture").replaceChildren(...(image ? [image, ...box] : []));
    byId("frame").dataset.item = image && item ? item.id : "";
    byId("frame").setAttribute("aria-label", item?.path ?? "No image yet");
    byId("message").hidden = !isBroken;
    setText(byId("message"), isBroken ? "This image cannot be shown. Skip it: a skip counts as not right." : "");
    setText(byId("claim"), item?.class_name ?? "");
  }
}
