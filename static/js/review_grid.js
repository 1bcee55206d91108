// @ts-check
/** A grid of any length of which only the visible rows are in the document. */
import { boxOverlay } from "./box_overlay.js";
import { byId, element, html } from "./dom.js";
import { LABELS, ago, exactly, labelName, reasonWords, thumbnail } from "./verdict_words.js";

const CELL_PX = 176;
const ROW_PX = 224;
const SPARE_ROWS = 2;
const SETTLE_MS = 60;

export class ReviewGrid extends EventTarget {
  focus = 0;
  columns = 1;
  #scroller = byId("grid");
  #canvas = byId("grid-canvas");
  /** @type {Map<number, HTMLElement>} drawn rows */
  #drawn = new Map();
  #frame = 0;
  #settle = 0;

  /**
   * @param {import("./review_rows.js").Rows | import("./images_rows.js").ImageRows} rows
   * @param {{draw: (place: number, row: any) => unknown, cell_px: number, row_px: number}} [look] what a cell is and takes
   */
  constructor(rows, look = { draw: cell, cell_px: CELL_PX, row_px: ROW_PX }) {
    super();
    this.rows = rows;
    this.look = look;
    this.#scroller.addEventListener("scroll", () => this.#drawSoon(), { passive: true });
    new ResizeObserver(() => this.redraw()).observe(this.#scroller);
    rows.addEventListener("change", () => this.redraw());
    this.#canvas.addEventListener("click", (event) => this.#click(event));
    this.#canvas.addEventListener("dblclick", () => this.dispatchEvent(new Event("open")));
  }

  /** Draw all visible rows anew. */
  redraw() {
    this.columns = Math.max(1, Math.floor((this.#scroller.clientWidth - 8) / this.look.cell_px));
    this.#canvas.style.height = `${this.#rowCount * this.look.row_px}px`;
    this.#scroller.setAttribute("aria-rowcount", String(this.#rowCount));
    this.#scroller.setAttribute("aria-colcount", String(this.columns));
    for (const row of this.#drawn.values()) drop(row);
    this.#drawn.clear();
    this.#draw();
  }

  /** Move the focus to a place, and the place into view. @param {number} place */
  moveTo(place) {
    const before = this.#cell(this.focus);
    this.focus = Math.max(0, Math.min(this.rows.total - 1, place));
    before?.removeAttribute("data-focus");
    const top = Math.floor(this.focus / this.columns) * this.look.row_px;
    const { scrollTop, clientHeight } = this.#scroller;
    if (top < scrollTop) this.#scroller.scrollTop = top;
    else if (top + this.look.row_px > scrollTop + clientHeight) this.#scroller.scrollTop = top + this.look.row_px - clientHeight;
    this.#draw();
    this.#showFocus();
    this.dispatchEvent(new Event("focus"));
  }

  /** Rows that fit the window. */
  get pageRows() {
    return Math.max(1, Math.floor(this.#scroller.clientHeight / this.look.row_px));
  }

  get #rowCount() {
    return Math.ceil(this.rows.total / this.columns);
  }

  #drawSoon() {
    if (this.#frame) return;
    this.#frame = requestAnimationFrame(() => {
      this.#frame = 0;
      this.#draw();
    });
  }

  #draw() {
    const { scrollTop, clientHeight } = this.#scroller;
    const from = Math.max(0, Math.floor(scrollTop / this.look.row_px) - SPARE_ROWS);
    const to = Math.min(this.#rowCount, Math.ceil((scrollTop + clientHeight) / this.look.row_px) + SPARE_ROWS);
    for (const [row, drawn] of this.#drawn) {
      if (row >= from && row < to) continue;
      drop(drawn);
      this.#drawn.delete(row);
    }
    for (let row = from; row < to; row += 1) if (!this.#drawn.has(row)) this.#drawRow(row);
    this.#showFocus();
    clearTimeout(this.#settle); // a fast scroll asks only for where it ends
    this.#settle = window.setTimeout(() => this.rows.need(from * this.columns, to * this.columns), SETTLE_MS);
  }

  /** @param {number} row */
  #drawRow(row) {
    const places = Array.from({ length: this.columns }, (_, i) => row * this.columns + i).filter((place) => place < this.rows.total);
    const drawn = element(html`<div class="grid-row" role="row" aria-rowindex="${row + 1}">${places.map((place) => this.look.draw(place, this.rows.at(place)))}</div>`);
    drawn.style.transform = `translateY(${row * this.look.row_px}px)`;
    drawn.style.gridTemplateColumns = `repeat(${this.columns}, minmax(0, 1fr))`;
    this.#canvas.append(drawn);
    this.#drawn.set(row, drawn);
  }

  #showFocus() {
    const focused = this.#cell(this.focus);
    focused?.setAttribute("data-focus", "");
    if (focused) this.#scroller.setAttribute("aria-activedescendant", focused.id);
  }

  /** @param {number} place */
  #cell(place) {
    return document.getElementById(`cell-${place}`);
  }

  /** @param {Event} event */
  #click(event) {
    const target = /** @type {HTMLElement} */ (event.target);
    const clicked = /** @type {HTMLElement | null} */ (target.closest("[data-place]"));
    if (!clicked) return;
    this.moveTo(Number(clicked.dataset.place));
    const answer = /** @type {HTMLElement | null} */ (target.closest("[data-answer]"))?.dataset.answer;
    if (answer) this.dispatchEvent(new CustomEvent("answer", { detail: answer }));
    this.#scroller.focus({ preventScroll: true });
  }
}

/** @param {number} place @param {import("./review_rows.js").Row | null} row */
function cell(place, row) {
  if (!row) return html`<div class="cell" role="gridcell" id="cell-${place}" data-place="${place}" aria-busy="true"></div>`;
  const { item, verdict, head_probability, is_done = false } = row;
  const name = labelName(verdict.label);
  const head = head_probability === null ? "" : html`<span title="What the model says that did not see this verdict">model ${head_probability.toFixed(2)}</span>`;
  return html`<div class="cell" role="gridcell" id="cell-${place}" data-place="${place}" data-label="${name}" data-done="${is_done}"
      aria-label="${item.path}, ${name}, by ${verdict.annotator}${is_done ? ", looked at" : ""}">
    <div class="thumb"><img src="${thumbnail(item)}" alt="" loading="lazy" decoding="async" draggable="false">${boxOverlay(item)}</div>
    <p class="cell-path" title="${item.path}">${item.path.split("/").at(-1)}</p>
    <p class="cell-facts" title="${exactly(verdict)}"><span>${told(row)}</span>${head}</p>
    <div class="choice" role="group" aria-label="Verdict">${Object.entries(LABELS).map(
      ([answer, { label, sign, word }]) =>
        html`<button type="button" tabindex="-1" data-answer="${answer}" aria-pressed="${verdict.label === label}" aria-label="${word}" title="${word}">${sign}</button>`,
    )}</div>
  </div>`;
}

/** The one thing that is said of a verdict in its cell. @param {import("./review_rows.js").Row} row */
function told({ verdict, said_before, is_done }) {
  if (is_done) return "✓ looked at";
  const isAgain = said_before !== null && verdict.strategy !== "review";
  return isAgain ? `was ${labelName(said_before)}` : reasonWords(verdict) || ago(verdict.created_at);
}

/** Take a row out; its images that have not come yet need not come. @param {HTMLElement} row */
function drop(row) {
  for (const image of row.querySelectorAll("img")) image.removeAttribute("src");
  row.remove();
}
