// @ts-check
/** The table of model versions, and what can be done with the one that is chosen. */
import { byId, element, html } from "./dom.js";
import { exactTime, timeAgo } from "./time_words.js";

/**
 * @typedef {{map50: number, map50_95: number, precision: number, recall: number}} MaskMetrics
 * @typedef {{name: string, boxes: number, map50: number, map50_95: number, precision: number, recall: number,
 *   false_positives: number, false_negatives: number, masks: MaskMetrics | null}} ClassMetrics
 * @typedef {{map50: number, map50_95: number, precision: number, recall: number, speed_ms: number, images: number, boxes: number,
 *   false_positives: number, false_negatives: number, false_positives_per_image: number, per_class: ClassMetrics[],
 *   holdout: string, imgsz: number, confidence: number, masks: MaskMetrics | null}} Metrics
 * @typedef {{name: string, size_bytes: number, url: string | null, path: string}} ModelFile
 * @typedef {{number: number, name: string, task: "detect" | "segment", base: string, base_version: number | null, dataset: number, session: number | null,
 *   classes: string[], metrics: Metrics, before: number | null, seconds: number, created_at: number, size_bytes: number,
 *   is_active: boolean, is_best: boolean, files: ModelFile[], errors_pool: string | null, has_report: boolean}} ModelVersion
 */

/** @param {number} value @returns {string} */
export const share = (value) => value.toFixed(3);
/** @param {number} bytes @returns {string} */
const megabytes = (bytes) => (bytes ? `${(bytes / 1e6).toFixed(1)} MB` : "missing");

/**
 * @param {ModelVersion[]} models @param {number | null} chosen @param {number[]} compared
 * @param {{onChoose: (number: number) => void, onCompare: (number: number) => void}} listeners
 */
export function renderTable(models, chosen, compared, { onChoose, onCompare }) {
  const focused = /** @type {HTMLElement | null} */ (document.activeElement)?.closest("#versions tr")?.id;
  const rows = models.map((model) => {
    const row = versionRow(model, model.number === chosen, compared.includes(model.number));
    row.addEventListener("click", () => onChoose(model.number));
    row.addEventListener("focus", () => onChoose(model.number));
    const box = /** @type {HTMLInputElement} */ (row.querySelector("input"));
    box.addEventListener("click", (event) => event.stopPropagation());
    box.addEventListener("change", () => onCompare(model.number));
    return row;
  });
  byId("versions").replaceChildren(...rows);
  if (focused) document.getElementById(focused)?.focus();
}

/** @param {ModelVersion} model @param {boolean} isChosen @param {boolean} isCompared */
function versionRow(model, isChosen, isCompared) {
  const { metrics } = model;
  const cell = (/** @type {string} */ label, /** @type {unknown} */ value) => html`<td data-label="${label}">${value}</td>`;
  const row = element(html`<tr id="version-${model.number}" tabindex="${isChosen ? 0 : -1}">
    <td data-label="Compare"><input type="checkbox" aria-label="Compare ${model.name}" tabindex="-1"></td>
    <th scope="row">${model.name}${model.is_active ? html` <span class="mark active">● active</span>` : ""}${model.is_best ? html` <span class="mark best">★ best</span>` : ""}</th>
    ${cell("From", model.base)}${cell("Data set", model.dataset)}
    ${cell("mAP50", share(metrics.map50))}${cell("mAP50-95", share(metrics.map50_95))}${cell("Masks", metrics.masks ? share(metrics.masks.map50_95) : "–")}
    ${cell("Precision", share(metrics.precision))}${cell("Recall", share(metrics.recall))}
    ${cell("FP/image", metrics.false_positives_per_image.toFixed(2))}
    ${cell("Size", megabytes(model.size_bytes))}${cell("Speed", `${metrics.speed_ms.toFixed(1)} ms`)}
    <td data-label="When" title="${exactTime(model.created_at)}">${timeAgo(model.created_at)}</td>
  </tr>`);
  if (isChosen) row.setAttribute("aria-current", "true");
  /** @type {HTMLInputElement} */ (row.querySelector("input")).checked = isCompared;
  return row;
}

/**
 * @param {ModelVersion | undefined} model
 * @param {{activate: () => void, export: () => void, remove: () => void, openErrors: () => void}} actions
 */
export function renderChosen(model, actions) {
  const place = byId("chosen");
  place.hidden = !model;
  if (!model) return;
  const { metrics } = model;
  const hadFocus = place.contains(document.activeElement) ? document.activeElement?.getAttribute("data-act") : null;
  place.replaceChildren(
    element(html`<h2>${model.name}</h2>`),
    element(html`<p class="muted">Finds ${model.task === "segment" ? "boxes and masks" : "boxes"}. Trained from ${model.base} on data set ${model.dataset}, classes ${model.classes.join(", ")};
      measured on ${metrics.images.toLocaleString("en")} hold-out images with ${metrics.boxes.toLocaleString("en")} boxes at ${metrics.imgsz} px.</p>`),
    ...(metrics.masks ? [element(html`<p>Masks: mAP50 ${share(metrics.masks.map50)}, mAP50-95 ${share(metrics.masks.map50_95)}, precision ${share(metrics.masks.precision)}, recall ${share(metrics.masks.recall)}.</p>`)] : []),
    element(html`<div class="chosen-actions">
      <button type="button" data-act="activate">${model.is_active ? "Is active" : "Make active"} <kbd>A</kbd></button>
      <button type="button" data-act="export">Export <kbd>E</kbd></button>
      ${model.errors_pool ? html`<button type="button" data-act="openErrors">Look at ${metrics.false_positives} false positives, ${metrics.false_negatives} false negatives</button>` : ""}
      ${model.has_report ? html`<a class="button" href="/reports/${model.number}">Round report</a>` : ""}
      <button type="button" data-act="remove">Delete <kbd>Del</kbd></button>
    </div>`),
    element(html`<ul class="files" aria-label="Files of ${model.name}">${model.files.map(fileLine)}</ul>`),
  );
  for (const button of /** @type {NodeListOf<HTMLButtonElement>} */ (place.querySelectorAll("[data-act]"))) {
    const act = /** @type {keyof typeof actions} */ (button.dataset.act);
    button.addEventListener("click", actions[act]);
    if (model.is_active && (act === "activate" || act === "remove")) button.disabled = true;
    if (model.is_active && act === "remove") button.title = "The active version is never deleted: make another active first";
    if (act === hadFocus) button.focus();
  }
}

/** @param {ModelFile} file */
function fileLine(file) {
  const size = html`<span class="muted">${megabytes(file.size_bytes)}</span>`;
  return file.url
    ? html`<li><a href="${file.url}" download>${file.name}</a> ${size}</li>`
    : html`<li>${file.name}/ ${size} <span class="muted">a folder: ${file.path}</span></li>`;
}
