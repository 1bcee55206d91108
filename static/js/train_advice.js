// @ts-check
/** What the server says of the chosen session's next training: whether it can begin, what to set, which images are next. */
import { Unreachable } from "./api.js";
import { showNextImages, showSuggestions } from "./sessions_next.js";

/** @typedef {{number: number, isAgain: boolean}} Question */

const LOOKING = "Looking at the images…";
const AGAIN_MS = 5000;

export class Advice {
  /** @type {number | null} the session that what is shown is about */
  #session = null;
  #asked = 0;

  /**
   * @param {import("./api.js").Api} api @param {import("./train_start.js").StartButton} button
   * @param {{onTake: (setting: string, value: any) => void, pool: string}} options
   */
  constructor(api, button, { onTake, pool }) {
    this.api = api;
    this.button = button;
    this.onTake = onTake;
    this.pool = pool;
  }

  /** Another session's suggestions are not to be pressed on in this one. @param {number} number */
  forgetOthers(number) {
    if (this.#session === number) return;
    this.#session = null;
    this.#asked += 1;
    this.button.show({ is_ready: false, reason: LOOKING });
    showSuggestions({ suggestions: [], problem: null }, this.onTake);
    showNextImages({ problem: LOOKING }, this.pool);
  }

  /** Ask, and show what is answered unless it was overtaken. @param {Question} question */
  async ask({ number, isAgain }) {
    const asked = ++this.#asked;
    const [check, suggested, next] = await Promise.all([
      this.api.get(`/api/train/check?session=${number}&is_again=${isAgain}`).catch((error) => ({ is_ready: false, reason: error.message })),
      this.api.get(`/api/sessions/${number}/suggestions`).catch((error) => ({ suggestions: [], problem: error.message })),
      this.api.get(`/api/sessions/${number}/next-images`).catch((error) => ({ problem: error.message, isAway: error instanceof Unreachable })),
    ]);
    if (asked !== this.#asked) return;
    if (next.isAway) setTimeout(() => asked === this.#asked && void this.ask({ number, isAgain }), AGAIN_MS); // a pool that is being opened, say
    this.#session = number;
    this.button.show(check);
    showSuggestions(suggested, this.onTake);
    showNextImages(next, this.pool);
  }
}
