// @ts-check
/** Settings on their way to the server: one save after the other, and which session's form says more than it knows. */

export class Saves {
  /** The session whose newest values are not saved yet; its form is left as the person has it. @type {number | null} */
  unsaved = null;
  #turn = 0;
  #last = Promise.resolve();

  /** @param {(session: number, values: object) => Promise<boolean>} send whether it was taken @param {() => void} onSaved all of it */
  constructor(send, onSaved) {
    this.send = send;
    this.onSaved = onSaved;
  }

  /** @param {number} session @param {object} values */
  add(session, values) {
    const turn = ++this.#turn;
    this.unsaved = session;
    this.#last = this.#last.then(async () => {
      if (!(await this.send(session, values)) || turn < this.#turn) return;
      this.unsaved = null;
      this.onSaved();
    });
  }

  /** @returns {Promise<void>} until the newest is answered */
  async areAnswered() {
    const newest = this.#last;
    await newest;
    if (newest !== this.#last) await this.areAnswered();
  }
}
