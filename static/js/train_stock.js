// @ts-check
/** What there is to learn from, and the data set versions made of it. */
import { byId, element, html, setText } from "./dom.js";
import { exactTime, timeAgo } from "./time_words.js";

const number = (/** @type {number} */ n) => n.toLocaleString("en");
const sum = (/** @type {Record<string, number>} */ counts) => Object.values(counts).reduce((a, b) => a + b, 0);

/** @param {any} answer of /api/train */
export function showStock({ stock, problem, refs }) {
  byId("stock-problem").hidden = !problem;
  setText(byId("stock-problem-text"), problem ?? "");
  for (const id of ["stock", "stock-note"]) byId(id).hidden = !stock;
  byId("stock-empty").hidden = !stock || stock.accepted > 0;
  if (!stock) return;
  const { images, parts } = stock;
  const figures = [
    ["Complete images", images.complete],
    ["In progress", images.in_progress],
    ["Untouched", images.untouched],
    ["Accepted regions", stock.accepted],
    ["Rejected", stock.rejected],
    ["To correct", stock.to_correct],
    ["Missed objects", stock.misses],
    ["Hold-out images", parts.holdout.images],
  ];
  byId("stock").replaceChildren(...figures.map(([name, n]) => element(html`<div><dt>${name}</dt><dd>${number(n)}</dd></div>`)));
  const { train, holdout } = parts;
  const withoutMask = train.without_mask + holdout.without_mask;
  setText(
    byId("stock-note"),
    `A data set version made now takes ${number(train.images)} of ${number(train.drawn)} training images (${number(sum(train.boxes))} boxes) ` +
      `and ${number(holdout.images)} of ${number(holdout.drawn)} hold-out images (${number(sum(holdout.boxes))} boxes). ` +
      `${number(train.waiting + holdout.waiting)} more are judged in part. ` +
      (withoutMask ? `${number(withoutMask)} stay out because an accepted object has no mask: draw it on the Correct page. ` : "") +
      `Open proposals are those of ${refs}.`,
  );
}

/** @param {any[]} datasets newest first */
export function showDatasets(datasets) {
  byId("datasets").hidden = datasets.length === 0;
  byId("datasets-empty").hidden = datasets.length > 0;
  byId("dataset-rows").replaceChildren(...datasets.map(row));
}

/** @param {any} dataset */
function row({ number: version, task, counts, differences, created_at, settings, left_out, unreadable }) {
  const cell = (/** @type {"train" | "holdout"} */ part, /** @type {"images" | "boxes"} */ name) => {
    const n = name === "boxes" ? sum(counts[part].boxes) : counts[part][name];
    const change = differences?.[part][name];
    return html`<td class="n">${number(n)}${change ? ` (${change > 0 ? "+" : "−"}${number(Math.abs(change))})` : ""}</td>`;
  };
  const how = [task === "segment" && "masks", settings.partial && "partial", settings.rejects === "ignore" && "rejects painted over"].filter(Boolean).join(", ");
  const classes = Object.entries(counts.train.boxes).map(([name, n]) => `${name} ${number(Number(n))}`).join(", ");
  const out = sum(left_out) ? `${number(sum(left_out))} images left out${unreadable ? `, ${unreadable} unreadable` : ""}` : "";
  return element(html`<tr><th scope="row">${version}<div class="muted small">${[how, classes, out].filter(Boolean).join(" · ")}</div></th>
    ${cell("train", "images")}${cell("train", "boxes")}${cell("holdout", "images")}${cell("holdout", "boxes")}
    <td title="${exactTime(created_at)}">${timeAgo(created_at)}</td></tr>`);
}
