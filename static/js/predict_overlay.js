// @ts-check
/** Proposals over their image: boxes, masks, class and score, in the image's own pixels. */
import { html } from "./dom.js";

/**
 * @typedef {{id: string, box_xyxy: number[] | null, class_name: string | null, score: number | null,
 *   polygons: [number, number][][]}} Proposal
 */

const HUES = 8;
const TEXT_PX = 14;
const LABEL_FROM_PX = 26; // narrower boxes would be covered by their label

/**
 * The overlay's markup, best score on top.
 *
 * @param {Proposal[]} proposals @param {{hueOf: (name: string | null) => number, scale: number, showMasks: boolean}} how
 *   scale: screen pixels per pixel of the image
 */
export function overlay(proposals, { hueOf, scale, showMasks }) {
  return html`${[...proposals].reverse().map((proposal) => shape(proposal, hueOf(proposal.class_name), scale, showMasks))}`;
}

/** @param {Proposal} proposal @param {number} hue @param {number} scale @param {boolean} showMasks */
function shape({ box_xyxy: box, class_name: name, score, polygons }, hue, scale, showMasks) {
  if (!box) return "";
  const [x1, y1, x2, y2] = box;
  const place = html`x="${x1}" y="${y1}" width="${x2 - x1}" height="${y2 - y1}"`;
  const mask = showMasks && polygons.length ? html`<path class="mask" d="${polygons.map(outline).join("")}"></path>` : "";
  const text = [name ?? "", score === null ? "" : score.toFixed(2)].filter(Boolean).join(" ");
  const isLabelled = text && (x2 - x1) * scale >= LABEL_FROM_PX;
  const size = TEXT_PX / scale;
  const label = isLabelled
    ? html`<text x="${x1 + 3 / scale}" y="${y1 + size}" font-size="${size}" stroke-width="${3 / scale}">${text}</text>`
    : "";
  return html`<g data-hue="${hue}">${mask}<rect class="under" ${place}></rect><rect class="edge" ${place}></rect>${label}</g>`;
}

/** @param {[number, number][]} points */
function outline(points) {
  return `M${points.map(([x, y]) => `${x} ${y}`).join("L")}Z`;
}

/** Hues by class, the same on every image of a file. @param {string[]} names @returns {(name: string | null) => number} */
export function huesOf(names) {
  const places = new Map(names.map((name, i) => [name, i % HUES]));
  return (name) => places.get(name ?? "(no class)") ?? 0;
}
