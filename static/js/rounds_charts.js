// @ts-check
/** How rounds compare: what became of the cases, and how long one took. */
import uPlot from "../vendor/uplot/uPlot.esm.js";
import { byId } from "./dom.js";

const HEIGHT_PX = 200;
const COLOURS = ["--positive", "--negative", "--undone"];
const DASHES = [undefined, [6, 4], [2, 3]];

/** @typedef {import("./rounds.js").Row} Row */

/** Per chart the lines' names and values. @type {Record<string, [string, (row: Row) => number | null][]>} */
const LINES = {
  "plot-shares": [
    ["accepted", (row) => row.accepted / row.cases],
    ["refined", (row) => row.refined / row.cases],
    ["rejected", (row) => row.rejected / row.cases],
  ],
  "plot-seconds": [
    ["median", (row) => row.seconds_median],
    ["mean", (row) => row.seconds_mean],
  ],
};

export class RoundCharts {
  /** @type {Row[]} */
  #rows = [];
  /** @type {Map<string, any>} */
  #plots = new Map();

  constructor() {
    new ResizeObserver(() => {
      for (const [id, plot] of this.#plots) plot.setSize(size(id));
    }).observe(byId("charts"));
    document.addEventListener("themechange", () => this.render(this.#rows));
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.render(this.#rows));
  }

  /** @param {Row[]} rows one a round, oldest first */
  render(rows) {
    this.#rows = rows;
    for (const plot of this.#plots.values()) plot.destroy();
    this.#plots.clear();
    if (rows.length) for (const id of Object.keys(LINES)) this.#draw(id);
  }

  /** @param {string} id */
  #draw(id) {
    const box = byId(id);
    const columns = [this.#rows.map((_, i) => i), ...LINES[id].map(([, value]) => this.#rows.map(value))];
    box.dataset.points = String(this.#rows.length);
    box.setAttribute("aria-label", spoken(id, this.#rows));
    this.#plots.set(id, new (/** @type {any} */ (uPlot))(options(id, this.#rows), columns, box));
  }
}

/** @param {number | null} number @returns {string} */
export function roundName(number) {
  return number === null ? "This round" : `Round ${number}`;
}

/** @param {string} id */
function size(id) {
  return { width: byId(id).clientWidth, height: HEIGHT_PX };
}

/** @param {string} id @param {Row[]} rows */
function options(id, rows) {
  const style = getComputedStyle(byId(id));
  const axis = { stroke: style.color, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui", gap: 4 };
  const isShare = id === "plot-shares";
  const percents = (/** @type {any} */ _, /** @type {number[]} */ splits) => splits.map((value) => `${Math.round(100 * value)} %`);
  const names = (/** @type {any} */ _, /** @type {number[]} */ splits) =>
    splits.map((place) => (rows[place] ? (rows[place].round ?? "now") : ""));
  return {
    ...size(id),
    padding: [8, 16, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: [-0.3, rows.length - 0.7] }, y: { range: isShare ? [0, 1] : fromZero } },
    axes: [
      { ...axis, size: 26, space: 40, incrs: [1, 2, 5, 10, 20, 50, 100], values: names },
      { ...axis, size: 48, ...(isShare ? { splits: () => [0, 0.25, 0.5, 0.75, 1], values: percents } : {}) },
    ],
    series: [
      {},
      ...LINES[id].map((_, i) => ({
        stroke: colour(COLOURS[i]),
        width: 2,
        dash: DASHES[i],
        spanGaps: true,
        points: { show: true, size: 6 },
      })),
    ],
  };
}

/** @param {any} _ @param {number} _from @param {number} to @returns {[number, number]} */
function fromZero(_, _from, to) {
  return [0, to ? 1.1 * to : 1];
}

/** What a variable of the stylesheet is in this theme, for the canvas. @param {string} name */
function colour(name) {
  const probe = document.createElement("span");
  probe.hidden = true;
  probe.className = `probe${name}`;
  document.body.append(probe);
  const found = getComputedStyle(probe).color;
  probe.remove();
  return found;
}

/** The newest round in words. @param {string} id @param {Row[]} rows */
function spoken(id, rows) {
  const last = rows[rows.length - 1];
  const isShare = id === "plot-shares";
  const words = LINES[id].map(([name, value]) => {
    const found = value(last);
    return `${name} ${found === null ? "unknown" : isShare ? `${Math.round(100 * found)} percent` : `${found.toFixed(1)} seconds`}`;
  });
  return `${roundName(last.round)}: ${words.join(", ")}`;
}
