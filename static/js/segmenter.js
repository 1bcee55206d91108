// @ts-check
/** The server's segmenter as the page knows it: which one, how it does, and which images it has read ahead. */

import { Unreachable } from "./api.js";

/**
 * @typedef {import("./rle.js").Rle} Rle
 * @typedef {import("./rle.js").Box} Box
 * @typedef {[number, number, 0 | 1]} PromptPoint x, y in pixels; 1 inside the object, 0 outside
 * @typedef {{model: string | null, state: "none" | "stopped" | "starting" | "ready" | "failed", problem: string | null,
 *   models: {name: string, label: string, help: string}[], how_to: string}} Choices
 * @typedef {{box: Box | null, points: PromptPoint[], mask: Rle | null}} Prompt mask: an earlier one that is refined
 * @typedef {{seq: number, mask: Rle | null, box_xyxy: Box | null, score: number, stability: number, area_px: number,
 *   ms: number, model: string, is_embedding_new: boolean}} Answer
 * @typedef {{mask: Rle | null, box_xyxy: Box | null, area_px: number, polygons: [number, number][][]}} Tidied
 * @typedef {{holes_px: number, islands_px: number, tolerance_px: number}} Tidiness
 */

const POLL_MS = 400;

/** Fires "change" when the choice, its state or what is prepared changed. */
export class Segmenter extends EventTarget {
  /** @type {Choices | null} null before the server answered */
  choices = null;
  /** Why it cannot be asked right now, empty when it can. */
  problem = "";
  /** How the image on screen does. @type {"unknown" | "working" | "ready" | "failed"} */
  image = "unknown";
  #seq = 0;
  /** Goes up when another segmenter is chosen: what was asked before is about the one before. */
  #choices = 0;
  /** @type {Promise<unknown>} until the server knows of the newest choice */
  #chosen = Promise.resolve();
  #timer = 0;
  /** @type {string[]} the image on screen and the ones after it */
  #wanted = [];

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    super();
    this.api = api;
    api.addEventListener("reachable", () => api.isReachable && void this.load().then(() => this.prepare(this.#wanted)));
  }

  /** Whether it can be asked for masks; a stopped one starts when it is. */
  get isUsable() {
    return this.choices !== null && this.choices.model !== null && !["none", "failed"].includes(this.choices.state);
  }

  async load() {
    await this.#chosen;
    await this.#hear(this.api.get("/api/masks"));
  }

  /** @param {string} model */
  async choose(model) {
    this.image = "unknown";
    this.#choices += 1;
    this.#chosen = this.#hear(this.api.put("/api/masks", { model }));
    await this.#chosen;
    await this.prepare(this.#wanted);
  }

  /** Have images read ahead, the one on screen first; until that one is there, ask again. @param {string[]} itemIds */
  async prepare(itemIds) {
    clearTimeout(this.#timer);
    if (itemIds[0] !== this.#wanted[0]) this.image = "unknown";
    this.#wanted = itemIds;
    if (!itemIds.length || !this.isUsable) return;
    try {
      const { states } = await this.api.post("/api/masks/prepare", { item_ids: itemIds });
      if (itemIds !== this.#wanted) return;
      this.image = states[itemIds[0]] ?? "failed";
      if (this.choices?.state !== "ready" || this.image === "failed") await this.load();
    } catch (error) {
      if (itemIds !== this.#wanted) return;
      this.#fail(error);
    }
    this.#tell();
    if (this.image === "working" || this.choices?.state === "starting") this.#prepareAgain(itemIds);
  }

  /** @param {string} itemId @param {Prompt} prompt @returns {Promise<Answer>} */
  async predict(itemId, { box, points, mask }) {
    const seq = ++this.#seq;
    const asked = this.api.post("/api/masks/predict", { item_id: itemId, box_xyxy: box, points, mask, seq });
    const answer = await this.#orLook(asked);
    if (answer.seq !== seq) throw new Error(`The server answered prompt ${answer.seq}, not ${seq}.`);
    if (this.image !== "ready" || this.choices?.state !== "ready") void this.#hasAnswered(itemId);
    return answer;
  }

  /** @param {string} itemId @param {Rle} mask @param {Tidiness} tidiness @returns {Promise<Tidied>} */
  tidy(itemId, mask, tidiness) {
    return this.#orLook(this.api.post("/api/masks/tidy", { item_id: itemId, mask, ...tidiness }));
  }

  /** Where it fails, look how the segmenter does: it may have ended. @template Told @param {Promise<Told>} asked @returns {Promise<Told>} */
  async #orLook(asked) {
    try {
      return await asked;
    } catch (error) {
      void this.load();
      throw error;
    }
  }

  /** @param {string[]} itemIds */
  #prepareAgain(itemIds) {
    this.#timer = window.setTimeout(() => itemIds === this.#wanted && void this.prepare(itemIds), POLL_MS);
  }

  /** @param {string} itemId */
  async #hasAnswered(itemId) {
    if (itemId === this.#wanted[0]) this.image = "ready";
    await this.load();
  }

  /** @param {Promise<Choices>} asked */
  async #hear(asked) {
    const turn = this.#choices;
    const told = await asked.then(
      (choices) => () => ([this.choices, this.problem] = [choices, ""]),
      (error) => () => this.#fail(error),
    );
    if (turn !== this.#choices) return;
    told();
    this.#tell();
  }

  /** @param {unknown} error */
  #fail(error) {
    const reason = error instanceof Error ? error.message : String(error);
    this.problem = error instanceof Unreachable ? `No masks for now: ${reason}. Boxes, brush and eraser work.` : reason;
  }

  #tell() {
    this.dispatchEvent(new Event("change"));
  }
}
