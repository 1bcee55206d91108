// @ts-check
/** How long an image was looked at: counted while it is on screen and the tab is visible. */

export class ViewClock {
  /** @type {Map<string, number>} milliseconds by image, until they are recorded */
  #spent = new Map();
  /** @type {string | null} */
  #shown = null;
  #since = 0;

  constructor() {
    document.addEventListener("visibilitychange", () => (document.hidden ? this.#pause() : this.#go()));
  }

  /** An image is on screen now; null = none. @param {string | null} image */
  show(image) {
    this.#pause();
    this.#shown = image;
    if (!document.hidden) this.#go();
  }

  /** The image's time, which begins anew then. @param {string} image @returns {number} whole milliseconds */
  take(image) {
    this.#pause();
    const spent = this.#spent.get(image) ?? 0;
    this.#spent.delete(image);
    if (!document.hidden) this.#go();
    return Math.round(spent);
  }

  #go() {
    this.#since = performance.now();
  }

  #pause() {
    if (this.#shown !== null && this.#since) {
      this.#spent.set(this.#shown, (this.#spent.get(this.#shown) ?? 0) + performance.now() - this.#since);
    }
    this.#since = 0;
  }
}
