// @ts-check
/** What is known of the image that is shown: its state, its figures, and its objects one by one. */
import { byId, element, html, setText } from "./dom.js";

/**
 * @typedef {import("./results_stage.js").ResultObject} ResultObject
 * @typedef {{n_objects: number, n_by_class: Record<string, number>, score_mean: number | null, score_min: number | null,
 *   covered_share: number | null, uncertainty: number}} Metrics
 * @typedef {{item_id: string, image_id: string, path: string, image_url: string, width: number | null, height: number | null,
 *   status: import("./results_list.js").Status, seq: number, objects: ResultObject[], removed: ResultObject[],
 *   prediction: ResultObject[], metrics: Metrics, problem: string | null}} ImageResult
 */

export const STATUSES = {
  open: ["○", "Open: nobody has reviewed it"],
  ok: ["✓", "Accepted as it is"],
  corrected: ["✎", "Corrected"],
  rejected: ["✕", "Rejected: nothing of its prediction counts"],
};
const PLACES = { accepted: ["✓", "accepted"], unreviewed: ["○", "open"], to_correct: ["✎", "to correct"], rejected: ["✕", "not counted"] };
const MOST_ROWS = 300;
const number = new Intl.NumberFormat("en");

/** What an acceptance keeps: what counts already, and proposals from the score on. @param {ImageResult} image @param {number} threshold */
export function keptOf({ objects }, threshold) {
  return objects.filter((one) => one.place === "accepted" || one.score === null || one.score >= threshold);
}

/** @param {number} n @returns {string} */
export function inObjects(n) {
  return n === 1 ? "1 object" : n ? `${number.format(n)} objects` : "no object";
}

export class ResultPanel extends EventTarget {
  /** The object that is pointed out. @type {string | null} */
  chosen = null;
  #list = byId("objects");

  constructor() {
    super();
    this.#list.addEventListener("click", (event) => {
      const row = /** @type {HTMLElement} */ (event.target).closest("[data-item]");
      if (row) this.#choose(row.getAttribute("data-item"));
    });
  }

  /** @param {ImageResult} image @param {ResultObject[]} kept @param {(name: string) => number} hueOf */
  show(image, kept, hueOf) {
    const [sign, word] = STATUSES[image.status];
    setText(byId("status"), `${sign} ${word}`);
    byId("status").dataset.status = image.status;
    byId("figures").replaceChildren(...figures(image, kept).flatMap(([name, value, title]) => pair(name, value, title)));
    const rows = [...image.objects, ...image.removed];
    if (!rows.some((one) => one.item_id === this.chosen)) this.chosen = null;
    const ids = new Set(kept.map((one) => one.item_id));
    const more = rows.length - MOST_ROWS;
    this.#list.replaceChildren(
      ...rows.slice(0, MOST_ROWS).map((one) => row(one, hueOf, ids.has(one.item_id))),
      ...(more > 0 ? [element(html`<li class="muted">and ${number.format(more)} more</li>`)] : []),
    );
    if (!rows.length) this.#list.replaceChildren(element(html`<li class="muted">Nothing is on this image.</li>`));
    this.#showChosen();
  }

  /** Point out the object before or after. @param {number} step */
  move(step) {
    const ids = [...this.#list.querySelectorAll("[data-item]")].map((row) => row.getAttribute("data-item"));
    if (!ids.length) return;
    const now = ids.indexOf(this.chosen);
    this.#choose(ids[now < 0 ? (step > 0 ? 0 : ids.length - 1) : Math.max(0, Math.min(ids.length - 1, now + step))]);
  }

  /** @param {string | null} itemId */
  #choose(itemId) {
    this.chosen = itemId;
    this.#showChosen();
    this.dispatchEvent(new Event("choose"));
  }

  #showChosen() {
    this.#list.removeAttribute("aria-activedescendant");
    for (const row of /** @type {NodeListOf<HTMLElement>} */ (this.#list.querySelectorAll("[data-item]"))) {
      const isChosen = row.dataset.item === this.chosen;
      row.setAttribute("aria-selected", String(isChosen));
      if (!isChosen) continue;
      row.scrollIntoView({ block: "nearest" });
      this.#list.setAttribute("aria-activedescendant", row.id);
    }
  }
}

/** @param {ImageResult} image @param {ResultObject[]} kept @returns {[string, string, string][]} */
function figures({ width, height, status, objects, metrics }, kept) {
  const classes = Object.entries(metrics.n_by_class).map(([name, n]) => `${name} ${number.format(n)}`);
  const below = status === "open" ? objects.length - kept.length : 0;
  return [
    ["Objects", number.format(metrics.n_objects) + (below ? `, ${number.format(below)} below the score` : ""), ""],
    ["Classes", classes.join(", ") || "–", ""],
    ["Score", metrics.score_mean === null ? "–" : `mean ${metrics.score_mean.toFixed(2)}, least ${metrics.score_min?.toFixed(2)}`, ""],
    ["Covered", share(metrics.covered_share), "Share of the image's pixels that lie in an object"],
    ["Uncertainty", metrics.uncertainty.toFixed(2), "Of the prediction, 0 to 1, as the ranking of images has it"],
    ["Size", width ? `${number.format(width)} × ${number.format(height ?? 0)} px` : "cannot be read", ""],
  ];
}

/** @param {string} name @param {string} value @param {string} [title] */
export function pair(name, value, title = "") {
  return [element(html`<dt title="${title}">${name}</dt>`), element(html`<dd title="${title}">${value}</dd>`)];
}

/** @param {ResultObject} one @param {(name: string) => number} hueOf @param {boolean} isKept */
function row(one, hueOf, isKept) {
  const isBelow = one.place === "unreviewed" && !isKept;
  const [sign, word] = isBelow ? ["–", "below the score"] : PLACES[one.place];
  const was = one.claimed && one.claimed !== one.class_name ? `was ${one.claimed}` : "";
  const size = `${number.format(one.area_px)} px${one.share === null ? "" : `, ${share(one.share)}`}`;
  const facts = [size, one.mask ? "mask" : "", one.stability === null ? "" : `stability ${one.stability.toFixed(2)}`, was, one.replaces ? "corrected box" : ""];
  return element(html`<li role="option" id="object-${one.item_id}-${one.place}" data-item="${one.item_id}" data-place-of="${one.place}"
      data-below="${isBelow}" data-hue="${hueOf(one.class_name)}"><span class="swatch"></span>
    <span class="object-name"><b>${one.class_name}</b> ${one.score === null ? "by hand" : one.score.toFixed(2)}</span>
    <span class="object-word"><span aria-hidden="true">${sign}</span> ${word}</span>
    <span class="object-facts muted">${facts.filter(Boolean).join(" · ")}</span></li>`);
}

/** @param {number | null} value 0 … 1 */
function share(value) {
  if (value === null) return "–";
  return value > 0 && value < 0.001 ? "below 0.1 %" : `${(100 * value).toFixed(1)} %`;
}
