// @ts-check
/** Whether near-duplicates of labelled items are shown again, or set aside, and how many that are. */
import { byId, setText } from "./dom.js";
import { InTurn } from "./in_turn.js";
import { NowAndThen } from "./now_and_then.js";
import { number } from "./recall_words.js";

const EACH_MS = 5000;

export class NearDuplicates {
  #button = byId("near-button");
  #asking = new NowAndThen(() => this.#read(), EACH_MS);
  #choices = new InTurn();
  /** As the server said, or as was chosen since. @type {import("./types_goals.js").NearDuplicates | null} */
  #now = null;

  /** @param {{api: import("./api.js").Api, notices: import("./notice.js").Notices, onChange: () => void}} parts */
  constructor({ api, notices, onChange }) {
    this.api = api;
    this.notices = notices;
    this.onChange = onChange;
  }

  async toggle() {
    if (!this.#now) await this.#read();
    if (this.#now?.state !== "ready") return this.notices.say(WHY[this.#now?.state ?? "building"]);
    const is_shown = !this.#now.is_shown;
    this.notices.say(is_shown ? "Near-duplicates of labelled items are shown again" : "Near-duplicates of labelled items are set aside");
    this.#take({ ...this.#now, is_shown });
    return this.#choices.add(() => this.#send(is_shown), this.onChange);
  }

  /** @param {boolean} is_shown */
  async #send(is_shown) {
    try {
      const near = await this.api.put("/api/near-duplicates", { is_shown });
      if (this.#choices.underWay === 1) this.#take(near); // none waits behind it
    } catch (error) {
      this.notices.say(`Near-duplicates: not changed, ${error instanceof Error ? error.message : error}`);
      this.#take({ .../** @type {any} */ (this.#now), is_shown: !is_shown });
      this.#asking.soon();
    }
  }

  /** Verdicts may have arrived. */
  refreshSoon() {
    this.#asking.soon();
  }

  async #read() {
    const isStill = this.#choices.watch();
    const near = await this.api.get("/api/near-duplicates").catch(() => null);
    if (near && isStill()) this.#take(near);
  }

  /** @param {import("./types_goals.js").NearDuplicates} near */
  #take(near) {
    this.#now = near;
    this.#button.setAttribute("aria-pressed", String(near.is_shown));
    this.#button.title = near.state === "ready" ? `Likeness ${near.likeness} and more counts as nearly the same` : WHY[near.state];
    const count = { off: "off", building: "…", ready: near.is_shown ? "shown" : `${number(near.set_aside)} aside` }[near.state];
    setText(byId("near-count"), count);
    this.#button.dataset.aside = String(near.is_shown ? 0 : near.set_aside);
  }
}

/** Why there are none yet. @type {Record<string, string>} */
const WHY = {
  off: "Near-duplicates are not looked for: among proposals with scores, or as the settings say",
  building: "Near-duplicates are still being worked out",
  ready: "",
};
