// @ts-check
/** All talk with the server: one error path, and one place that knows whether it can be reached. */
import { readConfig } from "./dom.js";

/** The server answered, and said no. */
export class Refused extends Error {
  /** @param {number} status @param {string} code @param {string} detail */
  constructor(status, code, detail) {
    super(detail);
    this.status = status;
    this.code = code;
  }
}

/** The server did not answer, or was not able to: the same request may be tried again. */
export class Unreachable extends Error {
  /** @param {string} reason what the server said, empty when it said nothing */
  constructor(reason) {
    super(reason || "the server cannot be reached");
    this.reason = reason;
  }
}

const HEARTBEAT_MS = 5000;
const RECOVERY_MS = 700;

export class Api extends EventTarget {
  isReachable = true;
  /** Who judges, where that differs from the server's own setting. @type {string} */
  annotator = "";
  /** Which pool each call is for; the server may have gone on to another one. @type {Record<string, string>} */
  #place = namedPool(readConfig().pool?.name);
  #timer = 0;

  /** @param {string} path @returns {Promise<any>} */
  get(path) {
    return this.#request("GET", path);
  }

  /** What is no JSON, as it is. @param {string} path @returns {Promise<ArrayBuffer>} */
  bytes(path) {
    return this.#request("GET", path, undefined, this.annotator, (answer) => answer.arrayBuffer());
  }

  /** @param {string} path @param {object} body @param {string} [annotator] @returns {Promise<any>} */
  post(path, body, annotator) {
    return this.#request("POST", path, body, annotator);
  }

  /** @param {string} path @param {object} body @returns {Promise<any>} */
  put(path, body) {
    return this.#request("PUT", path, body);
  }

  /** @param {string} path @returns {Promise<any>} */
  delete(path) {
    return this.#request("DELETE", path);
  }

  /** @param {string} path @param {object} body @returns {Promise<any>} */
  patch(path, body) {
    return this.#request("PATCH", path, body);
  }

  /**
   * What GET answers, without taking the body in.
   *
   * @param {string} path @returns {Promise<number>} the status
   */
  async look(path) {
    const hangUp = new AbortController();
    try {
      const answer = await fetch(path, { signal: hangUp.signal, headers: this.#place, cache: "no-store" });
      this.#report(true);
      return answer.status;
    } catch {
      this.#report(false);
      throw new Unreachable("");
    } finally {
      hangUp.abort();
    }
  }

  /** Ask for a sign of life now and then, often while there is none. Fires "reachable" when that changes. */
  startHeartbeat() {
    clearTimeout(this.#timer);
    const beat = async () => {
      if (!document.hidden) await this.get("/healthz").catch(() => undefined);
      this.startHeartbeat();
    };
    this.#timer = window.setTimeout(beat, this.isReachable ? HEARTBEAT_MS : RECOVERY_MS);
  }

  /**
   * @param {string} method @param {string} path @param {object} [body] @param {string} [annotator]
   * @param {(answer: Response) => Promise<any>} [read] how to take in the body of an answer that is no refusal
   * @returns {Promise<any>}
   */
  async #request(method, path, body, annotator = this.annotator, read = (answer) => answer.json()) {
    /** @type {Record<string, string>} */
    const headers = { ...this.#place, ...(body === undefined ? {} : { "Content-Type": "application/json" }) };
    if (annotator && body !== undefined) headers["X-Winnow-Annotator"] = encodeURIComponent(annotator);
    let answer, content;
    try {
      answer = await fetch(path, { method, headers, body: JSON.stringify(body), cache: "no-store" });
      content = await (answer.ok ? read(answer) : answer.json()).catch(() => null);
    } catch {
      this.#report(false);
      throw new Unreachable("");
    }
    this.#report(true);
    if (answer.ok && content) return content;
    const detail = readable(content?.detail) || `The server answered ${answer.status}, and not as Winnow does.`;
    // Only Winnow's own word is final: a proxy's log-in page or error must not cost a verdict.
    if (answer.ok || answer.status >= 500 || typeof content?.error !== "string") throw new Unreachable(detail);
    throw new Refused(answer.status, content.error, detail);
  }

  /** @param {boolean} isReachable */
  #report(isReachable) {
    if (this.isReachable === isReachable) return;
    this.isReachable = isReachable;
    this.dispatchEvent(new Event("reachable"));
    this.startHeartbeat();
  }
}

/** @param {string | undefined} name none on a page that shows no pool @returns {Record<string, string>} headers */
function namedPool(name) {
  return name ? { "X-Winnow-Pool": encodeURIComponent(name) } : {};
}

/** @param {unknown} detail text, or a list of what a validator found @returns {string} */
function readable(detail) {
  if (typeof detail === "string") return detail;
  if (!Array.isArray(detail)) return "";
  return detail.map((found) => `${(found.loc ?? []).join(".")}: ${found.msg}`).join("; ");
}
