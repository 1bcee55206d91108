// @ts-check
/** Timed auto mode: no key within the time means negative. Off until asked for; any key or a hidden tab pauses it. */

export class AutoMode extends EventTarget {
  /** @type {"off" | "running" | "paused"} */
  state = "off";
  #timer = 0;
  #until = 0;

  /** @param {number} seconds @param {() => void} onTimeout */
  constructor(seconds, onTimeout) {
    super();
    this.seconds = seconds;
    this.onTimeout = onTimeout;
  }

  /** Seconds until the item on screen is taken as negative. */
  get left_s() {
    return Math.max(0, (this.#until - performance.now()) / 1000);
  }

  toggle() {
    if (this.state === "running") this.pause();
    else this.#set("running");
  }

  pause() {
    if (this.state === "running") this.#set("paused");
  }

  /** A new item is on screen, or none: count from the start, or not at all. @param {boolean} hasItem */
  restart(hasItem) {
    clearTimeout(this.#timer);
    if (this.state !== "running" || !hasItem) return;
    this.#until = performance.now() + 1000 * this.seconds;
    this.#timer = window.setTimeout(this.onTimeout, 1000 * this.seconds);
  }

  /** @param {"off" | "running" | "paused"} state */
  #set(state) {
    clearTimeout(this.#timer);
    this.state = state;
    this.dispatchEvent(new Event("change"));
  }
}
