// @ts-check
/** The lasso: corner by corner at the crosshair, or drawn by hand. Closed, it tells its corners as "lasso". */
import { thinned } from "./map_geometry.js";

/** @typedef {import("./map_geometry.js").Place} Place */
/** @typedef {{corners: Place[], isAdded: boolean}} Loop isAdded: to what is chosen already */

const CLOSE_PX = 12;
const MOST_CORNERS = 400;
const FEWEST = 3;

export class Lasso extends EventTarget {
  /** @param {import("./map_view.js").MapView} view */
  constructor(view) {
    super();
    this.view = view;
  }

  get isOpen() {
    return this.view.corners.length > 0;
  }

  /** A corner where the crosshair is; on the first one it closes. @returns {string} what happened, in words */
  corner() {
    const { view } = this;
    if (!view.crosshair) view.moveCrosshair(0, 0);
    const at = /** @type {Place} */ (view.crosshair);
    if (view.corners.length >= FEWEST && this.#isAtFirst(at)) return this.close(false);
    this.#set([...view.corners, at]);
    return `Corner ${view.corners.length}`;
  }

  /** @param {boolean} isAdded @returns {string} what happened, in words */
  close(isAdded) {
    const { corners } = this.view;
    if (corners.length < FEWEST) return `A lasso needs ${FEWEST} corners; it has ${corners.length}`;
    this.#set([]);
    this.dispatchEvent(new CustomEvent("lasso", { detail: { corners: thinned(corners, MOST_CORNERS), isAdded } }));
    return "";
  }

  /** The last corner goes. @returns {boolean} whether there was one */
  back() {
    if (!this.isOpen) return false;
    this.#set(this.view.corners.slice(0, -1));
    return true;
  }

  /** Nothing of it stays. */
  drop() {
    this.#set([]);
  }

  /** A line drawn by hand goes on. @param {Place} pixel of the stage */
  draw(pixel) {
    this.view.lookAt(pixel);
    this.#set([...this.view.corners, this.view.viewport.placeAt(pixel)]);
  }

  /** @param {Place} at of the plane */
  #isAtFirst(at) {
    const [[x, y], [firstX, firstY]] = [at, this.view.corners[0]].map((place) => this.view.viewport.pixelOf(place));
    return Math.hypot(x - firstX, y - firstY) <= CLOSE_PX;
  }

  /** @param {Place[]} corners */
  #set(corners) {
    this.view.corners = corners;
    this.view.drawSoon(false);
    this.dispatchEvent(new Event("change"));
  }
}
