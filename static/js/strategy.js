// @ts-check
/** The rule by which the next items are chosen: the list on the page and the key that goes through it. */
import { byId, setText } from "./dom.js";

export class StrategyChoice {
  #list = /** @type {HTMLSelectElement} */ (byId("strategy"));
  /** Choices are sent one after the other, so that the last one made is the last one to arrive. */
  #sending = Promise.resolve();
  #underWay = 0;

  /**
   * @param {import("./api.js").Api} api @param {import("./types.js").Strategy[]} strategies
   * @param {import("./notice.js").Notices} notices @param {() => void} onChange once the server has taken it
   */
  constructor(api, strategies, notices, onChange) {
    this.api = api;
    this.strategies = strategies;
    this.notices = notices;
    this.onChange = onChange;
    this.#list.addEventListener("change", () => {
      this.#choose(this.#list.value);
      this.#list.blur(); // the keys go back to the page
    });
  }

  next() {
    const now = this.strategies.findIndex((strategy) => strategy.name === this.#list.value);
    this.#choose(this.strategies[(now + 1) % this.strategies.length].name);
  }

  /** What the server uses; a choice that is still on its way is not overwritten. @param {string} name */
  show(name) {
    if (this.#underWay > 0) return;
    this.#list.value = name;
    setText(byId("strategy-help"), this.strategies.find((strategy) => strategy.name === name)?.help ?? "");
  }

  /** @param {string} name */
  #choose(name) {
    this.show(name);
    this.#list.value = name;
    this.notices.say(`Next shown: ${this.strategies.find((strategy) => strategy.name === name)?.label ?? name}`);
    this.#underWay += 1;
    this.#sending = this.#sending.then(() => this.#send(name));
  }

  /** @param {string} name */
  async #send(name) {
    try {
      await this.api.put("/api/strategy", { name });
    } catch (error) {
      this.notices.say(`The strategy was not changed: ${error instanceof Error ? error.message : error}`);
    }
    this.#underWay -= 1;
    this.onChange();
  }
}
