// @ts-check
/** A box drawn by hand: dragged on the image, nudged by arrow keys, or typed as four numbers. */
import { byId, element, html, setText } from "./dom.js";

/** @typedef {import("./images_rows.js").Image} Image */
/** @typedef {import("./images_rows.js").Region} Region */
/** @typedef {{image: Image, region: Region | null, box_xyxy: number[], class_name: string}} Drawn */

const SIDES = /** @type {const} */ (["x1", "y1", "x2", "y2"]);
const NUDGES = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });
const FAR = 10;

export class BoxEditor {
  #form = /** @type {HTMLFormElement} */ (byId("editor"));
  #stage = /** @type {SVGSVGElement} */ (/** @type {unknown} */ (byId("large-stage")));
  #class = /** @type {HTMLInputElement} */ (byId("editor-class"));
  #lastClass = "";
  /** @type {{image: Image, region: Region | null, box: number[]} | null} */
  #edit = null;

  /** @param {() => string[]} classes @param {(drawn: Drawn) => void} onSave @param {() => void} onChange it opened or closed */
  constructor(classes, onSave, onChange) {
    this.classes = classes;
    this.onSave = onSave;
    this.onChange = onChange;
    this.#form.addEventListener("submit", (event) => this.#save(event));
    byId("editor-cancel").addEventListener("click", () => this.stop());
    for (const side of SIDES) this.#field(side).addEventListener("input", () => this.#readFields());
    this.#listenForDrags();
  }

  get isOpen() {
    return this.#edit !== null;
  }

  /** The region whose box is being drawn anew. @returns {string | null} */
  get replacing() {
    return this.#edit?.region?.item_id ?? null;
  }

  /** @param {Image} image @param {Region | null} region null = an object that nobody proposed */
  start(image, region) {
    const { width, height } = image;
    if (!width || !height) return;
    const middle = [width / 4, height / 4, (3 * width) / 4, (3 * height) / 4].map(Math.round);
    this.#edit = { image, region, box: [...(region?.box_xyxy ?? middle)] };
    setText(byId("editor-title"), region ? `Correct: ${region.class_name}` : "Add a box that was missed");
    this.#class.value = region?.class_name ?? this.#lastClass;
    byId("editor-classes").replaceChildren(...this.classes().map((name) => new Option(name)));
    this.#form.hidden = false;
    this.#say("");
    this.#show();
    this.onChange();
    byId("large-stage").focus({ preventScroll: true });
  }

  stop() {
    if (!this.#edit) return;
    this.#edit = null;
    this.#form.hidden = true;
    byId("large-drawn").replaceChildren();
    this.onChange();
    byId("large").focus({ preventScroll: true });
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was for the box */
  press(event) {
    const nudge = NUDGES[event.key];
    const target = /** @type {HTMLElement} */ (event.target);
    const isTyping = target.matches("input");
    if (event.key === "Escape") this.stop();
    else if (event.key === "Enter" && !isTyping && !target.closest("button")) this.#form.requestSubmit();
    else if (nudge && !isTyping) this.#nudge(nudge, event.shiftKey ? FAR : 1);
    else if (nudge && event.shiftKey && target.matches("[data-side]")) this.#step(target, -nudge[1] * FAR);
    else return false;
    return true;
  }

  /** @param {[number, number]} direction @param {number} pixels */
  #nudge([dx, dy], pixels) {
    const { box, image } = /** @type {NonNullable<typeof this.#edit>} */ (this.#edit);
    const x = bounded(dx * pixels, -box[0], (image.width ?? 0) - box[2]);
    const y = bounded(dy * pixels, -box[1], (image.height ?? 0) - box[3]);
    this.#put([box[0] + x, box[1] + y, box[2] + x, box[3] + y]);
  }

  /** @param {HTMLElement} field @param {number} pixels */
  #step(field, pixels) {
    const input = /** @type {HTMLInputElement} */ (field);
    input.value = String(Number(input.value) + pixels);
    this.#readFields();
  }

  /** @param {number[]} box */
  #put(box) {
    if (this.#edit) this.#edit.box = box;
    this.#say("");
    this.#show();
  }

  #show() {
    if (!this.#edit) return;
    SIDES.forEach((side, i) => (this.#field(side).value = String(Number(this.#edit?.box[i].toFixed(2)))));
    this.#draw();
  }

  #draw() {
    const [x1, y1, x2, y2] = this.#edit?.box ?? [];
    const at = html`x="${Math.min(x1, x2)}" y="${Math.min(y1, y2)}" width="${Math.abs(x2 - x1)}" height="${Math.abs(y2 - y1)}"`;
    byId("large-drawn").replaceChildren(...element(html`<svg><rect class="drawn-under" ${at}></rect><rect class="drawn-over" ${at}></rect></svg>`).children);
  }

  #readFields() {
    if (!this.#edit) return;
    this.#edit.box = SIDES.map((side) => Number(this.#field(side).value));
    this.#draw();
  }

  /** @param {Event} event */
  #save(event) {
    event.preventDefault();
    if (!this.#edit) return;
    const { image, region, box } = this.#edit;
    const class_name = this.#class.value.trim();
    const problem = fault(box, image) || (class_name ? "" : "Say what it is: the class is missing.");
    if (problem) return void this.#say(problem);
    this.#lastClass = class_name;
    this.stop();
    this.onSave({ image, region, box_xyxy: box, class_name });
  }

  #listenForDrags() {
    /** @type {{x: number, y: number} | null} */
    let start = null;
    this.#stage.addEventListener("pointerdown", (event) => {
      if (!this.isOpen) return;
      start = this.#place(event);
      this.#stage.setPointerCapture(event.pointerId);
    });
    this.#stage.addEventListener("pointermove", (event) => {
      if (!start) return;
      const { x, y } = this.#place(event);
      this.#put([Math.min(start.x, x), Math.min(start.y, y), Math.max(start.x, x), Math.max(start.y, y)]);
    });
    for (const end of ["pointerup", "pointercancel"]) this.#stage.addEventListener(end, () => (start = null));
  }

  /** @param {PointerEvent} event @returns {{x: number, y: number}} whole pixels of the image */
  #place(event) {
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(this.#stage.getScreenCTM()?.inverse());
    const { width, height } = this.#edit?.image ?? { width: 0, height: 0 };
    return { x: Math.round(bounded(point.x, 0, width ?? 0)), y: Math.round(bounded(point.y, 0, height ?? 0)) };
  }

  /** @param {string} text */
  #say(text) {
    setText(byId("editor-problem"), text);
  }

  /** @param {string} side @returns {HTMLInputElement} */
  #field(side) {
    return /** @type {HTMLInputElement} */ (byId(`editor-${side}`));
  }
}

/** @param {number[]} box @param {Image} image @returns {string} what is wrong with a box, empty for a good one */
function fault([x1, y1, x2, y2], { width, height }) {
  if (![x1, y1, x2, y2].every(Number.isFinite)) return "All four sides are numbers.";
  if (x1 >= x2 || y1 >= y2) return "The box has no area: x1 must be less than x2, and y1 less than y2.";
  const isInside = x1 >= 0 && y1 >= 0 && x2 <= (width ?? 0) && y2 <= (height ?? 0);
  return isInside ? "" : `The box leaves the image of ${width} × ${height} pixels.`;
}

/** @param {number} value @param {number} least @param {number} most */
function bounded(value, least, most) {
  return Math.min(most, Math.max(least, value));
}
