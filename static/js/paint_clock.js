// @ts-check
/** Measures from a key's own time stamp to the task after the frame that shows what it led to. */

const KEPT = 500;
const KEPT_ENTRIES = 20_000;

export class PaintClock {
  /** @type {number[]} milliseconds, newest last */
  #times_ms = [];
  #channel = new MessageChannel();
  /** @type {(() => void)[]} tasks whose frame is not painted yet */
  #waiting = [];
  /** @type {(() => void)[]} tasks whose frame is being painted */
  #due = [];
  #measured = 0;

  constructor() {
    this.#channel.port1.onmessage = () => this.#run();
    document.addEventListener("visibilitychange", () => document.hidden && this.#onFrame());
  }

  get last_ms() {
    return this.#times_ms.at(-1) ?? null;
  }

  /** The 95th percentile of the last 500 presses. */
  get p95_ms() {
    const sorted = [...this.#times_ms].sort((one, other) => one - other);
    return sorted.length ? sorted[Math.ceil(0.95 * sorted.length) - 1] : null;
  }

  /** Run a task when the next frame has been painted; a hidden page paints none and does not wait. @param {() => void} task */
  afterPaint(task) {
    this.#waiting.push(task);
    if (document.hidden) this.#onFrame();
    else requestAnimationFrame(() => this.#onFrame());
  }

  /** Time a press from its event; also kept as a performance entry "key-to-paint". @param {Event} event */
  measure(event) {
    this.afterPaint(() => {
      const entry = performance.measure("key-to-paint", { start: event.timeStamp, end: performance.now() });
      this.#times_ms.push(entry.duration);
      if (this.#times_ms.length > KEPT) this.#times_ms.shift();
      if (++this.#measured % KEPT_ENTRIES === 0) performance.clearMeasures("key-to-paint");
    });
  }

  #onFrame() {
    this.#due.push(...this.#waiting.splice(0));
    this.#channel.port2.postMessage(null);
  }

  #run() {
    for (const task of this.#due.splice(0)) task();
  }
}
