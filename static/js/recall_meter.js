// @ts-check
/** The recall meter: how much is found, what it would take to be sure, when to stop. Asked for once the screen is painted. */
import { byId, setText } from "./dom.js";
import { InTurn } from "./in_turn.js";
import { NowAndThen } from "./now_and_then.js";
import { RecallDetails } from "./recall_details.js";
import { boundWords, foundWords, nextWords, shortWords, targetWord } from "./recall_words.js";

/** @typedef {import("./types_goals.js").Recall} Recall */

const EACH_MS = 1000;

export class RecallMeter {
  /** The newest event that the page knows of; the meter works behind the verdicts, and is asked again until it has it. */
  #newest = -1;
  /** @type {Recall | null} */
  #now = null;
  #asking = new NowAndThen(() => this.#read(), EACH_MS);
  #targets = new InTurn();
  #details;

  /**
   * @param {{api: import("./api.js").Api, notices: import("./notice.js").Notices, panel: import("./panel_view.js").PanelView}} parts
   */
  constructor({ api, notices, panel }) {
    this.api = api;
    this.notices = notices;
    this.panel = panel;
    this.#details = new RecallDetails((target) => this.#targets.add(() => this.#aim(target), () => this.#asking.soon()));
    panel.addEventListener("change", () => this.#show());
  }

  toggle() {
    this.panel.toggle("meter");
    this.#asking.soon();
  }

  /** Verdicts may have arrived. @param {number} [seq] the newest that the server has told of */
  refreshSoon(seq = this.#newest) {
    this.#newest = Math.max(this.#newest, seq);
    this.#asking.soon();
  }

  async #read() {
    const isStill = this.#targets.watch();
    const recall = await this.api.get("/api/recall").catch(() => null);
    if (!isStill()) return this.#asking.soon(); // it may say the target before
    if (recall) this.#take(recall);
    const isBehind = recall ? recall.seq < this.#newest : this.api.isReachable; // the server may not have it ready yet
    return isBehind && this.#asking.soon();
  }

  /** @param {number} target */
  async #aim(target) {
    try {
      const recall = await this.api.put("/api/recall", { target });
      if (this.#targets.underWay > 1) return; // another target waits behind it
      this.#take(recall);
      this.notices.say(`Target: ${targetWord(target)} of all`);
    } catch (error) {
      this.notices.say(`The target was not changed: ${error instanceof Error ? error.message : error}`);
      this.#details.forget();
      this.#show();
    }
  }

  /** @param {Recall} recall */
  #take(recall) {
    const isNews = recall.is_reached && this.#now !== null && !this.#now.is_reached;
    this.#now = recall;
    this.#show();
    if (isNews) this.notices.say(nextWords(recall));
  }

  #show() {
    if (!this.#now) return;
    const { bound, target, is_reached } = this.#now;
    setText(byId("recall-found"), foundWords(this.#now));
    setText(byId("recall-bound"), boundWords(this.#now));
    setText(byId("recall-next"), nextWords(this.#now));
    byId("recall-next").title = nextWords(this.#now); // a long reason is cut off here, and whole in the details
    byId("recall").dataset.state = is_reached ? "reached" : bound === null ? "silent" : "speaks";
    const bar = byId("recall-bar");
    bar.style.setProperty("--bound", `${100 * (bound ?? 0)}%`);
    bar.style.setProperty("--target", `${100 * target}%`);
    bar.setAttribute("aria-valuenow", String(Math.floor(100 * (bound ?? 0))));
    bar.setAttribute("aria-valuetext", bound === null ? "not known" : boundWords(this.#now));
    setText(byId("status-recall"), shortWords(this.#now));
    if (this.panel.now === "meter") this.#details.show(this.#now);
  }
}
