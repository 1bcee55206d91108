// @ts-check
/** Labelling what is chosen on the map: many items a press, all of them taken back by one key. */
import { uuid } from "./dom.js";
import { Outbox } from "./outbox.js";
import { idOf } from "./map_points.js";
import { takenWord } from "./verdict_words.js";

const MOST_AT_ONCE = 500; // items of one press, as the server takes them
const ASK_FROM = 100; // so many items are labelled only when the key is pressed again
const LABELS = /** @type {const} */ ({ positive: 1, negative: 0 });

/** Tells "change" when what is shown has changed by it, "answer" with the server's word, "news" when all is delivered. */
export class Labelling extends EventTarget {
  /** What a second press of the key would do, in words; empty when nothing is asked. */
  question = "";
  #asked = "";
  /** The keys of the presses that each labelling took, newest last. @type {string[][]} */
  #labellings = [];

  /**
   * @param {{api: import("./api.js").Api, storage: Storage, place: string, map: import("./insight_map.js").PoolMap,
   *   choice: import("./insight_choice.js").Choice, notices: import("./notice.js").Notices}} parts
   */
  constructor({ api, storage, place, map, choice, notices }) {
    super();
    [this.api, this.map, this.choice, this.notices] = [api, map, choice, notices];
    this.outbox = new Outbox({ api, storage, place, onAnswer: (press, answer) => this.#take(press, answer), onRefused: (press, refusal) => this.#takeRefusal(press, refusal) });
  }

  /** Whether the server has everything. */
  get isSettled() {
    return this.outbox.size === 0;
  }

  /** @param {keyof typeof LABELS} answer */
  judge(answer) {
    const { points, state } = this.map;
    if (!points || !state) return;
    const places = this.choice.labellable(state);
    const many = places.length.toLocaleString("en");
    if (places.length === 0) return void this.notices.say(this.choice.places.length ? "None of the chosen is open" : "Choose with a lasso first, or K for a cluster");
    if (places.length >= ASK_FROM && this.#asked !== `${answer}|${places.length}`) return this.#ask(`${answer}|${places.length}`, `The same again makes all ${many} ${answer}.`);
    this.#ask("", "");
    this.#label(places.map((i) => ({ item_id: idOf(points, i), label: LABELS[answer] })));
    this.map.mark(places, LABELS[answer]);
    this.notices.say(`${many} ${answer}`);
    this.dispatchEvent(new Event("change"));
  }

  /** The question stands no more: something else was done. */
  drop() {
    if (this.question) this.#ask("", "");
  }

  takeBack() {
    const presses = this.#labellings.pop() ?? ["the newest, whatever it was"];
    for (const _ of presses) this.#send({ kind: "undo" });
  }

  /** @param {string} asked @param {string} question */
  #ask(asked, question) {
    [this.#asked, this.question] = [asked, question];
    this.dispatchEvent(new Event("change"));
  }

  /** @param {{item_id: string, label: number}[]} items */
  #label(items) {
    const keys = [];
    for (let from = 0; from < items.length; from += MOST_AT_ONCE) {
      keys.push(this.#send({ kind: "bulk", way: "lasso", items: items.slice(from, from + MOST_AT_ONCE) }));
    }
    this.#labellings.push(keys);
  }

  /** @param {Pick<import("./types.js").Press, "kind" | "way" | "items">} what @returns {string} its key */
  #send(what) {
    const key = uuid();
    this.outbox.add({ ...what, key, annotator: this.api.annotator, at: Date.now() });
    void this.outbox.send();
    return key;
  }

  /** Nothing was recorded for this press: there is nothing to take back. @param {string} key */
  #forget(key) {
    this.#labellings = this.#labellings.map((keys) => keys.filter((one) => one !== key)).filter((keys) => keys.length);
  }

  /** @param {import("./types.js").Press} press @param {import("./types.js").Answer} answer */
  #take(press, { verdict, verdicts, left_out, queue }) {
    if (verdicts === 0) this.#forget(press.key);
    if (left_out) {
      this.notices.say(`${left_out.toLocaleString("en")} had a verdict already: it stands.`);
      this.map.forget();
    }
    if (press.kind === "undo" && this.isSettled) this.notices.say(verdict.strategy === "lasso" ? "Taken back" : `Taken back: ${takenWord(verdict)}`);
    this.dispatchEvent(new CustomEvent("answer", { detail: queue.model }));
    if (this.isSettled) this.dispatchEvent(new Event("news"));
  }

  /** @param {import("./types.js").Press} press @param {import("./api.js").Refused} refusal */
  #takeRefusal(press, refusal) {
    this.#forget(press.key);
    if (refusal.code === "nothing_to_undo") this.notices.say("There is nothing to take back.");
    else this.notices.showRefusal(`${press.kind === "undo" ? "Taking back" : "A labelling"} was not accepted: ${refusal.message}`);
    this.map.forget();
    this.dispatchEvent(new Event("news"));
  }
}
