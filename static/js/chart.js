// @ts-check
/** The error chart: how well each verdict was foreseen. Drawn when there is time, never before a frame. */
import uPlot from "../vendor/uplot/uPlot.esm.js";
import { byId, setText } from "./dom.js";

/** @typedef {import("./types.js").MetricsPoint} MetricsPoint */

const MOST_DRAWN = 1200; // more would cover each other in a narrow chart and cost a frame
const EACH_MS = 400;
const EACH_LONG_MS = 1500; // a long series changes little by one verdict, and takes longer to draw
const LONG = 300;
const RELOAD_MS = 400;
const HEIGHT_PX = 156;

export class ErrorChart {
  /** @type {MetricsPoint[]} */
  #points = [];
  #plot = /** @type {any} */ (null);
  #box = byId("chart");
  #drawTimer = 0;
  #reloadTimer = 0;

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
    void this.#load();
    new ResizeObserver(() => this.#fit()).observe(this.#box);
    document.addEventListener("themechange", () => this.#rebuild());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#rebuild());
    byId("chart-box").addEventListener("toggle", () => this.#drawSoon());
  }

  /** @param {MetricsPoint} point */
  add(point) {
    const last = this.#points.at(-1);
    if (last && last.seq >= point.seq) return;
    this.#points.push(point);
    this.#drawSoon();
  }

  /** Ask the server anew, once what goes on has calmed down. */
  reload() {
    clearTimeout(this.#reloadTimer);
    this.#reloadTimer = window.setTimeout(() => void this.#load(), RELOAD_MS);
  }

  async #load() {
    const series = await this.api.get("/api/metrics").catch(() => null);
    if (!series) return;
    this.#points = series.points.filter((/** @type {MetricsPoint} */ point) => point.brier !== null);
    this.#drawSoon();
  }

  #drawSoon() {
    if (this.#drawTimer) return;
    const wait_ms = this.#plot && this.#points.length > LONG ? EACH_LONG_MS : EACH_MS;
    this.#drawTimer = window.setTimeout(() => whenIdle(() => this.#draw()), wait_ms);
  }

  #draw() {
    this.#drawTimer = 0;
    if (!this.#box.checkVisibility()) return; // folded up, or where there is no room for it
    const last = this.#points.at(-1);
    setText(byId("legend-mean"), last ? (last.brier_mean ?? 0).toFixed(3) : "\u00a0");
    setText(byId("legend-error"), last ? `${(100 * (last.error_rate ?? 0)).toFixed(1)} %` : "\u00a0");
    this.#box.setAttribute("aria-label", last ? spoken(last, this.#points.length) : "No foreseen verdicts yet");
    this.#box.dataset.points = String(this.#points.length);
    const columns = toColumns(this.#points);
    if (this.#plot) this.#plot.setData(columns);
    else this.#plot = new (/** @type {any} */ (uPlot))(this.#options(), columns, this.#box);
  }

  #fit() {
    if (!this.#box.checkVisibility()) return;
    this.#plot?.setSize(this.#size());
    this.#drawSoon(); // what came while it was out of sight
  }

  #rebuild() {
    this.#plot?.destroy();
    this.#plot = null;
    this.#drawSoon();
  }

  #size() {
    return { width: this.#box.clientWidth, height: HEIGHT_PX };
  }

  #options() {
    const ink = colourOf(".chart");
    const grid = { stroke: colourOf(".chart-box"), width: 1 };
    const axis = { stroke: ink, grid, ticks: { show: false }, font: "12px system-ui", size: 26, gap: 4 };
    const mean = colourOf(".legend-mean");
    const noPoints = { show: false };
    return {
      ...this.#size(),
      padding: [8, 10, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: fullRange }, y: { range: [0, 1] } },
      axes: [
        { ...axis, space: 60, values: (/** @type {any} */ _, /** @type {number[]} */ splits) => splits.map(whole) },
        { ...axis, size: 30, splits: () => [0, 0.25, 0.5, 0.75, 1] },
      ],
      series: [
        {},
        { stroke: colourOf(".legend-brier"), paths: () => null, points: { show: true, size: 4, width: 0, fill: seeThrough(mean) } },
        { stroke: mean, width: 2, points: noPoints },
        { stroke: colourOf(".legend-error"), width: 2, dash: [6, 4], points: noPoints },
      ],
    };
  }
}

/** One row a verdict, evenly thinned when there are very many; the newest is always there. @param {MetricsPoint[]} points */
function toColumns(points) {
  const step = Math.max(1, Math.ceil(points.length / MOST_DRAWN));
  const places = points.map((_, i) => i).filter((i) => (points.length - 1 - i) % step === 0);
  const column = (/** @type {"brier" | "brier_mean" | "error_rate"} */ name) => places.map((i) => points[i][name]);
  return [places.map((i) => i + 1), column("brier"), column("brier_mean"), column("error_rate")];
}

/** @param {any} _ @param {number} _from @param {number} to @returns {[number, number]} */
function fullRange(_, _from, to) {
  return [0, Math.max(10, to || 0)];
}

/** @param {number} value @returns {string} */
function whole(value) {
  return Number.isInteger(value) ? value.toLocaleString("en") : "";
}

/** @param {MetricsPoint} last @param {number} count */
function spoken(last, count) {
  return `After ${count} verdicts: mean Brier score ${(last.brier_mean ?? 0).toFixed(3)}, error rate ${(100 * (last.error_rate ?? 0)).toFixed(1)} percent`;
}

/** The colour that the stylesheet gives to an element, for the canvas. @param {string} selector */
function colourOf(selector) {
  return getComputedStyle(/** @type {Element} */ (document.querySelector(selector))).color;
}

/** @param {string} colour as rgb(…) */
function seeThrough(colour) {
  return colour.replace("rgb(", "rgba(").replace(")", ", 0.5)");
}

/** @param {() => void} task */
function whenIdle(task) {
  if ("requestIdleCallback" in window) requestIdleCallback(task, { timeout: 1000 });
  else setTimeout(task, 50);
}
