// @ts-check
/** The map's data on the page: points and states, fetched when they are new, coloured as chosen. */
import { byId, setText } from "./dom.js";
import { COLOURINGS, Palette, huesOf, lookOf, middlesOf } from "./map_colours.js";
import { KIND, readPoints, readState } from "./map_points.js";
import { MapView, isShownIn } from "./map_view.js";

/** @typedef {import("./map_points.js").Points} Points */
/** @typedef {import("./map_points.js").State} State */
/** @typedef {import("./map_colours.js").Colouring} Colouring */
/**
 * @typedef {{state: "off" | "building" | "ready" | "failed", progress: string, key: number | null, points: number, clusters: number,
 *   seq: number, model: import("./types.js").Model, counts: import("./types.js").Progress}} Status
 */

const EMPTY = {
  off: "The map is switched off. Start Winnow with WINNOW_ATLAS=true to have it made in the background.",
  building: "The map is being made in the background; labelling goes on meanwhile.",
  ready: "No item of this pool has a usable feature row, so none has a place on the map.",
  failed: "The map could not be made.",
};

export class PoolMap {
  /** @type {Points | null} */
  points = null;
  /** @type {State | null} */
  state = null;
  /** @type {Colouring} */
  colouring = "label";
  palette = new Palette();
  view = new MapView(byId("map"));
  /** @type {{x: number, y: number, size: number}[]} */
  #middles = [];
  #hues = new Uint8Array(0);
  /** How many verdicts were shown before the server had them. */
  #marks = 0;
  /** Seq and version of the states that are shown. */
  #known = "";

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
  }

  /**
   * What has changed on the server since the last time.
   *
   * @param {() => boolean} isSettled whether all of this page's own presses are there
   * @param {() => void} onOther called as soon as the points are new ones: places mean others now
   * @returns {Promise<{status: Status, isNew: boolean}>} isNew: something of what is shown has changed
   */
  async refresh(isSettled, onOther) {
    const status = /** @type {Status} */ (await this.api.get("/api/map/status"));
    this.#showStatus(status);
    if (status.key === null) return { status, isNew: false };
    if (this.points?.key !== status.key) {
      this.#openPoints(readPoints(await this.api.bytes("/api/map")));
      onOther();
    }
    const known = `${status.key}|${status.seq}|${status.model.version}|${status.counts.unreadable}`;
    const isWanted = !this.state || (isSettled() && known !== this.#known);
    return { status, isNew: isWanted && (await this.#loadState(known, isSettled)) };
  }

  /** The filter may have changed meanwhile, or an undo restored what this page had shown otherwise. */
  forget() {
    this.#known = "";
  }

  /** Show a verdict before the server has answered. @param {number[]} places @param {number} label */
  mark(places, label) {
    if (!this.state) return;
    this.#marks += 1;
    for (const i of places) this.state.kind[i] = label === 1 ? KIND.positive : KIND.negative;
    this.recolour();
  }

  /** @param {Colouring} colouring */
  setColouring(colouring) {
    this.colouring = colouring;
    this.recolour();
  }

  recolour() {
    if (!this.points || !this.state) return;
    this.view.ink = { line: this.palette.css("ink"), under: this.palette.css("paper") };
    this.view.numbers = this.colouring === "cluster" ? this.#middles.map(({ x, y }, i) => ({ x, y, text: String(i + 1) })) : [];
    this.view.setLook(lookOf(this.points, this.state, this.colouring, this.palette, this.#hues));
  }

  /** @param {number} cluster @returns {number[]} the places in it that can be chosen */
  placesOf(cluster) {
    const { points, view } = this;
    return points ? [...points.cluster.keys()].filter((i) => points.cluster[i] === cluster && view.counts(i)) : [];
  }

  /** @param {Points} points */
  #openPoints(points) {
    this.points = points;
    this.state = null;
    this.#middles = middlesOf(points);
    this.#hues = huesOf(this.#middles);
    this.view.setPoints(points);
  }

  /** @param {string} known @param {() => boolean} isSettled @returns {Promise<boolean>} whether it is shown */
  async #loadState(known, isSettled) {
    const marks = this.#marks;
    const state = readState(await this.api.bytes("/api/map/state"));
    if (state.key !== this.points?.key) return false; // points are new again: the next look takes both
    if (this.state && (marks !== this.#marks || !isSettled())) return false; // it may be from before a verdict given here
    this.state = state;
    this.#known = known;
    this.view.counts = isShownIn(state);
    this.recolour();
    return true;
  }

  /** @param {Status} status */
  #showStatus({ state, progress, points }) {
    byId("map-empty").hidden = points > 0;
    setText(byId("map-empty-text"), points ? "" : EMPTY[state]);
    setText(byId("map-empty-progress"), points ? "" : progress);
    byId("map-command").hidden = state !== "off";
    setText(byId("map-note"), points && state !== "ready" ? progress : "");
  }
}

/** @param {Colouring} now @returns {Colouring} the one after it */
export function nextColouring(now) {
  const names = /** @type {Colouring[]} */ (Object.keys(COLOURINGS));
  return names[(names.indexOf(now) + 1) % names.length];
}
