// @ts-check
/** How far the annotator agrees with earlier answers of their own, and hasty ones to look at: a line that leads to the review. */
import { byId, setText } from "./dom.js";
import { NowAndThen } from "./now_and_then.js";
import { counted, number, percent } from "./recall_words.js";

/** @typedef {import("./types_goals.js").SelfCheck} SelfCheck */

const EACH_MS = 10_000;

export class SelfCheckLine {
  #asking = new NowAndThen(() => this.#read(), EACH_MS);

  /** @param {{api: import("./api.js").Api}} parts */
  constructor({ api }) {
    this.api = api;
  }

  /** Verdicts may have arrived. */
  refreshSoon() {
    this.#asking.soon();
  }

  async #read() {
    const check = await this.api.get("/api/self-check").catch(() => null);
    if (!check) return;
    const line = /** @type {HTMLAnchorElement} */ (byId("status-self"));
    setText(line, selfCheckWords(check));
    line.search = `?order=${check.hasty > 0 ? "hasty" : "disagreed"}`;
    line.hidden = line.textContent === "";
    setText(byId("details-self"), longWords(check));
  }
}

/** @param {SelfCheck} check @returns {string} empty when there is nothing to say yet */
export function selfCheckWords({ repeats, agreed, hasty }) {
  const agreement = repeats > 0 ? `agreed with yourself ${number(agreed)} of ${number(repeats)}` : "";
  return [agreement, hasty > 0 ? `${number(hasty)} hasty` : ""].filter(Boolean).join(" · ");
}

/** @param {SelfCheck} check */
function longWords({ repeats, agreed, agreement, hasty, share }) {
  const range = agreement ? ` (95\u00a0%: ${percent(agreement.low)} to ${percent(agreement.high)})` : "";
  const again =
    repeats > 0
      ? `You agreed with yourself ${number(agreed)} of ${counted(repeats, "time")}${range}.`
      : share > 0
        ? "No item has come back yet."
        : "Items do not come back: the setting repeat_share is 0.";
  return hasty > 0 ? `${again} ${counted(hasty, "hasty verdict")} to look at.` : again;
}
