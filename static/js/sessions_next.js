// @ts-check
/** What a session should do next: settings that rules suggest, and the images to review. */
import { byId, element, html, setText } from "./dom.js";

const NAMES = {
  base: "Start from",
  epochs: "Epochs",
  batch: "Batch",
  imgsz: "Image size",
  device: "Device",
  freeze: "Frozen layers",
  partial: "Partial",
  class_balance: "Class balance",
};

/** @param {{suggestions: any[], problem: string | null}} answer @param {(setting: string, value: any) => void} onTake */
export function showSuggestions({ suggestions }, onTake) {
  byId("suggestions-box").hidden = suggestions.length === 0;
  const list = byId("suggestions");
  const hadFocus = list.contains(document.activeElement);
  list.replaceChildren(...suggestions.map((one, i) => line(one, i + 1, onTake)));
  if (hadFocus) /** @type {HTMLElement} */ (list.querySelector("button") ?? byId("start")).focus();
}

/** Take a suggestion by its number; for the page's keys. @param {number} place from 1 @returns {boolean} whether there is one */
export function takeSuggestion(place) {
  const button = byId("suggestions").querySelectorAll("button")[place - 1];
  button?.click();
  return Boolean(button);
}

/** @param {any} one @param {number} place @param {(setting: string, value: any) => void} onTake */
function line({ setting, value, reason }, place, onTake) {
  const name = NAMES[/** @type {keyof NAMES} */ (setting)] ?? setting;
  const shown = value === true ? "on" : value;
  const found = element(html`<li><p><strong>${name}: ${shown}</strong></p><p class="muted small">${reason}</p>
    <button type="button" aria-label="Take ${name}: ${shown}">Take <kbd>${place}</kbd></button></li>`);
  found.querySelector("button")?.addEventListener("click", () => onTake(setting, value));
  return found;
}

/** @param {any} answer of /next-images, or what went wrong @param {string} pool */
export function showNextImages({ images = [], considered = 0, in_review: isInReview = false, problem = "" }, pool) {
  /** @type {HTMLButtonElement} */ (byId("review")).disabled = images.length === 0;
  byId("review-all").hidden = !isInReview;
  const from = `of ${considered.toLocaleString("en")} training images in ${pool} that are not complete`;
  const found = `The ${images.length} most worth a look ${from}, by the detector's own doubt.${isInReview ? " The label page shows exactly these now." : ""}`;
  const none = considered ? `None ${from} is as uncertain as the session asks.` : "Every training image of the pool is complete. Let the newest version propose on more images.";
  setText(byId("next-text"), problem || (images.length ? found : none));
  byId("next-images").replaceChildren(...images.map(item));
}

/** @param {any} image */
function item({ path, uncertainty, n_boxes: n }) {
  return element(html`<li>${path} <span class="muted">${uncertainty.toFixed(2)}, ${n} ${n === 1 ? "box" : "boxes"}</span></li>`);
}
