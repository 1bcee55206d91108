// @ts-check
/** Many items at once: look-alikes of the last one, or the next of the queue. Enter labels what is marked on screen. */
import { Refused } from "./api.js";
import { byId, openStorage } from "./dom.js";
import { GridBatch, summary } from "./grid_batch.js";
import { wishOf } from "./grid_keys.js";
import { LargePicture } from "./grid_large.js";
import { GridSize } from "./grid_size.js";
import { lastLabelled, lookAlikes, nextOfQueue } from "./grid_sources.js";
import { GridView, markName, smallImage, spoken } from "./grid_view.js";
import { Images } from "./images.js";
import { belongsElsewhere } from "./keys.js";
import { isBulk } from "./lineup.js";

/** @typedef {import("./grid_sources.js").Source} Source */

const LOADED = 120; // so that more of them are there at once, with the next ones ahead
const NOTHING = { title: "", help: "" };

export class GridMode {
  #dialog = /** @type {HTMLDialogElement} */ (byId("many"));
  #cells = byId("many-cells");
  #batch = new GridBatch();
  #large = new LargePicture();
  #size = new GridSize(this.#cells, openStorage());
  #view;
  #images;
  /** What is shown now. @type {Source | null} */
  #source = null;
  /** Goes up with each filling; what was asked for before is not taken. */
  #asked = 0;
  #model_version = 0;
  #opened_at = 0;
  /** The press whose answer the next pictures wait for. */
  #awaited = "";
  /** Keys of the presses made since it was opened, which Backspace may take back. @type {string[]} */
  #given = [];

  /** @param {{api: import("./api.js").Api, session: import("./session.js").Session, notices: import("./notice.js").Notices, config: import("./types.js").Config, onPress: () => void}} parts */
  constructor({ api, session, notices, config, onPress }) {
    this.session = session;
    this.notices = notices;
    this.config = config;
    this.onPress = onPress;
    this.#view = new GridView(config.keys);
    this.#images = new Images((url) => api.look(url), () => this.#render(), (id) => this.#leaveOut(id));
    session.addEventListener("answer", (event) => this.#take(/** @type {CustomEvent} */ (event).detail));
    session.addEventListener("refused", (event) => this.#takeRefusal(/** @type {CustomEvent} */ (event).detail));
    api.addEventListener("reachable", () => this.#tryAgain());
    this.#listen();
  }

  get isOpen() {
    return this.#dialog.open;
  }

  /** Show the open items nearest to the last one that was labelled. */
  async sweep() {
    const found = await lastLabelled(this.session, this.config.annotator).catch((error) => error);
    if (this.isOpen) return undefined; // the key was pressed twice
    const anchor = this.session.lineup.lastLabelled ?? found; // or judged meanwhile
    if (anchor instanceof Error) return this.notices.say(`Look-alikes cannot be fetched: ${anchor.message}.`);
    if (!anchor) return this.notices.say("Say yes or no to an item first: look-alikes are those of the last one.");
    return this.#open(lookAlikes(this.session, anchor));
  }

  /** Show the next items of the queue. */
  grid() {
    this.#open(nextOfQueue(this.session));
  }

  /** A key pressed while it is open. @param {KeyboardEvent} event @param {string | undefined} action what it does on the label page */
  press(event, action) {
    if (belongsElsewhere(event)) return;
    const wish = wishOf(event, action);
    if (!wish) return;
    event.preventDefault();
    this.#do(wish, event);
  }

  /** @param {import("./grid_keys.js").Wish} wish @param {Event} event what asked for it */
  #do({ action, value }, event) {
    const batch = this.#batch;
    if (action === "apply") return this.#apply(event);
    if (action === "undo") return this.#takeBack();
    if (action === "leave") return this.#leave();
    if (action === "size") return this.#resize(value);
    if (action === "move") batch.move(value[0], value[1]);
    else if (action === "end") batch.moveTo(value);
    else if (action === "turn") batch.turn(batch.cursor);
    else if (action === "turnNumber") batch.turnInRow(value);
    else if (action === "mark") batch.mark(value);
    else if (action === "large") this.#large.toggle();
    else batch.markAll(value);
    this.#render();
    return this.#announce();
  }

  /** The large picture first, then the grid. */
  #leave() {
    if (!this.#large.isOpen) return this.#dialog.close();
    this.#large.close();
    return this.#render();
  }

  /** @param {Source} source */
  #open(source) {
    this.#source = source;
    this.#given = [];
    this.#awaited = "";
    if (!this.#dialog.open) this.#dialog.showModal();
    this.#cells.focus();
    void this.#fill(false);
  }

  /** @param {boolean} isAgain whether more of the same come after Enter */
  async #fill(isAgain) {
    const source = this.#source;
    if (!source) return;
    const asked = ++this.#asked;
    this.#empty({ ...NOTHING, title: source.title }, isAgain ? "The next pictures come once the model has learnt from these…" : "Looking…");
    const filling = await source.load(LOADED, isAgain).catch((error) => error);
    if (asked !== this.#asked || !this.#dialog.open) return;
    if (filling instanceof Error) return this.#view.showMessage(reasonOf(filling));
    this.#batch.fill(filling.items, filling.usual);
    this.#model_version = filling.model_version;
    this.#opened_at = performance.now();
    this.#view.showHead(filling, source.anchor);
    this.#view.showMessage(filling.items.length ? "" : source.nothing);
    this.#wantImages();
    this.#render();
  }

  /** Those on screen first, then as many ahead. */
  #wantImages() {
    const near = this.#batch.cells.slice(0, 2 * this.#batch.size);
    this.#images.want(near.map(({ item }) => ({ id: item.id, url: smallImage(item) })));
  }

  /** @param {{title: string, help: string}} words @param {string} message */
  #empty(words, message) {
    this.#batch.fill([], () => null);
    this.#view.showHead(words, this.#source?.anchor ?? null);
    this.#view.showMessage(message);
    this.#layOut();
  }

  /** Label what is marked and was seen. @param {Event} event */
  #apply(event) {
    if (this.#large.isOpen) return this.#leave(); // what is labelled has to be on screen
    const given = this.#batch.given(event.timeStamp);
    if (!given.length || !this.#source) return this.#view.announce("Nothing that is on screen is marked.");
    const items = given.map(({ item, mark }) => ({ item_id: item.id, label: Number(mark) }));
    const elapsed_ms = event.timeStamp - this.#opened_at;
    const key = this.session.judgeMany(items, { way: this.#source.way, elapsed_ms, model_version: this.#model_version });
    this.#given.push(key);
    this.notices.say(`Labelled ${summary(items)}. Take back takes back all of it.`);
    this.onPress();
    if (!this.#source.isEndless) return this.#dialog.close();
    this.#awaited = key;
    this.#asked += 1;
    return this.#empty({ ...NOTHING, title: this.#source.title }, `Labelled ${summary(items)}. The next pictures come…`);
  }

  /** What was labelled since this was opened, the newest first. */
  #takeBack() {
    if (!this.#given.pop()) return this.notices.say("Nothing was labelled here yet; Esc leaves.");
    this.session.takeBack();
    this.onPress();
    this.#asked += 1;
    this.#awaited = "undo";
    return this.#empty({ ...NOTHING, title: this.#source?.title ?? "" }, "Taking back…");
  }

  /** @param {{press: import("./types.js").Press, answer: import("./types.js").Answer}} detail */
  #take({ press, answer }) {
    if (answer.verdicts === 0) this.#forget(press.key);
    if (press.kind === "bulk" && answer.left_out) this.notices.say(`${answer.left_out} had a verdict already: it stands.`);
    if (press.kind === "undo" && isBulk(answer.verdict)) this.notices.say("Taken back: all that was labelled together.");
    if (this.#awaited && (press.key === this.#awaited || press.kind === this.#awaited)) this.#goOn();
  }

  /** @param {{press: import("./types.js").Press}} detail */
  #takeRefusal({ press }) {
    this.#forget(press.key);
    if (this.#awaited && (press.key === this.#awaited || press.kind === this.#awaited)) this.#goOn();
  }

  /** Nothing was recorded for this press: there is nothing to take back. @param {string} key */
  #forget(key) {
    this.#given = this.#given.filter((given) => given !== key);
  }

  #goOn() {
    this.#awaited = "";
    if (this.#dialog.open) void this.#fill(true);
  }

  /** The server is back: what could not be fetched can be now. */
  #tryAgain() {
    const isEmpty = this.#dialog.open && !this.#batch.cells.length;
    if (this.session.api.isReachable && isEmpty && !this.#awaited) void this.#fill(false);
  }

  /** @param {string} id */
  #leaveOut(id) {
    this.#batch.drop(id);
    this.#render();
  }

  /** @param {number} step to the next larger or smaller number */
  #resize(step) {
    if (!this.#size.choose(this.#batch.size, step)) {
      return this.notices.say(step > 0 ? "No more fit this window." : "Fewer than these are quicker one by one.");
    }
    this.#layOut();
    return this.#wantImages();
  }

  #layOut() {
    this.#batch.layOut(this.#size.now, this.#cells.clientWidth, this.#cells.clientHeight);
    this.#render();
  }

  #render() {
    if (!this.#dialog.open) return;
    this.#batch.see((id) => this.#images.isReady(id), performance.now());
    this.#view.render(this.#batch, (id) => this.#images.get(id));
    const cell = this.#batch.shown[this.#batch.cursor] ?? null;
    this.#large.show(cell, cell ? markName(cell) : "");
  }

  #announce() {
    const cell = this.#batch.shown[this.#batch.cursor];
    if (cell) this.#view.announce(spoken(cell));
  }

  #listen() {
    new ResizeObserver(() => this.#dialog.open && this.#layOut()).observe(this.#cells);
    this.#dialog.addEventListener("cancel", (event) => event.preventDefault()); // the keys below do it
    this.#dialog.addEventListener("close", () => this.#close());
    this.#cells.addEventListener("click", (event) => this.#click(event));
    byId("many-large").addEventListener("click", (event) => this.#do({ action: "large" }, event));
    /** @type {Record<string, import("./grid_keys.js").Wish>} */
    const buttons = {
      "many-apply": { action: "apply" },
      "many-leave-out": { action: "mark", value: null },
      "many-closer": { action: "large" },
      "many-fewer": { action: "size", value: -1 },
      "many-more": { action: "size", value: 1 },
      "many-undo": { action: "undo" },
      "many-leave": { action: "leave" },
    };
    for (const [id, wish] of Object.entries(buttons)) {
      byId(id).addEventListener("mousedown", (event) => event.preventDefault()); // the keys stay with the grid
      byId(id).addEventListener("click", (event) => this.#do(wish, event));
    }
  }

  /** @param {Event} event */
  #click(event) {
    const place = Number(/** @type {HTMLElement} */ (event.target).closest("[data-place]")?.getAttribute("data-place") ?? -1);
    if (!this.#batch.shown[place]) return;
    this.#batch.moveTo(place);
    this.#do({ action: "turn" }, event);
  }

  /** Let the pictures go; the event comes a moment after Esc, when a key may have opened it again. */
  #close() {
    if (this.isOpen) return;
    this.#asked += 1;
    this.#source = null;
    this.#batch.fill([], () => null);
    this.#images.want([]);
    this.#large.close();
  }
}

/** @param {Error} error @returns {string} */
function reasonOf(error) {
  if (error instanceof Refused) return error.message;
  return `The pictures could not be fetched: ${error.message}. Esc leaves; what was labelled is kept.`;
}
