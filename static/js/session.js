// @ts-check
/**
 * One person's labelling: binds each press to the item on screen, brings the next one at once, and keeps in step with
 * the server. Knows nothing of the document; `show` paints.
 */
import { Unreachable } from "./api.js";
import { uuid } from "./dom.js";
import { Images } from "./images.js";
import { Lineup, isBulk } from "./lineup.js";
import { Outbox } from "./outbox.js";

/** @typedef {import("./types.js").Item} Item */
/** @typedef {import("./types.js").Queue} Queue */
/** @typedef {import("./types.js").Press} Press */
/** @typedef {import("./types.js").Answer} Answer */

const FIRST_QUEUE = 32;
const AHEAD = 8;
const BEHIND = 6;
const FIRST_POLL_MS = 120;
const LONGEST_POLL_MS = 2000;
const LONGEST_ELAPSED_MS = 3_600_000;

export class Session extends EventTarget {
  lineup = new Lineup();
  /** @type {Queue | null} the server's newest word on progress, model and strategy */
  server = null;
  /** Undos under way: key → the item shown for it, "" for none, null where only the server knows it. @type {Map<string, string | null>} */
  #undos = new Map();
  #isToStartAnew = false;
  #shown_at = 0;
  #presses = 0;
  /** Goes up with each question for a queue. */
  #asked = 0;
  /** The newest question that was answered, or overtaken by a choice: nothing older is taken. */
  #taken = 0;
  /** The press on its way when a choice was made: its answer may be from before it. */
  #overtaken = "";
  /** Whether a choice of what is shown next has overtaken `server`. */
  isOutdated = false;
  #poll = { timer: 0, wait_ms: FIRST_POLL_MS };

  /**
   * @param {{api: import("./api.js").Api, storage: Storage, place: string, annotator: () => string,
   *   show: (item: Item | null, image: HTMLImageElement | null) => void}} parts `show` paints an item, or none
   */
  constructor({ api, storage, place, annotator, show }) {
    super();
    this.api = api;
    this.annotator = annotator;
    this.show = show;
    this.images = new Images(
      (url) => api.look(url),
      () => this.#advance(),
      (id) => this.#leaveOut(id),
    );
    this.outbox = new Outbox({
      api,
      storage,
      place,
      onAnswer: (press, answer) => this.#take(press, answer),
      onRefused: (press, refusal) => this.#takeRefusal(press, refusal),
    });
    api.addEventListener("reachable", () => this.#onReachable());
  }

  async open() {
    await this.outbox.open();
    await this.refresh(FIRST_QUEUE);
  }

  /** What a verdict would be for: nothing while an undo is under way whose item is not known yet. */
  get current() {
    return this.isTakingBack ? null : this.lineup.current;
  }

  get isTakingBack() {
    return this.api.isReachable && [...this.#undos.values()].includes(null);
  }

  /** Whether the pool has nothing left to judge. */
  get isFinished() {
    const isSettled = this.server !== null && this.server.model.state !== "fitting" && this.outbox.size === 0;
    const isEmpty = this.server?.items.every((item) => this.lineup.isBroken(item.id)) ?? false;
    return isSettled && isEmpty && !this.lineup.current && this.lineup.queue.length === 0;
  }

  /**
   * Judge the item on screen; ignored while there is none. Shows the next one before it returns.
   *
   * @param {number | null} label @param {{reason?: string, class_name?: string}} [why] for a rejection
   * @returns {Item | null} what was judged
   */
  judge(label, why = {}) {
    const item = this.current;
    if (!item) return null;
    const elapsed_ms = Math.min(Math.round(performance.now() - this.#shown_at), LONGEST_ELAPSED_MS);
    const press = this.#press({ kind: "verdict", item_id: item.id, label, elapsed_ms, model_version: item.model_version, strategy: item.strategy, ...why });
    this.lineup.judge(press.key, label);
    this.#advance();
    return item;
  }

  /**
   * Label many items together, those and no others: one press, taken back by one undo. They leave the line at once.
   *
   * @param {{item_id: string, label: number}[]} items
   * @param {{way: import("./types.js").Way, elapsed_ms: number, model_version?: number}} how @returns {string} the press's key
   */
  judgeMany(items, { elapsed_ms, ...how }) {
    const press = this.#press({ kind: "bulk", items, elapsed_ms: Math.min(Math.round(elapsed_ms), LONGEST_ELAPSED_MS), ...how });
    this.lineup.judgeMany(new Set(items.map((item) => item.item_id)), press.key);
    this.#advance();
    this.#tell("change");
    return press.key;
  }

  /** Say that the image on screen has an object that nobody proposed; the item stays. @returns {Item | null} */
  markMissed() {
    const item = this.current;
    if (item) this.lineup.mark(this.#press({ kind: "miss", item_id: item.id }).key);
    return item;
  }

  /** Take back the last verdict or mark; its item returns at once where it is known here, else with the server's answer. */
  takeBack() {
    const press = this.#press({ kind: "undo" });
    const last = this.lineup.takeBack();
    this.#undos.set(press.key, last && (last.item?.id ?? ""));
    if (last?.item || last?.many) this.#advance();
    this.#tell("change");
  }

  /** Another filter is in force: show nothing of the line as it was, once all presses made on it are delivered. */
  startAnew() {
    this.#isToStartAnew = this.outbox.size > 0;
    if (this.#isToStartAnew) return;
    this.lineup.clear();
    this.show(null, null);
    this.takeChoice();
  }

  /** The server has taken a choice of what is shown next: what it said before goes by the one before. */
  takeChoice() {
    this.isOutdated = true;
    this.#taken = this.#asked;
    this.#overtaken = this.outbox.first;
    void this.refresh();
  }

  /** Deliver what waits; called once the screen is painted. */
  deliver() {
    this.#keepImages();
    void this.outbox.send();
  }

  /**
   * Ask for a fresh queue; an answer that a press, a choice or a newer answer has overtaken is dropped. While presses are on their way it does not
   * ask: the queue could be from before they arrive and bring back what was judged. Their answers bring one.
   *
   * @param {number} [n]
   */
  async refresh(n = FIRST_QUEUE) {
    if (this.outbox.size > 0) return true;
    const [presses, asked] = [this.#presses, ++this.#asked];
    const queue = await this.api.get(`/api/queue?n=${n}`).catch((error) => this.#takeSilence(error));
    const isNews = asked > this.#taken && presses === this.#presses && this.outbox.size === 0;
    if (queue && isNews) {
      this.#taken = asked;
      this.#absorb(queue);
    }
    return queue !== null;
  }

  /**
   * The server gave no queue. When it said why, as when it shows another pool, this is told, and asked again; one that
   * is gone altogether makes itself known by `reachable`.
   *
   * @param {unknown} error @returns {null}
   */
  #takeSilence(error) {
    if (!(error instanceof Unreachable) || !error.reason) return null;
    if (this.outbox.size === 0) this.outbox.problem = error.reason;
    this.#pollSoon(LONGEST_POLL_MS);
    this.#tell("change");
    return null;
  }

  /** @param {Omit<Press, "key" | "annotator" | "at">} what @returns {Press} written down */
  #press(what) {
    const press = { ...what, key: uuid(), annotator: this.annotator(), at: Date.now() };
    this.#presses += 1;
    this.outbox.add(press);
    return press;
  }

  #advance() {
    if (this.lineup.current && !this.lineup.held) return;
    const hasCome = this.lineup.advance((id) => this.images.isReady(id));
    const item = this.lineup.current;
    this.#shown_at = performance.now();
    this.show(item, item && this.images.get(item.id));
    if (!hasCome) this.#keepImages();
  }

  #keepImages() {
    const wanted = this.lineup.nearby(AHEAD, BEHIND);
    this.images.want(wanted.map((item) => ({ id: item.id, url: item.crop_url })));
  }

  /** @param {Press} press @param {Answer} answer */
  #take(press, answer) {
    if (press.kind === "undo") this.#takeUndone(press.key, answer);
    if (answer.verdicts === 0) this.lineup.forget(press.key); // all had a verdict: there is nothing to take back
    this.#poll.wait_ms = FIRST_POLL_MS;
    if (press.key !== this.#overtaken) this.#absorb(answer.queue);
    else if (this.outbox.size === 0) void this.refresh();
    if (this.#isToStartAnew) this.startAnew();
    this.dispatchEvent(new CustomEvent("answer", { detail: { press, answer } }));
  }

  /** Show what was taken back, unless it already is what was shown for it. @param {string} key @param {Answer} answer */
  #takeUndone(key, { verdict, item, queue }) {
    const isShown = item === null || isBulk(verdict) || this.#undos.get(key) === item.id;
    this.#undos.delete(key);
    if (!isShown) this.lineup.putFirst({ ...item, model_version: queue.model.version });
  }

  /** @param {Press} press @param {import("./api.js").Refused} refusal */
  #takeRefusal(press, refusal) {
    this.#undos.delete(press.key);
    this.lineup.forget(press.key);
    this.dispatchEvent(new CustomEvent("refused", { detail: { press, refusal } }));
    if (this.#isToStartAnew) this.startAnew();
    else void this.refresh();
    this.#tell("change");
  }

  /** @param {Queue} queue */
  #absorb(queue) {
    this.server = queue;
    this.isOutdated = false;
    this.outbox.problem = null;
    const items = queue.items.map((item) => ({ ...item, model_version: queue.model.version }));
    const isAll = this.outbox.size === 0 && (items.length === 0 || queue.model.state === "exhausted");
    this.lineup.replace(items, this.outbox.itemIds(), isAll);
    this.#keepImages();
    this.#advance();
    this.#pollWhileFitting(queue.model.state === "fitting");
    this.#tell("change");
  }

  /** @param {boolean} isFitting */
  #pollWhileFitting(isFitting) {
    clearTimeout(this.#poll.timer);
    if (!isFitting || this.outbox.size > 0) return;
    this.#pollSoon(this.#poll.wait_ms);
    this.#poll.wait_ms = Math.min(1.5 * this.#poll.wait_ms, LONGEST_POLL_MS);
  }

  /** @param {number} wait_ms */
  #pollSoon(wait_ms) {
    clearTimeout(this.#poll.timer);
    this.#poll.timer = window.setTimeout(() => void this.refresh(), wait_ms);
  }

  #onReachable() {
    if (this.api.isReachable) void this.refresh();
    this.#tell("change");
  }

  /** @param {string} id */
  #leaveOut(id) {
    this.lineup.drop(id);
    if (this.lineup.queue.length < AHEAD) void this.refresh();
    this.#keepImages();
    this.#advance();
    this.#tell("change");
  }

  /** @param {string} name */
  #tell(name) {
    this.dispatchEvent(new Event(name));
  }
}
