// @ts-check
/** A training as it goes: losses, and how well the hold-out is found, epoch by epoch. */
import uPlot from "../vendor/uplot/uPlot.esm.js";
import { byId, setText } from "./dom.js";

const HEIGHT_PX = 200;
const LINES = {
  "plot-losses": ["box_loss", "cls_loss", "dfl_loss", "seg_loss"],
  "plot-metrics": ["map50", "map50_95", "precision", "recall", "mask_map50"],
};
const COLOURS = ["--positive", "--negative", "--undone", "--skipped", "--ink"];
const DASHES = [undefined, [6, 4], [2, 3], undefined, [1, 2]];

export class TrainCharts {
  /** @type {any[]} */
  #epochs = [];
  #job = 0;
  /** The newest event of the job that is drawn: the feed and what is read of a job that has ended tell the same. */
  #seq = 0;
  /** @type {Map<string, any>} */
  #plots = new Map();
  #isWaiting = false;

  constructor() {
    new ResizeObserver(() => {
      for (const [id, plot] of this.#plots) plot.setSize(size(id));
    }).observe(byId("live-charts"));
    document.addEventListener("themechange", () => this.#rebuild());
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.#rebuild());
  }

  /** An event of a training; one of a newer job begins anew. @param {import("./job_feed.js").JobEvent} event @param {string} title */
  take(event, title) {
    if (event.job < this.#job) return;
    if (event.job === this.#job && event.seq <= this.#seq) return;
    this.#seq = event.seq;
    if (event.job > this.#job) {
      this.#job = event.job;
      this.#epochs = [];
      byId("live-note").hidden = true;
    }
    setText(byId("live-title"), title);
    byId("live-charts").hidden = false;
    if (event.kind === "note") {
      byId("live-note").hidden = false;
      setText(byId("live-note"), event.text);
    }
    if (event.kind === "epoch") this.#epochs.push(event);
    const hasMasks = this.#epochs.some((epoch) => epoch.seg_loss !== undefined);
    for (const key of document.querySelectorAll(".of-masks")) /** @type {HTMLElement} */ (key).hidden = !hasMasks;
    this.#drawSoon();
  }

  #drawSoon() {
    if (this.#isWaiting) return;
    this.#isWaiting = true;
    requestAnimationFrame(() => {
      this.#isWaiting = false;
      for (const id of Object.keys(LINES)) this.#draw(/** @type {keyof LINES} */ (id));
    });
  }

  /** @param {keyof LINES} id */
  #draw(id) {
    const columns = [this.#epochs.map((epoch) => epoch.epoch), ...LINES[id].map((name) => this.#epochs.map((epoch) => epoch[name] ?? null))];
    byId(id).dataset.points = String(this.#epochs.length);
    byId(id).setAttribute("aria-label", spoken(id, this.#epochs));
    const plot = this.#plots.get(id);
    if (plot) plot.setData(columns);
    else this.#plots.set(id, new (/** @type {any} */ (uPlot))(options(id), columns, byId(id)));
  }

  #rebuild() {
    for (const plot of this.#plots.values()) plot.destroy();
    this.#plots.clear();
    if (!byId("live-charts").hidden) this.#drawSoon();
  }
}

/** @param {string} id */
function size(id) {
  return { width: byId(id).clientWidth, height: HEIGHT_PX };
}

/** @param {keyof LINES} id */
function options(id) {
  const style = getComputedStyle(byId(id));
  const axis = { stroke: style.color, grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: "12px system-ui", gap: 4 };
  const isShare = id === "plot-metrics";
  return {
    ...size(id),
    padding: [8, 10, 0, 0],
    legend: { show: false },
    cursor: { show: false },
    scales: { x: { time: false, range: epochsRange }, y: { range: isShare ? [0, 1] : fromZero } },
    axes: [
      { ...axis, size: 26, space: 50, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000] },
      { ...axis, size: 40, ...(isShare ? { splits: () => [0, 0.25, 0.5, 0.75, 1] } : {}) },
    ],
    series: [
      {},
      ...LINES[id].map((_, i) => ({
        stroke: colour(COLOURS[i]),
        width: 2,
        dash: DASHES[i],
        spanGaps: true, // the hold-out is looked at now and then only
        points: { show: true, size: 5 },
      })),
    ],
  };
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

/** @param {any} _ @param {number} from @param {number} to @returns {[number, number]} */
function epochsRange(_, from, to) {
  return to > from ? [from, to] : [Math.max(0, (from || 1) - 1), (to || 1) + 1];
}

/** @param {any} _ @param {number} _from @param {number} to @returns {[number, number]} */
function fromZero(_, _from, to) {
  return [0, to ? 1.1 * to : 1];
}

/** @param {keyof LINES} id @param {any[]} epochs */
function spoken(id, epochs) {
  const last = epochs.filter((epoch) => epoch[LINES[id][0]] !== undefined).at(-1);
  if (!last) return "Nothing measured yet";
  const told = LINES[id].filter((name) => last[name] !== undefined);
  const values = told.map((name) => `${name.replaceAll("_", " ")} ${last[name].toFixed(3)}`).join(", ");
  return `After epoch ${last.epoch} of ${last.epochs}: ${values}`;
}
