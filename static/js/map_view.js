// @ts-check
/** The map on screen: a canvas of points, a sheet over it for the crosshair, the lasso and the clusters' numbers. */
import { Viewport, nearest } from "./map_geometry.js";
import { KIND } from "./map_points.js";
import { PointPainter } from "./map_paint.js";

/** @typedef {import("./map_points.js").Points} Points */
/** @typedef {import("./map_paint.js").Look} Look */
/** @typedef {import("./map_geometry.js").Place} Place */

const MOST_DENSE = 2; // finer pixels cost time and show no more
const REACH_PX = 16;
const SETTLED_MS = 160;
const ARM_PX = 14;
const NUMBER_FONT = "600 13px system-ui, sans-serif";

export class MapView extends EventTarget {
  viewport = new Viewport();
  /** @type {Points | null} */
  points = null;
  /** @type {Look | null} */
  #look = null;
  isSelected = new Uint8Array(0);
  /** @type {(i: number) => boolean} which points can be found under the crosshair and taken by the lasso */
  counts = () => true;
  /** Where the person is, of the plane; null until the pointer or a key has been there. @type {Place | null} */
  crosshair = null;
  /** The point there, −1 = none near. */
  focus = -1;
  /** Corners of the lasso that is being drawn. @type {Place[]} */
  corners = [];
  /** @type {{x: number, y: number, text: string}[]} drawn at places of the plane */
  numbers = [];
  /** For crosshair and lasso, and what they lie on. */
  ink = { line: "#000", under: "#fff" };
  #frame = 0;
  #isPointsDue = false;
  #movedAt = -Infinity;
  #settle = 0;

  /** @param {HTMLElement} stage with a canvas for the points and one over it */
  constructor(stage) {
    super();
    this.stage = stage;
    const [points, sheet] = /** @type {HTMLCanvasElement[]} */ ([...stage.querySelectorAll("canvas")]);
    this.#painter = new PointPainter(points);
    this.#sheet = sheet;
    new ResizeObserver(() => this.#resize()).observe(stage);
    this.#resize();
  }
  #painter;
  #sheet;

  /** @param {Points} points */
  setPoints(points) {
    this.points = points;
    this.isSelected = new Uint8Array(points.count);
    [this.crosshair, this.focus, this.corners] = [null, -1, []];
    this.viewport.fit();
    this.drawSoon(true);
  }

  /** @param {Look} look */
  setLook(look) {
    this.#look = look;
    this.drawSoon(true);
  }

  fit() {
    this.viewport.fit();
    this.#moved();
  }

  /** @param {number} dx @param {number} dy CSS pixels */
  panBy(dx, dy) {
    this.viewport.panBy(dx, dy);
    this.#moved();
  }

  /** @param {number} factor @param {Place} [at] a pixel of the stage; the crosshair, or the middle, where none is named */
  zoomBy(factor, at = this.crosshair ? this.viewport.pixelOf(this.crosshair) : [this.viewport.width / 2, this.viewport.height / 2]) {
    this.viewport.zoomBy(factor, at);
    this.#moved();
  }

  /** @param {MouseEvent} event @returns {Place} its pixel of the stage */
  stagePoint(event) {
    const { left, top } = this.stage.getBoundingClientRect();
    return [event.clientX - left, event.clientY - top];
  }

  /** @param {Place} pixel of the stage */
  lookAt(pixel) {
    this.crosshair = this.viewport.placeAt(pixel);
    this.#find();
    this.drawSoon(false);
  }

  /** By keyboard: the map follows where the crosshair would leave it. @param {number} dx @param {number} dy pixels */
  moveCrosshair(dx, dy) {
    const { viewport } = this;
    const [x, y] = this.crosshair ? viewport.pixelOf(this.crosshair) : [viewport.width / 2 - dx, viewport.height / 2 - dy];
    const held = (/** @type {number} */ value, /** @type {number} */ most) => Math.min(Math.max(value, REACH_PX), most - REACH_PX);
    const [toX, toY] = [held(x + dx, viewport.width), held(y + dy, viewport.height)];
    if (toX !== x + dx || toY !== y + dy) this.panBy(toX - x - dx, toY - y - dy);
    this.lookAt([toX, toY]);
  }

  /** Draw in the next frame. @param {boolean} arePointsDue else only what lies over them */
  drawSoon(arePointsDue) {
    this.#isPointsDue ||= arePointsDue;
    this.#frame ||= requestAnimationFrame(() => {
      this.#frame = 0;
      if (this.#isPointsDue) this.#drawPoints();
      this.#drawSheet();
    });
  }

  #moved() {
    this.#movedAt = performance.now();
    if (this.crosshair) this.#find();
    this.drawSoon(true);
    clearTimeout(this.#settle);
    this.#settle = window.setTimeout(() => this.drawSoon(true), SETTLED_MS + 40);
  }

  #find() {
    const isFindable = (/** @type {number} */ i) => this.counts(i);
    const found = this.points && this.crosshair ? nearest(this.points, this.crosshair, REACH_PX / this.viewport.scale, isFindable) : -1;
    if (found === this.focus) return;
    this.focus = found;
    this.dispatchEvent(new Event("focus"));
  }

  #resize() {
    const { clientWidth, clientHeight } = this.stage;
    if (!clientWidth || !clientHeight) return;
    const isFirst = this.viewport.width === 1;
    this.viewport.resize(clientWidth, clientHeight);
    if (isFirst) this.viewport.fit();
    for (const canvas of [this.#painter.canvas, this.#sheet]) {
      canvas.width = Math.round(clientWidth * this.#density);
      canvas.height = Math.round(clientHeight * this.#density);
    }
    this.drawSoon(true);
  }

  get #density() {
    return Math.min(devicePixelRatio || 1, MOST_DENSE);
  }

  #drawPoints() {
    this.#isPointsDue = false;
    if (!this.points || !this.#look) return;
    const isMoving = performance.now() - this.#movedAt < SETTLED_MS;
    this.#painter.paint(this.points, this.#look, this.viewport, { isSelected: this.isSelected, density: this.#density, isMoving });
    this.stage.dataset.points = String(this.points.count);
  }

  #drawSheet() {
    const context = /** @type {CanvasRenderingContext2D} */ (this.#sheet.getContext("2d"));
    context.setTransform(this.#density, 0, 0, this.#density, 0, 0);
    context.clearRect(0, 0, this.viewport.width, this.viewport.height);
    this.#drawNumbers(context);
    this.#drawLasso(context);
    if (this.focus >= 0 && this.points) {
      const [x, y] = this.viewport.pixelOf([this.points.x[this.focus], this.points.y[this.focus]]);
      this.#line(context, (path) => path.arc(x, y, 8, 0, 2 * Math.PI));
    }
    if (!this.crosshair) return;
    const [x, y] = this.viewport.pixelOf(this.crosshair);
    this.#line(context, (path) => {
      for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
        path.moveTo(x + 4 * dx, y + 4 * dy);
        path.lineTo(x + ARM_PX * dx, y + ARM_PX * dy);
      }
    });
  }

  /** @param {CanvasRenderingContext2D} context */
  #drawLasso(context) {
    if (!this.corners.length) return;
    const corners = this.corners.map((corner) => this.viewport.pixelOf(corner));
    const way = this.crosshair ? [...corners, this.viewport.pixelOf(this.crosshair)] : corners;
    this.#line(context, (path) => {
      for (const [x, y] of way) path.lineTo(x, y);
      path.closePath();
      const [x, y] = corners[0];
      path.rect(x - 4, y - 4, 8, 8);
    });
  }

  /** @param {CanvasRenderingContext2D} context */
  #drawNumbers(context) {
    Object.assign(context, { font: NUMBER_FONT, textAlign: "center", textBaseline: "middle", lineWidth: 4, lineJoin: "round", strokeStyle: this.ink.under, fillStyle: this.ink.line });
    for (const { x, y, text } of this.numbers) {
      const [left, top] = this.viewport.pixelOf([x, y]);
      context.strokeText(text, left, top);
      context.fillText(text, left, top);
    }
  }

  /** A line that can be seen on every ground. @param {CanvasRenderingContext2D} context @param {(path: Path2D) => void} draw */
  #line(context, draw) {
    const path = new Path2D();
    draw(path);
    for (const [width, colour] of /** @type {[number, string][]} */ ([[4, this.ink.under], [1.75, this.ink.line]])) {
      Object.assign(context, { lineWidth: width, strokeStyle: colour });
      context.stroke(path);
    }
  }
}

/** @param {import("./map_points.js").State} state @returns {(i: number) => boolean} whether a point is one of the queue's or judged */
export function isShownIn(state) {
  return (i) => state.kind[i] !== KIND.hidden;
}
