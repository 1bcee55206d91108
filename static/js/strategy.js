// @ts-check
/** The rule by which the next items are chosen by hand: the list on the page and the key that goes through it. */
import { byId, setText } from "./dom.js";

export class StrategyChoice {
  #list = /** @type {HTMLSelectElement} */ (byId("strategy"));

  /**
   * @param {{api: import("./api.js").Api, notices: import("./notice.js").Notices, strategies: import("./types.js").Strategy[],
   *   inTurn: import("./in_turn.js").InTurn, onChoose: () => void, onChange: () => void}} parts
   *   `onChoose` at once, `onChange` when the server has taken it
   */
  constructor({ api, notices, strategies, inTurn, onChoose, onChange }) {
    this.api = api;
    this.notices = notices;
    this.strategies = strategies;
    this.inTurn = inTurn;
    this.onChoose = onChoose;
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
    if (this.inTurn.underWay === 0) this.#show(name);
  }

  /** @param {string} name */
  #show(name) {
    this.#list.value = name;
    setText(byId("strategy-help"), this.strategies.find((strategy) => strategy.name === name)?.help ?? "");
  }

  /** @param {string} name */
  #choose(name) {
    this.#show(name);
    this.onChoose();
    this.notices.say(`Next shown: ${this.strategies.find((strategy) => strategy.name === name)?.label ?? name}`);
    this.inTurn.add(() => this.#send(name), this.onChange);
  }

  /** @param {string} name */
  async #send(name) {
    try {
      await this.api.put("/api/strategy", { name });
    } catch (error) {
      this.notices.say(`The strategy was not changed: ${error instanceof Error ? error.message : error}`);
    }
  }
}
