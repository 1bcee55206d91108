// @ts-check
/** What the annotator is after: asked for until it is chosen, then one line, with the strategies under "By hand". */
import { byId, setText } from "./dom.js";

/** @typedef {import("./types_goals.js").Goal} Goal */

const BY_HAND = "";

export class GoalChoice {
  #radios = /** @type {HTMLInputElement[]} */ ([...document.querySelectorAll('input[name="goal"]')]);

  /**
   * @param {{api: import("./api.js").Api, notices: import("./notice.js").Notices, goals: Goal[], isChosen: boolean,
   *   inTurn: import("./in_turn.js").InTurn, onChange: () => void}} parts
   *   `isChosen`: whether a goal or a strategy was chosen for this database; `onChange`: once the server has taken it
   */
  constructor({ api, notices, goals, isChosen, inTurn, onChange }) {
    this.api = api;
    this.notices = notices;
    this.goals = goals;
    this.inTurn = inTurn;
    this.onChange = onChange;
    this.#isChosen = isChosen;
    for (const radio of this.#radios) {
      radio.addEventListener("change", () => this.#choose(radio.value));
      radio.addEventListener("click", (event) => event.detail > 0 && radio.blur()); // by pointer: the keys go back to the page
      radio.addEventListener("keydown", ({ key }) => (key === "Enter" || key === "Escape") && radio.blur());
    }
  }
  #isChosen;

  /** Each goal in its turn. */
  next() {
    const now = this.goals.findIndex((goal) => goal.name === this.#shown);
    this.#choose(this.goals[(now + 1) % this.goals.length].name);
  }

  /** A strategy was chosen instead. */
  leave() {
    this.#isChosen = true;
    this.#show(BY_HAND);
  }

  /** The server's newest word; a choice that is still on its way is not overwritten. @param {import("./types.js").Queue} queue */
  show({ goal }) {
    if (this.inTurn.underWay === 0) this.#show(goal ?? BY_HAND);
  }

  get #shown() {
    return this.#radios.find((radio) => radio.checked)?.value ?? null;
  }

  /** @param {string} name */
  #show(name) {
    this.#isChosen ||= name !== BY_HAND;
    const isAsking = name === BY_HAND && !this.#isChosen;
    for (const radio of this.#radios) radio.checked = radio.value === name && !isAsking;
    byId("panel").dataset.goal = isAsking ? "asking" : name === BY_HAND ? "by-hand" : "goal";
    setText(byId("goal-title"), isAsking ? "What are you after?" : "Goal");
    setText(byId("goal-help"), this.goals.find((goal) => goal.name === name)?.help ?? "");
  }

  /** @param {string} name */
  #choose(name) {
    if (name === BY_HAND) this.leave();
    else this.#show(name);
    this.notices.say(this.#word(name));
    this.inTurn.add(() => this.#send(name), this.onChange);
  }

  /** @param {string} name */
  #word(name) {
    const goal = this.goals.find((one) => one.name === name);
    if (!goal) return "By hand: the strategies";
    return `Goal: ${goal.label}${goal.is_blind ? ", blind: what the model thinks is hidden" : ""}`;
  }

  /** @param {string} name */
  async #send(name) {
    try {
      await this.api.put("/api/goal", { name: name || null });
    } catch (error) {
      this.notices.say(`The goal was not changed: ${error instanceof Error ? error.message : error}`);
    }
  }
}
