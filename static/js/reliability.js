// @ts-check
/** What the model said against what came, on random items only: on the diagonal its probabilities mean what they say. */
import { element, html } from "./dom.js";
import { number, percent } from "./recall_words.js";

/** @typedef {import("./types_goals.js").Head} Head */

const SIDE = 120;
const MOST_RADIUS = 9;
const LEAST_RADIUS = 2.5;

/** @param {Head} head @returns {HTMLElement} */
export function reliabilityChart({ bins, brier }) {
  const filled = bins.filter((bin) => bin.count > 0);
  const most = Math.max(1, ...filled.map((bin) => bin.count));
  const spots = filled.map(({ mean_probability: x, share: y, count }) => {
    const radius = Math.max(LEAST_RADIUS, MOST_RADIUS * Math.sqrt(count / most));
    return html`<circle cx="${SIDE * x}" cy="${SIDE * (1 - y)}" r="${radius}"><title>said ${percent(x)}, came ${percent(y)}, ${number(count)} items</title></circle>`;
  });
  const rows = filled.map((bin) => html`<tr><td>${percent(bin.mean_probability)}</td><td>${percent(bin.share)}</td><td>${number(bin.count)}</td></tr>`);
  return element(html`<div class="reliability">
    <svg viewBox="-10 -10 ${SIDE + 20} ${SIDE + 20}" aria-hidden="true"><rect width="${SIDE}" height="${SIDE}"></rect><path d="M0 ${SIDE} ${SIDE} 0"></path>${spots}</svg>
    <div><table><thead><tr><th scope="col">Said</th><th scope="col">Came</th><th scope="col">Items</th></tr></thead><tbody>${rows}</tbody></table>
    <p class="muted small">Brier score ${brier.toFixed(3)}</p></div></div>`);
}
