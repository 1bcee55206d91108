// @ts-check
/** How an image, its state and its regions are drawn and put into words. */
import { html } from "./dom.js";

/** @typedef {import("./images_rows.js").Image} Image */
/** @typedef {import("./images_rows.js").Region} Region */

const THUMBNAIL_PX = 320;
export const STATES = { untouched: ["○", "Untouched"], in_progress: ["◐", "In progress"], complete: ["●", "Complete"] };
export const PLACES = { accepted: ["+", "Accepted"], rejected: ["−", "Rejected"], to_correct: ["✎", "To correct"], unreviewed: ["?", "Not reviewed"] };

/** @param {number} place @param {Image | null} image */
export function imageCell(place, image) {
  if (!image) return html`<div class="cell" role="gridcell" id="cell-${place}" data-place="${place}" aria-busy="true"></div>`;
  const [sign, word] = STATES[image.state];
  return html`<div class="cell" role="gridcell" id="cell-${place}" data-place="${place}" data-state="${image.state}"
      aria-label="${image.path}, ${word}, ${inWords(image)}">
    <div class="thumb">${picture(image, THUMBNAIL_PX)}</div>
    <p class="cell-path" title="${image.path}">${image.path.split("/").at(-1)}</p>
    <p class="cell-state"><span aria-hidden="true">${sign}</span> ${word}</p>
    <p class="cell-facts" title="${inWords(image)}">${facts(image)}</p>
  </div>`;
}

/** @param {Image} image @param {number} size longest side in pixels */
function picture({ item_id, pools, image_url, width, height, regions }, size) {
  if (!item_id) return html`<div class="thumb-none"><p>${pools.length ? "Not in the open pool" : "No refs list it"}</p>${pools.slice(0, 1).map(opener)}</div>`;
  if (!width || !height) return html`<p class="thumb-none">The file cannot be read</p>`;
  const url = (image_url ?? "").replace(/size=\d+/, `size=${size}`);
  return html`<img src="${url}" alt="" loading="lazy" decoding="async" draggable="false">
    <svg class="regions" viewBox="0 0 ${width} ${height}" aria-hidden="true">${regionBoxes(regions)}</svg>`;
}

/** @param {string} pool */
function opener(pool) {
  return html`<button type="button" tabindex="-1" data-open-pool="${pool}">Open ${pool} <kbd>O</kbd></button>`;
}

/** Where an image can be worked on that is not in the open pool. @param {Image} image @returns {string} empty for one that is */
export function whereabouts({ item_id, pools }) {
  if (item_id) return "";
  if (pools.length === 0) return "No refs list this image: add it to some, compute their features, and it can be put right here.";
  return `This image is not in the open pool. It is in ${pools.join(", ")}: O opens ${pools[0]}.`;
}

/** The boxes of all regions, those that nobody has judged lowest. @param {Region[]} regions @param {string | null} [hidden] an item to leave out */
export function regionBoxes(regions, hidden = null) {
  const boxes = regions.map((region, index) => ({ region, index })).filter(({ region }) => region.item_id !== hidden);
  const [under, over] = [true, false].map((isOpen) => boxes.filter(({ region }) => (region.place === "unreviewed") === isOpen));
  return [...under, ...over].map(({ region, index }) => regionBox(region, index));
}

/** @param {Region} region @param {number} index */
function regionBox({ box_xyxy: [x1, y1, x2, y2], place }, index) {
  const at = html`x="${x1}" y="${y1}" width="${x2 - x1}" height="${y2 - y1}"`;
  return html`<g class="region" data-place-of="${place}" data-index="${index}"><rect class="region-under" ${at}></rect><rect class="region-over" ${at}></rect></g>`;
}

/** @param {Image} image */
function facts({ proposals, accepted, rejected, to_correct, open_misses }) {
  const correct = to_correct ? html`<span class="undone">✎${to_correct}</span>` : "";
  const missed = open_misses ? html`<span class="undone">!${open_misses}</span>` : "";
  return html`<span>${proposals.toLocaleString("en")} boxes</span><span class="positive">+${accepted}</span><span class="negative">−${rejected}</span>${correct}${missed}`;
}

/** @param {Image} image @returns {string} */
export function inWords({ proposals, accepted, rejected, to_correct, unreviewed, open_misses }) {
  const parts = [
    `${proposals} ${proposals === 1 ? "proposal" : "proposals"}`,
    `${accepted} accepted`,
    `${rejected} rejected`,
    unreviewed && `${unreviewed} without a verdict`,
    to_correct && `${to_correct} to correct`,
    open_misses && `missed objects marked: ${open_misses}`,
  ];
  return parts.filter(Boolean).join(" · ");
}
