// @ts-check
/** Two versions side by side, all together and class by class. */
import { byId, element, html } from "./dom.js";
import { share } from "./models_table.js";

/**
 * @typedef {import("./models_table.js").Metrics} Metrics
 * @typedef {import("./models_table.js").ClassMetrics} ClassMetrics
 * @typedef {{first: number, second: number, first_metrics: Metrics, second_metrics: Metrics, is_same_holdout: boolean}} Comparison
 */

const SHARES = /** @type {[keyof ClassMetrics, string][]} */ ([
  ["map50", "mAP50"],
  ["map50_95", "mAP50-95"],
  ["precision", "Precision"],
  ["recall", "Recall"],
]);
const MASKS = /** @type {[keyof import("./models_table.js").MaskMetrics, string][]} */ ([
  ["map50", "Masks mAP50"],
  ["map50_95", "Masks mAP50-95"],
]);
const COUNTS = /** @type {[keyof ClassMetrics, string][]} */ ([
  ["false_positives", "False positives"],
  ["false_negatives", "False negatives"],
]);

/** @param {Comparison | null} comparison @param {() => void} onMeasure */
export function renderComparison(comparison, onMeasure) {
  const place = byId("comparison");
  place.hidden = !comparison;
  if (!comparison) return;
  const { first, second, first_metrics: one, second_metrics: other, is_same_holdout: isSame } = comparison;
  place.replaceChildren(element(html`<h2>v${first} against v${second}</h2>`), isSame ? holdoutLine(one) : warning(comparison, onMeasure));
  const masks = one.masks || other.masks ? MASKS : [];
  const head = [...SHARES, ...masks, ...COUNTS].map(([, label]) => html`<th scope="colgroup" colspan="3">${label}</th>`);
  const under = [...SHARES, ...masks, ...COUNTS].map(() => html`<th scope="col">v${first}</th><th scope="col">v${second}</th><th scope="col"><abbr title="Difference">Δ</abbr></th>`);
  place.append(
    element(html`<div class="table-frame" tabindex="0" role="region" aria-label="Figures by class"><table class="classes">
      <thead><tr><th scope="col" rowspan="2">Class</th><th scope="col" rowspan="2">Boxes</th>${head}</tr><tr>${under}</tr></thead>
      <tbody>${line("all", one, other, isSame, masks)}${namesOf(one, other).map((name) => line(name, classOf(one, name), classOf(other, name), isSame, masks))}</tbody>
    </table></div>`),
  );
}

/** @param {Metrics} metrics */
function holdoutLine(metrics) {
  return element(html`<p class="muted">Measured on the same hold-out: ${metrics.images.toLocaleString("en")} images, ${metrics.boxes.toLocaleString("en")} boxes. False positives and negatives count from a confidence of ${metrics.confidence} on.</p>`);
}

/** @param {Comparison} comparison @param {() => void} onMeasure */
function warning({ first, second, first_metrics: one, second_metrics: other }, onMeasure) {
  const note = element(html`<div class="warning"><p>Measured on different hold-outs (${one.images.toLocaleString("en")} and ${other.images.toLocaleString("en")} images): the figures must not be compared, so no differences are shown.</p>
    <button type="button">Measure v${first} and v${second} on today's hold-out</button></div>`);
  note.querySelector("button")?.addEventListener("click", onMeasure);
  return note;
}

/** @param {Metrics} one @param {Metrics} other @returns {string[]} classes of either, in the first's order */
function namesOf(one, other) {
  return [...new Set([...one.per_class, ...other.per_class].map((metrics) => metrics.name))];
}

/** @param {Metrics} metrics @param {string} name */
function classOf(metrics, name) {
  return metrics.per_class.find((one) => one.name === name);
}

/** @param {string} name @param {any} one @param {any} other @param {boolean} isSame @param {typeof MASKS} masks */
function line(name, one, other, isSame, masks) {
  const cells = [
    ...SHARES.map(([key]) => three(one?.[key], other?.[key], share, 1, isSame)),
    ...masks.map(([key]) => three(one?.masks?.[key], other?.masks?.[key], share, 1, isSame)),
    ...COUNTS.map(([key]) => three(one?.[key], other?.[key], String, -1, isSame)),
  ];
  return html`<tr class="${name === "all" ? "all" : ""}"><th scope="row">${name}</th><td>${(one ?? other)?.boxes ?? "–"}</td>${cells}</tr>`;
}

/**
 * @param {number | undefined} one @param {number | undefined} other @param {(value: number) => string} format
 * @param {1 | -1} good the sign of a difference that is better @param {boolean} isSame
 */
function three(one, other, format, good, isSame) {
  const values = [one, other].map((value) => html`<td>${value === undefined ? "–" : format(value)}</td>`);
  if (one === undefined || other === undefined || !isSame) return html`${values}<td class="difference">–</td>`;
  const difference = other - one;
  const isNone = Number(format(Math.abs(difference))) === 0;
  const trend = isNone ? "same" : difference * good > 0 ? "better" : "worse";
  const sign = isNone ? "" : difference > 0 ? "+" : "−";
  return html`${values}<td class="difference" data-trend="${trend}">${sign}${format(Math.abs(difference))}</td>`;
}
