// @ts-check
/** Choices sent one after the other, so that the last one made is the last one to arrive. */
export class InTurn {
  #last = Promise.resolve();
  /** How many are on their way; what the server says meanwhile is older than they are. */
  underWay = 0;

  /** @param {() => Promise<void>} send reports its own failure @param {() => void} onSent */
  add(send, onSent) {
    this.underWay += 1;
    this.#last = this.#last.then(send).then(() => {
      this.underWay -= 1;
      onSent();
    });
  }
}
