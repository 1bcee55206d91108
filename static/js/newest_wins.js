// @ts-check
/** One request in flight: of those that come meanwhile only the newest is sent, the others were only on the way to it. */

/** @template Request, Answer */
export class NewestWins {
  /** @type {Request | null} */
  #inFlight = null;
  /** @type {Request | null} */
  #waiting = null;
  /** Goes up with each `drop`; answers asked for before are not taken. */
  #era = 0;

  /**
   * @param {(request: Request) => Promise<Answer>} send
   * @param {{onAnswer: (request: Request, answer: Answer) => void, onError: (request: Request, error: unknown) => void}} take
   */
  constructor(send, take) {
    this.send = send;
    this.take = take;
  }

  /** The newest request that has no answer yet. */
  get open() {
    return this.#waiting ?? this.#inFlight;
  }

  /** @param {Request} request */
  ask(request) {
    this.#waiting = request;
    if (!this.#inFlight) void this.#run();
  }

  /** Whatever was asked for is not wanted any more. */
  drop() {
    this.#waiting = null;
    this.#era += 1;
  }

  async #run() {
    while (this.#waiting) {
      const request = this.#waiting;
      const era = this.#era;
      [this.#inFlight, this.#waiting] = [request, null];
      const told = await this.send(request).then(
        (answer) => () => this.take.onAnswer(request, answer),
        (error) => () => this.take.onError(request, error),
      );
      this.#inFlight = null;
      if (era === this.#era) told();
    }
  }
}
