// @ts-check
/** The box of an item over the view that shows it, in the view's own pixels; fitted just as its image is. */
import { html } from "./dom.js";

/** @param {import("./types.js").Item} item */
export function boxOverlay({ box_xyxy: box, view_xyxy: view }) {
  if (!box || !view) return "";
  const place = html`x="${box[0]}" y="${box[1]}" width="${box[2] - box[0]}" height="${box[3] - box[1]}"`;
  return html`<svg class="box" aria-hidden="true" viewBox="${view[0]} ${view[1]} ${view[2] - view[0]} ${view[3] - view[1]}">
    <rect class="box-under" ${place}></rect><rect class="box-over" ${place}></rect></svg>`;
}
