// @ts-check
/** One request in flight: of those that come meanwhile only the newest is sent, the others were only on the way to it. */

/** @template Request, Answer */
export class NewestWins {
  /** @type {Request | null} */
  #inFlight = null;
  /** Whether the answer in flight was not dropped. */
  #isWanted = false;
  /** @type {Request[]} oldest first */
  #waiting = [];

  /**
   * @param {(request: Request) => Promise<Answer>} send
   * @param {{onAnswer: (request: Request, answer: Answer) => void, onError: (request: Request, error: unknown) => void,
   *   isOvertaken?: (waiting: Request, newer: Request) => boolean}} take isOvertaken: whether one that waits is not
   *   wanted any more once a newer one is there; by default none is
   */
  constructor(send, take) {
    this.send = send;
    this.take = take;
  }

  /** The requests that have no answer yet and were not dropped, oldest first. */
  get open() {
    return [...(this.#inFlight && this.#isWanted ? [this.#inFlight] : []), ...this.#waiting];
  }

  /** @param {Request} request */
  ask(request) {
    const { isOvertaken = () => true } = this.take;
    this.#waiting = [...this.#waiting.filter((one) => !isOvertaken(one, request)), request];
    if (!this.#inFlight) void this.#run();
  }

  /** What was asked for is not wanted any more. @param {(request: Request) => boolean} [isMeant] by default all of it */
  drop(isMeant = () => true) {
    this.#waiting = this.#waiting.filter((one) => !isMeant(one));
    if (this.#inFlight && isMeant(this.#inFlight)) this.#isWanted = false;
  }

  async #run() {
    for (let request = this.#waiting.shift(); request; request = this.#waiting.shift()) {
      const sent = request;
      [this.#inFlight, this.#isWanted] = [sent, true];
      const told = await this.send(sent).then(
        (answer) => () => this.take.onAnswer(sent, answer),
        (error) => () => this.take.onError(sent, error),
      );
      this.#inFlight = null;
      if (this.#isWanted) told();
    }
  }
}
