// @ts-check
/**
 * What was done to an image and not saved yet, in the browser's storage: each step in a place of its own, so that one
 * more step costs one small write however long the history is. Kept apart by pool and annotator.
 */

/**
 * @typedef {import("./edit_model.js").Operation} Operation
 * @typedef {import("./edit_model.js").Steps} Steps
 * @typedef {{path: string, item_id: string, seq: number | null, done: number, elapsed_ms: number, at: number}} Head
 *   seq: the image's newest event when it was begun, null when that was not known
 */

/** Fires "full" when the storage takes no more, and "elsewhere" ({path}) when another tab wrote a draft. */
export class Drafts extends EventTarget {
  #storage;
  #prefix;
  /** What is in the storage for the image written last: the same step is not written twice. @type {{path: string, operations: Operation[]}} */
  #written = { path: "", operations: [] };

  /** @param {Storage} storage @param {string} pool @param {() => string} annotator */
  constructor(storage, pool, annotator) {
    super();
    this.#storage = storage;
    this.#prefix = () => `winnow.draft|${encodeURIComponent(pool)}|${encodeURIComponent(annotator())}|`;
    window.addEventListener("storage", ({ key }) => {
      if (!key?.startsWith(this.#prefix())) return;
      if (pathOf(key) === this.#written.path) this.#written = { path: "", operations: [] }; // the next step writes all anew
      this.dispatchEvent(new CustomEvent("elsewhere", { detail: { path: pathOf(key) } }));
    });
  }

  /** @param {Omit<Head, "done" | "at">} head @param {Steps} steps */
  write(head, { operations, done }) {
    if (!operations.length) return this.remove(head.path);
    const known = this.#written.path === head.path ? this.#written.operations : [];
    try {
      operations.forEach((operation, i) => {
        if (operation !== known[i]) this.#storage.setItem(this.#slot(head.path, i), JSON.stringify(operation));
      });
      for (let i = operations.length; this.#storage.getItem(this.#slot(head.path, i)) !== null; i++) this.#storage.removeItem(this.#slot(head.path, i));
      this.#storage.setItem(this.#slot(head.path), JSON.stringify({ ...head, done, at: Date.now() }));
      this.#written = { path: head.path, operations };
    } catch {
      this.#written = { path: "", operations: [] };
      this.dispatchEvent(new Event("full"));
    }
  }

  /** @param {string} path @returns {{head: Head, steps: Steps} | null} */
  read(path) {
    const text = this.#storage.getItem(this.#slot(path));
    if (!text) return null;
    const head = /** @type {Head} */ (JSON.parse(text));
    const operations = [];
    for (let i = 0; ; i++) {
      const step = this.#storage.getItem(this.#slot(path, i));
      if (!step) break;
      operations.push(JSON.parse(step));
    }
    return { head, steps: { operations, done: Math.min(head.done, operations.length) } };
  }

  /** One step more for an image that is not open. @param {{path: string, item_id: string}} image @param {Operation} operation */
  leave({ path, item_id }, operation) {
    const draft = this.read(path);
    const operations = [...(draft?.steps.operations.slice(0, draft.steps.done) ?? []), operation];
    const { seq = null, elapsed_ms = 0 } = draft?.head ?? {};
    this.remove(path);
    this.write({ path, item_id, seq, elapsed_ms }, { operations, done: operations.length });
  }

  /** @param {string} path */
  remove(path) {
    for (const slot of this.#slots(this.#slot(path))) this.#storage.removeItem(slot);
    if (this.#written.path === path) this.#written = { path: "", operations: [] };
  }

  /** The images that have one, newest first. @returns {Head[]} */
  all() {
    const heads = this.#slots(this.#prefix()).filter((slot) => slot.endsWith("|"));
    return heads.map((slot) => JSON.parse(this.#storage.getItem(slot) ?? "null")).filter(Boolean).sort((one, other) => other.at - one.at);
  }

  /** @param {string} path @param {number} [step] without it: the head */
  #slot(path, step) {
    return `${this.#prefix()}${encodeURIComponent(path)}|${step ?? ""}`;
  }

  /** @param {string} start */
  #slots(start) {
    const keys = Array.from({ length: this.#storage.length }, (_, i) => this.#storage.key(i) ?? "");
    return keys.filter((key) => key.startsWith(start));
  }
}

/** @param {string} slot */
function pathOf(slot) {
  return decodeURIComponent(slot.split("|")[3] ?? "");
}
