// @ts-check
/** Beside the map: the picture under the crosshair, and those that are chosen. */
import { boxOverlay } from "./box_overlay.js";
import { byId, element, html, setText } from "./dom.js";
import { isOpen } from "./insight_choice.js";
import { KINDS } from "./map_colours.js";
import { idOf, probabilityOf } from "./map_points.js";
import { NewestWins } from "./newest_wins.js";
import { thumbnail } from "./verdict_words.js";

/** @typedef {import("./map_points.js").Points} Points */
/** @typedef {import("./map_points.js").State} State */
/** @typedef {import("./types.js").Item} Item */

const MOST_KEPT = 600;

/** The items behind points, asked for by id and kept for a while. */
export class PointItems {
  /** @type {Map<string, Item>} */
  #known = new Map();

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
  }

  /** @param {string[]} ids @returns {Promise<Map<string, Item>>} those that the pool has */
  async of(ids) {
    const missing = ids.filter((id) => !this.#known.has(id));
    if (missing.length) {
      const { items } = await this.api.get(`/api/map/items?${missing.map((id) => `id=${id}`).join("&")}`);
      for (const item of items) this.#known.set(item.id, item);
    }
    const found = new Map(ids.flatMap((id) => (this.#known.has(id) ? [[id, /** @type {Item} */ (this.#known.get(id))]] : [])));
    for (const id of this.#known.keys()) if (this.#known.size > MOST_KEPT && !found.has(id)) this.#known.delete(id);
    return found;
  }
}

/** What is said of a point. @param {Points} points @param {State} state @param {number} i */
export function factsOf(points, state, i) {
  const probability = probabilityOf(state.probability[i]);
  const cluster = points.cluster[i] < 0 ? [] : [`cluster ${points.cluster[i] + 1}`];
  return [KINDS[state.kind[i]].words, ...(probability === null ? [] : [`probability ${probability.toFixed(2)}`]), ...cluster].join(" · ");
}

/** The picture under the crosshair; its frame stays where it is when there is none. */
export class FocusPicture {
  /** @param {PointItems} items @param {(text: string) => void} say to those who cannot see */
  constructor(items, say) {
    this.say = say;
    this.#asked = new NewestWins((/** @type {{id: string, facts: string}} */ { id }) => items.of([id]), {
      onAnswer: ({ id, facts }, found) => this.#draw(found.get(id), facts),
      onError: () => undefined, // the banner says that the server is gone; the frame stays empty
    });
  }
  #asked;

  /** @param {Points} points @param {State} state @param {number} i −1 = none */
  show(points, state, i) {
    byId("focus-picture").dataset.item = i < 0 ? "" : idOf(points, i);
    if (i < 0) {
      this.#asked.drop();
      return this.#draw(undefined, "");
    }
    return this.#asked.ask({ id: idOf(points, i), facts: factsOf(points, state, i) });
  }

  /** @param {Item | undefined} item @param {string} facts */
  #draw(item, facts) {
    const picture = item ? html`<img src="${thumbnail(item)}" alt="${item.path}" draggable="false">${boxOverlay(item)}` : "";
    byId("focus-picture").replaceChildren(element(html`<div class="frame-inside">${picture}</div>`));
    setText(byId("focus-path"), item ? item.path : "Hover, touch or press an arrow key.");
    byId("focus-path").title = item?.path ?? "";
    setText(byId("focus-facts"), facts || "\u00a0");
    if (item) this.say(`${item.path}, ${facts}`);
  }
}

/** The pictures of what is chosen, a page of them. */
export class ChosenPictures {
  #list = byId("chosen");
  #cursor = 0;
  /** Counts the pages asked for; only the newest is drawn. */
  #turn = 0;

  /** @param {PointItems} items @param {(place: number) => void} toggle */
  constructor(items, toggle) {
    [this.items, this.toggle] = [items, toggle];
    this.#list.addEventListener("click", (event) => {
      const cell = /** @type {HTMLElement | null} */ (/** @type {HTMLElement} */ (event.target).closest("[data-place]"));
      if (!cell) return;
      this.#focus(this.#cells.indexOf(cell));
      if (!cell.hasAttribute("aria-disabled")) this.toggle(Number(cell.dataset.place));
    });
  }

  get hasFocus() {
    return this.#list.contains(document.activeElement);
  }

  get #cells() {
    return /** @type {HTMLElement[]} */ ([...this.#list.querySelectorAll("[data-place]")]);
  }

  /** @param {Points} points @param {State} state @param {import("./insight_choice.js").Choice} choice */
  async show(points, state, choice) {
    const turn = ++this.#turn;
    const shown = choice.shown;
    const found = await this.items.of(shown.map((i) => idOf(points, i))).catch(() => new Map());
    if (turn !== this.#turn) return;
    const hadFocus = this.hasFocus;
    const cells = shown.map((i) => {
      const item = found.get(idOf(points, i));
      return element(cell(i, item, state, factsOf(points, state, i)));
    });
    this.#list.replaceChildren(...cells);
    this.mark(choice);
    this.#focus(Math.min(this.#cursor, cells.length - 1), hadFocus);
  }

  /** Show what is left out. @param {import("./insight_choice.js").Choice} choice */
  mark(choice) {
    for (const cell of this.#cells) {
      if (!cell.hasAttribute("aria-disabled")) cell.setAttribute("aria-pressed", String(choice.isLeftOut(Number(cell.dataset.place))));
    }
  }

  /** By arrow keys. @param {number} dx @param {number} dy columns and rows */
  move(dx, dy) {
    const columns = getComputedStyle(this.#list).gridTemplateColumns.split(" ").length;
    const to = this.#cursor + Math.sign(dx) + Math.sign(dy) * columns;
    if (to >= 0 && to < this.#cells.length) this.#focus(to, true);
  }

  /** One of the pictures is where Tab goes. @param {number} place @param {boolean} [isTaken] the focus goes there now */
  #focus(place, isTaken = false) {
    this.#cursor = Math.max(0, place);
    const cells = this.#cells;
    for (const [i, one] of cells.entries()) one.tabIndex = i === this.#cursor ? 0 : -1;
    if (isTaken) cells[this.#cursor]?.focus();
  }
}

/** @param {number} place @param {Item | undefined} item @param {State} state @param {string} facts */
function cell(place, item, state, facts) {
  const { mark, colour, words } = KINDS[state.kind[place]];
  const isFixed = !isOpen(state, place);
  const name = `${item?.path ?? "A picture that is no more"}, ${facts}`;
  const picture = item ? html`<img src="${thumbnail(item)}" alt="" loading="lazy" decoding="async" draggable="false">${boxOverlay(item)}` : "";
  const sign = isFixed ? html`<span class="cell-sign probe--${colour}" title="${words}">${mark}</span>` : html`<span class="cell-sign cell-out" aria-hidden="true">✕</span>`;
  const state_ = isFixed ? html`aria-disabled="true"` : html`aria-pressed="false"`;
  return html`<button type="button" class="chosen-cell" data-place="${place}" tabindex="-1" ${state_} aria-label="${isFixed ? name : `Leave out ${name}`}" title="${name}"><span class="frame-inside">${picture}</span>${sign}</button>`;
}
