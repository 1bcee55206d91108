// @ts-check
/** One verdict large: what was judged, the whole image, and all that is known about the verdict. */
import { boxOverlay } from "./box_overlay.js";
import { byId, element, html } from "./dom.js";
import { exactly, labelName } from "./verdict_words.js";

/** @param {import("./review_rows.js").Rows} rows @param {import("./review_grid.js").ReviewGrid} grid */
export function openCloseUp(rows, grid) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("close-up"));
  const show = () => {
    const row = rows.at(grid.focus);
    if (dialog.open && row) byId("close-up-content").replaceChildren(content(row));
  };
  const toggle = () => {
    if (dialog.open) return dialog.close();
    if (!rows.at(grid.focus)) return undefined;
    dialog.showModal();
    return show();
  };
  grid.addEventListener("focus", show);
  rows.addEventListener("change", show);
  byId("close-up-previous").addEventListener("click", () => grid.moveTo(grid.focus - 1));
  byId("close-up-next").addEventListener("click", () => grid.moveTo(grid.focus + 1));
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (dialog.querySelectorAll("[data-answer]"))) {
    button.addEventListener("click", () => grid.dispatchEvent(new CustomEvent("answer", { detail: button.dataset.answer })));
  }
  return { toggle };
}

/** @param {import("./review_rows.js").Row} row */
function content({ item, verdict, head_probability }) {
  const whole = item.box_xyxy ? html`<div><img src="${item.image_url}" alt="The whole image"></div>` : "";
  const shown = verdict.probability === null ? "none yet" : verdict.probability.toFixed(3);
  const now = head_probability === null ? "none yet" : head_probability.toFixed(3);
  const claim = item.class_name ? html`<div><dt>Claimed</dt><dd>${item.class_name} ${item.score?.toFixed(2)}</dd></div>` : "";
  return element(html`<div class="close-up-body" data-label="${labelName(verdict.label)}">
    <div class="close-up-images"><div><img src="${item.crop_url}" alt="What was judged">${boxOverlay(item)}</div>${whole}</div>
    <h2>${item.path}</h2>
    <dl class="facts"><div><dt>Verdict</dt><dd class="${labelName(verdict.label)}">${exactly(verdict)}</dd></div>${claim}
      <div><dt>Probability when judged</dt><dd>${shown}</dd></div>
      <div><dt>Model without this verdict</dt><dd>${now}</dd></div></dl>
  </div>`);
}
