// @ts-check
/** The filter as it is chosen on the page, and as the server has it: sent one at a time, the last one wins. */

/** @typedef {import("./types.js").Filter} Filter */
/** @typedef {import("./types.js").FilterInForce} FilterInForce */

export class SentFilter extends EventTarget {
  /** @type {Filter | null} what the page shows */
  chosen = null;
  /** @type {FilterInForce | null} what the server said last */
  answer = null;
  isSending = false;
  #isStale = false;
  /** Whether what is on its way was taken in the end. */
  #sent = Promise.resolve(true);

  /** @param {import("./api.js").Api} api @param {import("./notice.js").Notices} notices */
  constructor(api, notices) {
    super();
    this.api = api;
    this.notices = notices;
  }

  /** Wait for what is on its way; a refusal is told. @returns {Promise<boolean>} whether what was chosen is in force */
  async isInForce() {
    return this.isSending ? this.#sent : true;
  }

  /** @param {FilterInForce} answer */
  take(answer) {
    this.answer = answer;
    const { classes, score_min, score_max, set_aside, images } = answer;
    this.chosen = { classes, score_min, score_max, set_aside, images };
    this.dispatchEvent(new Event("change"));
  }

  /** @param {string} name @returns {boolean} whether it is set aside now */
  toggleGroup(name) {
    const before = this.chosen?.set_aside ?? [];
    const isAside = !before.includes(name);
    this.#choose({ set_aside: isAside ? [...before, name] : before.filter((other) => other !== name) });
    return isAside;
  }

  /** @param {string} name @returns {boolean} */
  hasClass(name) {
    return this.chosen?.classes.length === 0 || Boolean(this.chosen?.classes.includes(name));
  }

  /** @param {string} name */
  toggleClass(name) {
    const all = this.answer?.available.map((one) => one.name) ?? [];
    const left = all.filter((other) => (other === name ? !this.hasClass(name) : this.hasClass(other)));
    if (left.length === 0) return this.notices.say("One class at least stays; choose another one first.");
    return this.#choose({ classes: left.length === all.length ? [] : left });
  }

  /** @param {string} name */
  onlyClass(name) {
    this.#choose({ classes: [name] });
  }

  allClasses() {
    this.#choose({ classes: [] });
  }

  allImages() {
    this.#choose({ images: [] });
  }

  /** The other end gives way where they would cross. @param {"min" | "max"} side @param {number} score */
  chooseScore(side, score) {
    if (!this.chosen) return;
    const { score_min, score_max } = this.chosen;
    if (side === "min") this.#choose({ score_min: score, score_max: Math.max(score, score_max) });
    else this.#choose({ score_max: score, score_min: Math.min(score, score_min) });
  }

  /** @param {Partial<Filter>} change */
  #choose(change) {
    if (!this.chosen) return;
    this.chosen = { ...this.chosen, ...change };
    this.#isStale = true;
    this.dispatchEvent(new Event("change"));
    if (!this.isSending) this.#sent = this.#send();
  }

  async #send() {
    this.isSending = true;
    let isTaken = true;
    while (this.#isStale && this.chosen) {
      this.#isStale = false;
      try {
        const answer = await this.api.put("/api/filter", this.chosen);
        isTaken = true;
        if (this.#isStale) this.answer = answer;
        else this.take(answer);
      } catch (error) {
        isTaken = false;
        this.notices.showRefusal(`What is shown was not changed: ${error instanceof Error ? error.message : error}`);
        if (!this.#isStale && this.answer) this.take(this.answer);
      }
    }
    this.isSending = false;
    this.dispatchEvent(new Event("change"));
    return isTaken;
  }
}
