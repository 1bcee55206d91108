// @ts-check
/** How labelling went: verdicts over time, speed, agreement, the model's running error. */
import uPlot from "../vendor/uplot/uPlot.esm.js";
import { byId } from "./dom.js";

const HEIGHT_PX = 190;
const EACH_MS = 10_000;

/**
 * @typedef {{judged_minutes: number[], judged: number[], positive: number[], speed_at: number[], speed_s: number[],
 *   agreement_at: number[], with_oneself: (number | null)[], between_people: (number | null)[], error_at: number[],
 *   brier_mean: number[], error_rate: number[]}} Course
 * @typedef {{x: keyof Course, lines: [keyof Course, string][], isShare?: boolean, colours: string[], empty: string,
 *   words: (value: number, i: number) => string}} Chart
 */

const share = (/** @type {number} */ value) => `${(100 * value).toFixed(1)} %`;
/** @type {Record<string, Chart>} by the id of their box */
const CHARTS = {
  "plot-judged": {
    x: "judged_minutes",
    lines: [["judged", "verdicts"], ["positive", "positive"]],
    colours: ["ink", "positive"],
    empty: "No verdicts yet.",
    words: (value) => value.toLocaleString("en"),
  },
  "plot-speed": {
    x: "speed_at",
    lines: [["speed_s", "seconds a verdict"]],
    colours: ["ink"],
    empty: "Verdicts given one at a time show here.",
    words: (value) => `${value.toFixed(2)} s`,
  },
  "plot-agreement": {
    x: "agreement_at",
    lines: [["with_oneself", "with oneself"], ["between_people", "between people"]],
    isShare: true,
    colours: ["positive", "negative"],
    empty: "Nothing was judged twice yet. With a goal, a few items come again by themselves.",
    words: share,
  },
  "plot-error": {
    x: "error_at",
    lines: [["brier_mean", "mean Brier score"], ["error_rate", "error rate"]],
    isShare: true,
    colours: ["positive", "negative"],
    empty: "Once the model knows both answers, each verdict tests it.",
    words: (value, i) => (i === 0 ? value.toFixed(3) : share(value)),
  },
};
const DASHES = [undefined, [6, 4]];

export class CourseCharts {
  /** @type {Course | null} */
  #course = null;
  /** @type {Map<string, any>} */
  #plots = new Map();
  #shownSeq = -1;
  #askedAt = -Infinity;

  /** @param {import("./api.js").Api} api @param {import("./map_colours.js").Palette} palette */
  constructor(api, palette) {
    [this.api, this.palette] = [api, palette];
    new ResizeObserver(() => {
      for (const [id, plot] of this.#plots) plot.setSize(size(id));
    }).observe(byId("course"));
  }

  /** Ask anew when there is something new, and not all the time. @param {number} seq the newest event */
  async follow(seq) {
    if (seq === this.#shownSeq || performance.now() - this.#askedAt < EACH_MS) return;
    this.#askedAt = performance.now();
    const course = await this.api.get("/api/course").catch(() => null);
    if (!course) return;
    [this.#course, this.#shownSeq] = [course, seq];
    this.#draw();
  }

  /** In the colours of another theme. */
  rebuild() {
    for (const plot of this.#plots.values()) plot.destroy();
    this.#plots.clear();
    this.#draw();
  }

  #draw() {
    if (!this.#course) return;
    for (const [id, chart] of Object.entries(CHARTS)) this.#drawOne(id, chart, this.#course);
  }

  /** @param {string} id @param {Chart} chart @param {Course} course */
  #drawOne(id, chart, course) {
    const lines = chart.lines.filter(([name]) => course[name].some((value) => value !== null));
    const box = byId(id);
    box.dataset.points = String(lines.length ? course[chart.x].length : 0);
    box.dataset.empty = lines.length ? "" : chart.empty;
    box.setAttribute("aria-label", lines.map(([name, words]) => `${words}: ${spoken(course[name], chart, lines.findIndex(([one]) => one === name))}`).join(", ") || chart.empty);
    for (const [i, [name]] of chart.lines.entries()) {
      const value = byId(`${id}-${i}`);
      const last = course[name].at(-1);
      value.textContent = typeof last === "number" ? chart.words(last, i) : "–";
    }
    const plot = this.#plots.get(id);
    if (!lines.length) return;
    const columns = [course[chart.x], ...chart.lines.map(([name]) => course[name])];
    if (plot) plot.setData(columns);
    else this.#plots.set(id, new (/** @type {any} */ (uPlot))(this.#options(id, chart), columns, box));
  }

  /** @param {string} id @param {Chart} chart */
  #options(id, chart) {
    const axis = { stroke: this.palette.css("muted"), grid: { stroke: this.palette.css("line"), width: 1 }, ticks: { show: false }, font: "12px system-ui", gap: 4 };
    return {
      ...size(id),
      padding: [8, 12, 0, 0],
      legend: { show: false },
      cursor: { show: false },
      scales: { x: { time: false, range: fromZero }, y: { range: chart.isShare ? [0, 1] : fromZero } },
      axes: [
        { ...axis, size: 26, space: 60 },
        { ...axis, size: 44, ...(chart.isShare ? { splits: () => [0, 0.25, 0.5, 0.75, 1] } : {}) },
      ],
      series: [{}, ...chart.lines.map((_, i) => ({ stroke: this.palette.css(chart.colours[i]), width: 2, dash: DASHES[i], spanGaps: true, points: { show: false } }))],
    };
  }
}

/** @param {(number | null)[]} values @param {Chart} chart @param {number} i */
function spoken(values, chart, i) {
  const last = values.filter((value) => value !== null).at(-1);
  return last === undefined ? "none" : chart.words(/** @type {number} */ (last), i);
}

/** @param {string} id */
function size(id) {
  return { width: byId(id).clientWidth, height: HEIGHT_PX };
}

/** @param {any} _ @param {number} _from @param {number} to @returns {[number, number]} */
function fromZero(_, _from, to) {
  return [0, to ? 1.05 * to : 1];
}
