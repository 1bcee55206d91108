// @ts-check
/** A session's iterations: each model version beside the one before it, on the same hold-out. */
import { byId, element, html, setText } from "./dom.js";
import { duration, exactTime, timeAgo } from "./time_words.js";

const HEADLINE = /** @type {[string, string][]} */ ([["map50", "mAP50"], ["map50_95", "mAP50-95"], ["precision", "Precision"], ["recall", "Recall"]]);
const MASKS = /** @type {[string, string][]} */ ([["map50", "Masks mAP50"], ["map50_95", "Masks mAP50-95"]]);

/** @param {any} session @param {(pool: string) => void} openPool */
export function showIterations({ iterations, convergence }, openPool) {
  byId("iterations-section").hidden = iterations.length === 0;
  byId("convergence").dataset.converged = String(convergence.is_converged);
  setText(byId("convergence-text"), convergence.text);
  setText(byId("convergence-rule"), `Rule: ${convergence.rule}`);
  byId("iterations").replaceChildren(...iterations.map((/** @type {any} */ one) => card(one, openPool)));
}

/** @param {any} one @param {(pool: string) => void} openPool */
function card(one, openPool) {
  const { metrics, metrics_before: old } = one;
  const found = element(html`<article class="iteration" aria-label="Version ${one.model}">
    <p class="iteration-head"><strong>Version ${one.model}</strong> <span>from ${one.base.split("/").at(-1)}, data set ${one.dataset}</span>
      <span class="muted small" title="${exactTime(one.created_at)}">${timeAgo(one.created_at)}, took ${duration(one.seconds)}</span></p>
    <dl class="figures">${HEADLINE.map(([key, name]) => html`<div><dt>${name}${old ? html` ${change(metrics[key], old[key])}` : ""}</dt><dd>${metrics[key].toFixed(3)}</dd></div>`)}
      ${metrics.masks ? MASKS.map(([key, name]) => html`<div><dt>${name}${old?.masks ? html` ${change(metrics.masks[key], old.masks[key])}` : ""}</dt><dd>${metrics.masks[key].toFixed(3)}</dd></div>`) : ""}
      ${metrics.loss ? html`<div><dt>Loss on the hold-out</dt><dd>${metrics.loss.sum.toFixed(2)}</dd></div>` : ""}
      <div><dt>False positives</dt><dd>${metrics.false_positives}</dd></div>
      <div><dt>False negatives</dt><dd>${metrics.false_negatives}</dd></div></dl>
    <p class="muted small">${old ? `Beside version ${one.before} on the same ` : "The first version; on "}${metrics.images} hold-out images with ${metrics.boxes} boxes.</p>
    <details><summary>By class</summary><div class="table-box">${classes(one.per_class)}</div></details>
    <p class="iteration-links"></p>
  </article>`);
  const links = /** @type {HTMLElement} */ (found.querySelector(".iteration-links"));
  if (one.errors_pool) {
    const button = element(html`<button type="button">Look at its mistakes</button>`);
    button.addEventListener("click", () => openPool(one.errors_pool));
    links.append(button);
  }
  if (one.has_report) links.append(element(html`<a class="button" href="/reports/${one.model}">Report of the round</a>`));
  links.append(element(html`<a class="button" href="/models">Models</a>`));
  return found;
}

/** @param {number} now @param {number} before */
function change(now, before) {
  const gain = now - before;
  const words = `${gain < 0 ? "−" : "+"}${Math.abs(gain).toFixed(3)}`;
  return html`<span class="${gain < 0 ? "down" : "up"}">${gain < 0 ? "▼" : "▲"} ${words}</span>`;
}

/** @param {any[]} rows */
function classes(rows) {
  const cell = (/** @type {number | null} */ value) => html`<td class="n">${value === null ? "–" : value.toFixed(3)}</td>`;
  return html`<table><thead><tr><th scope="col">Class</th><th scope="col" class="n">Boxes</th><th scope="col" class="n">Precision before</th><th scope="col" class="n">now</th><th scope="col" class="n">Recall before</th><th scope="col" class="n">now</th><th scope="col" class="n">mAP50 before</th><th scope="col" class="n">now</th></tr></thead>
    <tbody>${rows.map((row) => html`<tr><th scope="row">${row.name}</th><td class="n">${row.boxes}</td>${cell(row.precision_before)}${cell(row.precision)}${cell(row.recall_before)}${cell(row.recall)}${cell(row.map50_before)}${cell(row.map50)}</tr>`)}</tbody></table>`;
}
