// @ts-check
/** What the map's colours and signs mean, for the colouring in force. */
import { byId, element, html } from "./dom.js";
import { KINDS } from "./map_colours.js";

/** @param {import("./map_colours.js").Colouring} colouring @param {import("./map_points.js").State | null} state */
export function showLegend(colouring, state) {
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-colouring]"))) {
    button.setAttribute("aria-pressed", String(button.dataset.colouring === colouring));
  }
  byId("legend").replaceChildren(...(colouring === "label" ? labels(state) : colouring === "probability" ? probabilities() : clusters()));
}

/** Those signs that are there. @param {import("./map_points.js").State | null} state */
function labels(state) {
  const counts = new Array(KINDS.length).fill(0);
  for (const kind of state?.kind ?? []) counts[kind] += 1;
  return KINDS.flatMap(({ mark, colour, words }, kind) =>
    counts[kind] ? [element(html`<li><span class="legend-mark probe--${colour}" aria-hidden="true">${mark}</span>${counts[kind].toLocaleString("en")} ${words}</li>`)] : [],
  );
}

function probabilities() {
  const none = element(html`<li><span class="legend-mark probe--faint" aria-hidden="true">·</span>unknown</li>`);
  return [element(html`<li>probability <span class="number">0</span><span class="legend-ramp" aria-hidden="true"></span><span class="number">1</span></li>`), none];
}

function clusters() {
  return [element(html`<li>a number stands in the middle of each cluster; colours only part neighbours</li>`)];
}
