// @ts-check
/** The button that starts a training: off with the reason, on, or, where nothing was changed, to be pressed twice. */
import { byId, setText } from "./dom.js";

const START = "Start training";
const ANYWAY = "Train all the same";

export class StartButton {
  #button = /** @type {HTMLButtonElement} */ (byId("start"));
  #isUnchanged = false;

  /** @param {(isAnyway: boolean) => void} onStart */
  constructor(onStart) {
    this.#button.addEventListener("click", (event) => {
      if (event.detail > 1) return; // a double click is one press
      if (!this.#isUnchanged) return onStart(false);
      if (this.#button.textContent === ANYWAY) return onStart(true);
      setText(this.#button, ANYWAY);
      setText(byId("live"), `Nothing was changed. ${ANYWAY}? Press once more.`);
    });
  }

  /** @param {{is_ready: boolean, reason: string | null, can_train_anyway?: boolean}} check */
  show(check) {
    const isAsked = this.#isUnchanged && this.#button.textContent === ANYWAY; // a check that says the same leaves it so
    this.#isUnchanged = Boolean(check.can_train_anyway);
    this.#button.disabled = !check.is_ready && !this.#isUnchanged;
    setText(this.#button, isAsked && this.#isUnchanged ? ANYWAY : START);
    byId("check").dataset.ready = String(check.is_ready);
    setText(byId("check"), check.reason ?? "Ready: there is something to learn from and to measure on.");
  }
}
