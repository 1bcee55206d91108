// @ts-check
/** Masks by keyboard: a cross that arrow keys move, which sets points and paints, and a key for each thing to do. */

/**
 * @typedef {import("./mask_tools.js").MaskTools} MaskTools
 * @typedef {[number, number]} Point
 */

/** Key, name and what it does, for the page's table of keys. */
export const MASK_KEYS = [
  ["F", "Find the mask", "Ask the segmenter for the mask of the chosen object's box"],
  ["K", "Remove the mask", "The chosen object keeps its box"],
  ["M", "Masks", "Show or hide masks"],
  ["[ ]", "Brush size", "Brush and eraser smaller, larger"],
  ["Enter", "Point", "With the point tool: the cross is on the object; Alt + Enter: it is not"],
  ["Space", "Paint", "With brush or eraser: a dab at the cross; held, the arrow keys draw a line"],
];

/** @type {Record<string, Point>} */
const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
const WIDE_STEP = 10;

export class MaskKeys {
  /** @param {MaskTools} tools */
  constructor(tools) {
    this.tools = tools;
    // before the page's own keys: with these tools arrows move the cross and Space paints
    document.addEventListener("keydown", (event) => this.#take(event, this.#press(event)), { capture: true });
    document.addEventListener("keyup", (event) => this.#take(event, event.key === " " && tools.endStroke()), { capture: true });
    window.addEventListener("blur", () => void tools.endStroke());
  }

  /** @param {KeyboardEvent} event @param {boolean} isTaken */
  #take(event, isTaken) {
    if (!isTaken) return;
    event.preventDefault();
    event.stopPropagation();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether it was meant for masks */
  #press(event) {
    if (isForAControl(event) || event.ctrlKey || event.metaKey) return false;
    const { tool } = this.tools.view;
    const hasCross = tool === "point" || tool === "brush" || tool === "eraser";
    if (hasCross && event.key in WAYS && !event.altKey) return this.#move(WAYS[event.key], event.shiftKey);
    if (tool === "point" && event.key === "Enter" && !isOnAButton(event)) return this.tools.pointAtCross(!event.altKey, event.timeStamp);
    if (event.altKey) return false;
    if (hasCross && tool !== "point" && event.key === " " && !isOnAButton(event)) return event.repeat || this.tools.beginStroke();
    return this.#letter(event.key.toLowerCase());
  }

  /** @param {Point} way @param {boolean} isWide */
  #move([dx, dy], isWide) {
    const step = isWide ? WIDE_STEP : 1;
    this.tools.moveCross(dx * step, dy * step);
    return true;
  }

  /** @param {string} key @returns {boolean} */
  #letter(key) {
    if (key === "f") this.tools.find();
    else if (key === "k") this.tools.remove();
    else if (key === "m") this.tools.show(!this.tools.layer.isShown);
    else if (key === "[" || key === "]") this.tools.brush.step(key === "[" ? -1 : 1);
    else return key === "escape" && this.tools.cancel();
    return true;
  }
}

/** @param {KeyboardEvent} event */
function isForAControl(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const isTyped = Boolean(target.closest?.("textarea, select, [contenteditable], dialog, input:not([type=checkbox], [type=range])"));
  const isSlid = Boolean(target.closest?.("input[type=range]")) && event.key.startsWith("Arrow");
  return event.isComposing || isTyped || isSlid || document.querySelector("dialog[open]") !== null;
}

/** @param {KeyboardEvent} event */
function isOnAButton(event) {
  return Boolean(/** @type {HTMLElement} */ (event.target).closest?.("button, a, summary, input"));
}
