// @ts-check
/** Images decoded before they are needed; a bounded number of them is kept. */

const LOADS_AT_ONCE = 3; // of the six connections a browser has to one address, the verdicts need some
const RETRY_MS = 1500;

/** @typedef {{url: string, image: HTMLImageElement, state: "waiting" | "loading" | "ready", isRetry: boolean}} Entry */

export class Images {
  /** @type {Map<string, Entry>} by item id, most wanted first */
  #entries = new Map();
  #loading = 0;

  /**
   * @param {(url: string) => Promise<number>} look asks the server why an image did not load
   * @param {(id: string) => void} onReady @param {(id: string) => void} onBroken
   */
  constructor(look, onReady, onBroken) {
    this.look = look;
    this.onReady = onReady;
    this.onBroken = onBroken;
  }

  /** Keep these images and load those that are missing, in this order; let the others go. @param {{id: string, url: string}[]} wanted */
  want(wanted) {
    const entries = wanted.map(({ id, url }) => [id, this.#entries.get(id) ?? newEntry(url)]);
    this.#entries = new Map(/** @type {[string, Entry][]} */ (entries));
    this.#loadNext();
  }

  /** @param {string} id @returns {boolean} */
  isReady(id) {
    return this.#entries.get(id)?.state === "ready";
  }

  /** @param {string} id @returns {HTMLImageElement | null} decoded */
  get(id) {
    const entry = this.#entries.get(id);
    return entry?.state === "ready" ? entry.image : null;
  }

  #loadNext() {
    for (const [id, entry] of this.#entries) {
      if (this.#loading >= LOADS_AT_ONCE) return;
      if (entry.state === "waiting") void this.#load(id, entry);
    }
  }

  /** @param {string} id @param {Entry} entry */
  async #load(id, entry) {
    entry.state = "loading";
    this.#loading += 1;
    try {
      entry.image.src = entry.url;
      await entry.image.decode();
      entry.state = "ready";
    } catch {
      await this.#findOutWhy(id, entry);
    } finally {
      this.#loading -= 1;
    }
    if (entry.state === "ready" && this.#entries.get(id) === entry) this.onReady(id);
    this.#loadNext();
  }

  /** A missing or damaged image is left out; one that failed because the server was gone is tried again. @param {string} id @param {Entry} entry */
  async #findOutWhy(id, entry) {
    const status = await this.look(entry.url).catch(() => 0);
    const isThere = status >= 200 && status < 300; // perhaps again: the server may just have come back
    if ((isThere && entry.isRetry) || (status >= 400 && status < 500)) {
      this.#entries.delete(id);
      this.onBroken(id);
      return;
    }
    if (!isThere) await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    Object.assign(entry, { image: newImage(), state: "waiting", isRetry: isThere });
  }
}

/** @param {string} url @returns {Entry} */
function newEntry(url) {
  return { url, image: newImage(), state: "waiting", isRetry: false };
}

function newImage() {
  const image = new Image();
  image.decoding = "sync"; // once decoded, it is painted in the frame it is put in, never one later
  image.alt = "";
  image.draggable = false;
  return image;
}
