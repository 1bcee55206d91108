// @ts-check
/**
 * The presses on their way to the server: written down before they are sent, sent one at a time in the order they
 * were made, tried again until the server has them. A press survives a reload; its key makes a repeat harmless.
 */
import { uuid } from "./dom.js";
import { Refused, Unreachable } from "./api.js";

/** @typedef {import("./types.js").Press} Press */
/** @typedef {import("./types.js").Answer} Answer */

/** Where each kind of press goes, and what it says there. @type {Record<Press["kind"], (body: Partial<Press>) => [string, object]>} */
const CALLS = {
  verdict: (body) => ["/api/verdicts", body],
  bulk: (body) => ["/api/verdicts/batch", body],
  audit: ({ number, ...body }) => [`/api/auto/${number}/verdicts`, body],
  undo: (body) => ["/api/undo", body],
  miss: ({ item_id, ...body }) => [`/api/images/${item_id}/miss`, body],
  complete: ({ item_id, ...body }) => [`/api/images/${item_id}/complete`, body],
  correction: (body) => ["/api/corrections", body],
  review: ({ item_id, path: _, ...body }) => [`/api/results/${item_id}`, body],
};
const FIRST_WAIT_MS = 250;
const LONGEST_WAIT_MS = 4000;

export class Outbox extends EventTarget {
  /** Why the last attempt did not get through: what the server said, empty when it said nothing; null when all is well. @type {string | null} */
  problem = null;
  /** @type {{slot: string, press: Press}[]} */
  #waiting = [];
  #tab = uuid();
  #count = 0;
  #isSending = false;
  #wake = () => {};

  /**
   * @param {{api: import("./api.js").Api, storage: Storage, place: string,
   *   onAnswer: (press: Press, answer: Answer) => void, onRefused: (press: Press, refusal: Refused) => void}} parts
   *   `place` keeps the presses of different pools on one address apart
   */
  constructor({ api, storage, place, onAnswer, onRefused }) {
    super();
    this.#api = api;
    this.#storage = storage;
    this.#prefix = `winnow.outbox|${place}|`;
    this.#onAnswer = onAnswer;
    this.#onRefused = onRefused;
    api.addEventListener("reachable", () => api.isReachable && this.#wake());
  }
  #api;
  #storage;
  #prefix;
  #onAnswer;
  #onRefused;

  get size() {
    return this.#waiting.length;
  }

  /** The key of the press that is sent now or next, empty when none waits. */
  get first() {
    return this.#waiting[0]?.press.key ?? "";
  }

  /** @returns {Set<string>} the items whose verdict the server may not know yet */
  itemIds() {
    return new Set(this.#waiting.flatMap(({ press }) => judgedBy(press)));
  }

  /** @returns {Set<string>} an item of each image whose review the server may not know yet */
  reviewed() {
    return new Set(this.#waiting.flatMap(({ press }) => (press.kind === "review" ? (press.item_id ?? []) : [])));
  }

  /** Take over what closed or reloaded tabs left behind; a tab that still lives keeps its own until it is closed. */
  async open() {
    void navigator.locks?.request(this.#prefix + this.#tab, forever);
    const tabs = new Set(this.#slots().map((slot) => slot.split("|")[2]));
    await Promise.all([...tabs].map((tab) => this.#adoptWhenAbandoned(tab)));
  }

  /** Write a press down. Nothing is sent before `send`. @param {Press} press */
  add(press) {
    const slot = `${this.#prefix}${this.#tab}|${String(this.#count++).padStart(9, "0")}`;
    try {
      this.#storage.setItem(slot, JSON.stringify(press));
    } catch {
      this.dispatchEvent(new Event("full")); // it is still sent, but would not survive a reload
    }
    this.#waiting.push({ slot, press });
  }

  /** Deliver everything that waits, in order. */
  async send() {
    if (this.#isSending) return;
    this.#isSending = true;
    try {
      for (let wait_ms = FIRST_WAIT_MS; this.#waiting.length; ) {
        const isDone = await this.#deliver(this.#waiting[0]);
        wait_ms = isDone ? FIRST_WAIT_MS : Math.min(2 * wait_ms, LONGEST_WAIT_MS);
        if (!isDone) await this.#pause(wait_ms);
      }
    } finally {
      this.#isSending = false;
    }
  }

  /** @param {{slot: string, press: Press}} entry @returns {Promise<boolean>} whether the server has decided on it */
  async #deliver({ slot, press }) {
    this.#changed();
    let answer, refusal;
    try {
      answer = await this.#post(press);
    } catch (error) {
      if (!(error instanceof Refused)) return this.#failed(error);
      refusal = error;
    }
    this.problem = null;
    this.#forget(slot);
    const undo = refusal || answer?.verdicts === 0 ? this.#forgetUndoOf(press) : null; // nothing was recorded
    if (refusal) this.#onRefused(press, refusal);
    else if (answer) this.#onAnswer(press, answer);
    if (undo) this.#onRefused(undo, new Refused(409, "nothing_to_undo", "What it takes back was not recorded."));
    this.#changed();
    return true;
  }

  /** @param {string} slot */
  #forget(slot) {
    this.#waiting = this.#waiting.filter((entry) => entry.slot !== slot);
    this.#storage.removeItem(slot);
  }

  /** What would take this press back goes with it: it would take back an older one. @param {Press} press @returns {Press | null} */
  #forgetUndoOf(press) {
    const undo = press.kind === "undo" ? null : this.#undoOf(press);
    if (undo) this.#forget(undo.slot);
    return undo?.press ?? null;
  }

  /** Each undo takes back the annotator's newest press before it. @param {Press} press delivered first */
  #undoOf(press) {
    let newer = 1;
    return this.#waiting.find((entry) => {
      if (entry.press.annotator === press.annotator) newer += entry.press.kind === "undo" ? -1 : 1;
      return newer === 0;
    });
  }

  /** @param {unknown} error */
  #failed(error) {
    this.problem = error instanceof Unreachable ? error.reason : String(error);
    this.#changed();
    return false;
  }

  /** @param {Press} press @returns {Promise<Answer>} */
  #post({ kind, annotator, at: _, ...body }) {
    const [path, content] = CALLS[kind](body);
    return this.#api.post(path, content, annotator);
  }

  /** @param {number} wait_ms @returns {Promise<void>} ends early when the server is back */
  #pause(wait_ms) {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, wait_ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /**
   * A tab holds a lock for as long as it lives. Without locks (plain http on a network) every tab may deliver every
   * press, which the keys make harmless.
   *
   * @param {string} tab @returns {Promise<void>} ends when it is adopted or known to live
   */
  #adoptWhenAbandoned(tab) {
    if (!navigator.locks) return Promise.resolve(this.#adopt(tab));
    const name = this.#prefix + tab;
    return new Promise((resolve) => {
      const take = () => {
        this.#adopt(tab);
        resolve();
        return forever();
      };
      void navigator.locks.request(name, { ifAvailable: true }, (lock) => {
        if (lock) return take();
        resolve();
        void navigator.locks.request(name, take);
        return undefined;
      });
    });
  }

  /** @param {string} tab */
  #adopt(tab) {
    for (const slot of this.#slots()) {
      if (slot.split("|")[2] !== tab) continue;
      const press = JSON.parse(this.#storage.getItem(slot) ?? "null");
      if (press) this.#waiting.push({ slot, press });
    }
    this.#waiting.sort((one, other) => one.press.at - other.press.at || one.slot.localeCompare(other.slot));
    this.#changed();
    void this.send();
  }

  #slots() {
    const keys = Array.from({ length: this.#storage.length }, (_, i) => this.#storage.key(i) ?? "");
    return keys.filter((key) => key.startsWith(this.#prefix));
  }

  #changed() {
    this.dispatchEvent(new Event("change"));
  }
}

/** @param {Press} press @returns {string[]} the items that it is a verdict on */
function judgedBy({ kind, item_id, items = [] }) {
  if (kind === "bulk") return items.map((item) => item.item_id);
  return kind === "verdict" && item_id ? [item_id] : [];
}

/** Never ends: what keeps a lock held until the page is gone. @returns {Promise<never>} */
function forever() {
  return new Promise(() => {});
}
