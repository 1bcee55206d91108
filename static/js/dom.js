// @ts-check
/** The few things that every page does with the document. */

const ESCAPES = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };

class Html {
  /** @param {string} text */
  constructor(text) {
    this.text = text;
  }
}

/** @param {unknown} value @returns {string} */
function escaped(value) {
  if (value instanceof Html) return value.text;
  if (Array.isArray(value)) return value.map(escaped).join("");
  return String(value ?? "").replace(/[&<>"']/g, (sign) => ESCAPES[/** @type {keyof ESCAPES} */ (sign)]);
}

/**
 * Markup whose values are escaped unless they are markup themselves.
 *
 * @param {TemplateStringsArray} parts @param {unknown[]} values
 */
export function html(parts, ...values) {
  return new Html(parts.reduce((text, part, i) => text + escaped(values[i - 1]) + part));
}

/** @param {Html} markup @returns {HTMLElement} the markup's only element */
export function element(markup) {
  const template = document.createElement("template");
  template.innerHTML = markup.text.trim();
  return /** @type {HTMLElement} */ (template.content.firstElementChild);
}

/**
 * The element that the template promises; throws when it is not there.
 *
 * @param {string} id @returns {HTMLElement}
 */
export function byId(id) {
  const found = document.getElementById(id);
  if (!found) throw new Error(`The page has no #${id}.`);
  return found;
}

/** Writes only what changed, so that an unchanged line costs no layout. @param {HTMLElement} target @param {string} text */
export function setText(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

/** @returns {import("./types.js").Config} what the server wrote into the page */
export function readConfig() {
  return JSON.parse(byId("config").textContent ?? "");
}

/** A version-4 UUID; `crypto.randomUUID` is missing where the page is not on localhost or https. */
export function uuid() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

/** localStorage, or a stand-in that forgets at the end of the page where storage is blocked. */
export function openStorage() {
  try {
    localStorage.setItem("winnow.probe", "1");
    localStorage.removeItem("winnow.probe");
    return localStorage;
  } catch {
    return memoryStorage();
  }
}

function memoryStorage() {
  const kept = new Map();
  return /** @type {Storage} */ ({
    get length() {
      return kept.size;
    },
    key: (i) => [...kept.keys()][i] ?? null,
    getItem: (key) => kept.get(key) ?? null,
    setItem: (key, value) => void kept.set(key, value),
    removeItem: (key) => void kept.delete(key),
    clear: () => kept.clear(),
  });
}
