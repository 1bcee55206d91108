// @ts-check
/** Writes a grid into the document. Cells have their place from the start, and nothing moves when pictures come. */
import { boxOverlay } from "./box_overlay.js";
import { byId, element, html, setText } from "./dom.js";
import { GRID_KEYS } from "./grid_keys.js";
import { keySign } from "./keys.js";
import { labelName } from "./verdict_words.js";

/** @typedef {import("./grid_batch.js").GridBatch} GridBatch */
/** @typedef {import("./grid_batch.js").Cell} Cell */

const SIGNS = /** @type {Record<string, string>} */ ({ positive: "+", negative: "−", out: "◇" });

export class GridView {
  #cells = byId("many-cells");
  #size = 0;
  #columns = 0;

  /** @param {Record<string, string[]>} keys what the settings say */
  constructor(keys) {
    byId("many-keys").replaceChildren(...GRID_KEYS.map((row) => keyRow(row, keys)));
  }

  /** What the pictures are. @param {{title: string, help: string}} words @param {import("./grid_batch.js").Item | null} anchor */
  showHead({ title, help }, anchor) {
    setText(byId("many-title"), title);
    setText(byId("many-help"), help);
    byId("many-anchor").hidden = anchor === null;
    byId("many-anchor").replaceChildren(...(anchor ? [picture(anchor, smallImage(anchor)), overlay(anchor)] : []));
  }

  /** In the middle of the grid; empty = nothing to say. @param {string} text */
  showMessage(text) {
    setText(byId("many-message"), text);
  }

  /** For screen readers. @param {string} text */
  announce(text) {
    setText(byId("many-live"), text);
  }

  /** @param {GridBatch} batch @param {(id: string) => HTMLImageElement | null} imageOf a decoded picture */
  render(batch, imageOf) {
    this.#layOut(batch);
    const places = /** @type {NodeListOf<HTMLElement>} */ (this.#cells.querySelectorAll("[data-place]"));
    places.forEach((place, i) => {
      fill(place, batch.shown[i] ?? null, imageOf);
      place.toggleAttribute("data-cursor", i === batch.cursor && i < batch.shown.length);
      place.toggleAttribute("data-numbered", Math.floor(i / batch.columns) === Math.floor(batch.cursor / batch.columns));
    });
    if (batch.shown.length) this.#cells.setAttribute("aria-activedescendant", `many-cell-${batch.cursor}`);
    this.#renderCounts(batch);
  }

  /** @param {GridBatch} batch */
  #renderCounts(batch) {
    const { positive, negative, out, coming } = batch.counts;
    for (const [name, count] of Object.entries({ positive, negative, out })) setText(byId(`many-${name}`), String(count));
    setText(byId("many-apply-word"), `Label ${positive + negative}`);
    byId("many-apply").setAttribute("aria-disabled", String(positive + negative === 0));
    setText(byId("many-size"), String(batch.size));
    setText(byId("many-detail"), detail(batch.shown[batch.cursor] ?? null, coming));
    this.#cells.setAttribute("aria-busy", String(coming > 0));
  }

  /** @param {GridBatch} batch */
  #layOut({ size, columns }) {
    if (this.#size === size && this.#columns === columns) return;
    [this.#size, this.#columns] = [size, columns];
    const rows = Array.from({ length: Math.ceil(size / columns) }, (_, row) => rowOf(row * columns, Math.min(columns, size - row * columns)));
    this.#cells.style.gridTemplate = `repeat(${rows.length}, minmax(0, 1fr)) / repeat(${columns}, minmax(0, 1fr))`;
    this.#cells.replaceChildren(...rows);
  }
}

/** @param {number} from @param {number} count @returns {HTMLElement} */
function rowOf(from, count) {
  const cells = Array.from({ length: count }, (_, i) => cell(from + i, i));
  return element(html`<div class="many-row" role="row">${cells}</div>`);
}

/** @param {number} place @param {number} column */
function cell(place, column) {
  return html`<div class="many-cell" role="gridcell" id="many-cell-${place}" data-place="${place}" aria-selected="false">
    <div class="many-picture"></div><span class="many-sign" aria-hidden="true"></span><kbd aria-hidden="true">${(column + 1) % 10}</kbd>
  </div>`;
}

/** @param {HTMLElement} place @param {Cell | null} cell @param {(id: string) => HTMLImageElement | null} imageOf */
function fill(place, cell, imageOf) {
  const image = cell?.shown_at == null ? null : imageOf(cell.item.id);
  const shown = cell && image ? cell.item.id : "";
  if (place.dataset.item !== shown) {
    place.dataset.item = shown;
    place.firstElementChild?.replaceChildren(...(cell && image ? [image, overlay(cell.item)] : []));
  }
  const mark = cell && image ? markName(cell) : "";
  place.dataset.mark = mark;
  place.toggleAttribute("data-dim", mark === "out" && cell?.usual !== null);
  place.toggleAttribute("data-broken", cell?.isBroken ?? false);
  setText(/** @type {HTMLElement} */ (place.children[1]), SIGNS[mark] ?? "");
  place.setAttribute("aria-selected", String(mark === "positive"));
  place.setAttribute("aria-label", cell ? spoken(cell) : "Empty");
}

/** @param {Cell} cell @returns {"positive" | "negative" | "out"} */
export function markName({ mark }) {
  return mark === null ? "out" : labelName(mark) === "positive" ? "positive" : "negative";
}

/** @param {Cell} cell @returns {string} */
export function spoken(cell) {
  if (cell.isBroken) return `${cell.item.path}, cannot be shown`;
  if (cell.shown_at === null) return `${cell.item.path}, on its way`;
  return `${cell.item.path}, ${cell.mark === null ? "left out" : labelName(cell.mark)}`;
}

/** @param {Cell | null} cell @param {number} coming @returns {string} what is known of the picture at the cursor */
function detail(cell, coming) {
  const waiting = coming ? `${coming} on ${coming === 1 ? "its" : "their"} way` : "";
  if (!cell) return waiting;
  const { path, class_name, score, likeness } = cell.item;
  const claim = class_name && `${class_name} ${score?.toFixed(2) ?? ""}`.trim();
  const alike = likeness === undefined ? "" : `likeness ${likeness.toFixed(2)}`;
  return [waiting, cell.isBroken ? "cannot be shown" : alike, claim, path].filter(Boolean).join(" · ");
}

/** @param {import("./grid_batch.js").Item} item @returns {SVGElement | string} its box, over its picture */
function overlay(item) {
  const box = boxOverlay(item);
  return box === "" ? "" : /** @type {any} */ (element(box));
}

/** @param {import("./grid_batch.js").Item} item @param {string} url */
function picture(item, url) {
  return element(html`<img src="${url}" alt="${item.path}" draggable="false">`);
}

/** @param {import("./grid_batch.js").Item} item @returns {string} */
export function smallImage(item) {
  const url = new URL(item.crop_url, location.href);
  url.searchParams.set("size", "320");
  return url.pathname + url.search;
}

/** @param {[string, string, string, string[]?]} row @param {Record<string, string[]>} keys */
function keyRow([signs, name, help, actions], keys) {
  const named = actions?.map((action) => keySign(keys[action]?.find((key) => key.length === 1) ?? keys[action]?.[0] ?? "")) ?? signs.split(" ");
  const marks = named.map((sign) => (sign === "…" ? "…" : html`<kbd>${sign}</kbd>`));
  return element(html`<tr title="${help}"><td>${marks}</td><th scope="row">${name}<span class="muted">${help}</span></th></tr>`);
}
