// @ts-check
/** Choices sent one after the other, so that the last one made is the last one to arrive. */
export class InTurn {
  #last = Promise.resolve();
  #made = 0;
  /** How many are on their way; what the server says meanwhile is older than they are. */
  underWay = 0;

  /** @param {() => Promise<void>} send reports its own failure @param {() => void} onSent */
  add(send, onSent) {
    this.#made += 1;
    this.underWay += 1;
    this.#last = this.#last.then(send).then(() => {
      this.underWay -= 1;
      onSent();
    });
  }

  /** Called before a question is sent. @returns {() => boolean} once it is answered: whether no choice has overtaken the answer */
  watch() {
    const [made, isQuiet] = [this.#made, this.underWay === 0];
    return () => isQuiet && made === this.#made;
  }
}
