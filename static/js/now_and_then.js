// @ts-check
/** Asks again when something may have changed: at most once in a while, never two at a time, never in a key's own task. */

const FIRST_MS = 60;

export class NowAndThen {
  #timer = 0;
  #asked_at = -Infinity;
  #isAsking = false;
  #isWanted = false;

  /** @param {() => Promise<unknown>} ask @param {number} each_ms */
  constructor(ask, each_ms) {
    this.ask = ask;
    this.each_ms = each_ms;
  }

  soon() {
    this.#isWanted = true;
    if (this.#timer || this.#isAsking) return;
    const wait_ms = Math.max(FIRST_MS, this.each_ms - (performance.now() - this.#asked_at));
    this.#timer = window.setTimeout(() => void this.#run(), wait_ms);
  }

  async #run() {
    this.#timer = 0;
    this.#isWanted = false;
    this.#isAsking = true;
    this.#asked_at = performance.now();
    await this.ask();
    this.#isAsking = false;
    if (this.#isWanted) this.soon();
  }
}
