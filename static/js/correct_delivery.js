// @ts-check
/**
 * What was said of images, on its way to the server. When somebody else saved the image meanwhile, what was said here
 * is kept in the browser's storage until the person decides which of the two counts.
 */
import { Outbox } from "./outbox.js";
import { uuid } from "./dom.js";

/**
 * @typedef {import("./types.js").Press} Press
 * @typedef {import("./api.js").Refused} Refused
 * @typedef {{press: Press, message: string}} Conflict
 */

/** Fires "answer" ({press, answer}), "refused" ({press, refusal}), "conflict" when there is one more or one less, "change". */
export class Delivery extends EventTarget {
  #api;
  #storage;
  #drafts;
  #prefix;

  /** @param {{api: import("./api.js").Api, storage: Storage, pool: string, drafts: import("./drafts.js").Drafts}} parts */
  constructor({ api, storage, pool, drafts }) {
    super();
    [this.#api, this.#storage, this.#drafts] = [api, storage, drafts];
    this.#prefix = () => `winnow.conflict|${encodeURIComponent(pool)}|${encodeURIComponent(api.annotator)}|`;
    this.outbox = new Outbox({
      api,
      storage,
      place: `${encodeURIComponent(pool)}.correct`, // the label page takes over presses of its own only
      onAnswer: (press, answer) => this.#take(press, answer),
      onRefused: (press, refusal) => this.#refuse(press, refusal),
    });
    this.outbox.addEventListener("change", () => this.dispatchEvent(new Event("change")));
  }

  /** @param {Press} press */
  send(press) {
    this.outbox.add(press);
    void this.outbox.send();
  }

  /** @param {string} item_id @returns {Promise<void>} once nothing that was said of that image waits */
  async settled(item_id) {
    while (this.outbox.reviewed().has(item_id)) await new Promise((resolve) => this.outbox.addEventListener("change", resolve, { once: true }));
  }

  /** @returns {Conflict[]} oldest first */
  conflicts() {
    const keys = Array.from({ length: this.#storage.length }, (_, i) => this.#storage.key(i) ?? "");
    const found = keys.filter((key) => key.startsWith(this.#prefix())).map((key) => JSON.parse(this.#storage.getItem(key) ?? "null"));
    return found.filter(Boolean).sort((one, other) => one.press.at - other.press.at);
  }

  /** What was said here counts after all: what they added goes. @param {Conflict} conflict */
  async insist({ press }) {
    const theirs = await this.#api.get(`/api/results/${press.item_id}`);
    if (!this.conflicts().some((one) => one.press.key === press.key)) return; // decided meanwhile: pressed twice
    const mine = new Set([...(press.kept ?? []), ...(press.deleted ?? []), .../** @type {any[]} */ (press.drawn ?? []).map(({ replaces }) => replaces)]);
    const added = theirs.objects.filter((/** @type {any} */ { item_id, box_xyxy, place }) => place === "accepted" && !mine.has(item_id) && !isDrawn(press, box_xyxy));
    const deleted = [...(press.deleted ?? []), ...added.map((/** @type {any} */ { item_id }) => item_id)];
    const outcome = press.outcome === "accept" && added.length ? "correct" : press.outcome;
    const said = outcome === "correct" ? { outcome, deleted } : { outcome };
    this.send({ ...press, ...said, key: uuid(), based_on: null });
    this.drop({ press });
  }

  /** What they said counts. @param {Pick<Conflict, "press">} conflict */
  drop({ press }) {
    this.#storage.removeItem(this.#prefix() + encodeURIComponent(press.path ?? ""));
    this.dispatchEvent(new Event("conflict"));
  }

  /** @param {Press} press @param {import("./types.js").Answer} answer */
  #take(press, answer) {
    this.#drafts.remove(press.path ?? "");
    this.#tell("answer", { press, answer });
  }

  /** @param {Press} press @param {Refused} refusal */
  #refuse(press, refusal) {
    if (refusal.code !== "image_changed") return this.#tell("refused", { press, refusal });
    const conflict = { press, message: refusal.message };
    try {
      this.#storage.setItem(this.#prefix() + encodeURIComponent(press.path ?? ""), JSON.stringify(conflict));
      this.#drafts.remove(press.path ?? "");
    } catch {
      // no room to keep both: the draft, which holds the same steps, stays
    }
    this.dispatchEvent(new Event("conflict"));
    return undefined;
  }

  /** @param {string} name @param {object} detail */
  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** @param {Press} press @param {number[]} box */
function isDrawn({ drawn = [] }, box) {
  return /** @type {{box_xyxy: number[]}[]} */ (drawn).some(({ box_xyxy }) => box_xyxy.every((side, i) => side === box[i]));
}
