// @ts-check
/** How boxes look on the canvas: predictions thin and dashed, what a person put right solid, the chosen one with handles. */

/**
 * @typedef {import("./edit_model.js").Box} Box
 * @typedef {import("./edit_model.js").EditObject} EditObject
 * @typedef {{scale: number, x: number, y: number, width: number, height: number, pixelRatio: number}} Place
 */

const SIDES = ["nw", "n", "ne", "e", "se", "s", "sw", "w"];
const HANDLE_PX = 9;
const LABEL_FROM_PX = 34; // narrower boxes would be covered by their label
const MOST_LABELS = 150;
const LABEL_PX = 18;
const DASH = [7, 4];
const UNDER = "rgb(0 0 0 / 0.55)";

export class BoxPainter {
  /** Labels are drawn once, then copied: text is by far the slowest thing on a canvas. @type {Map<string, HTMLCanvasElement>} */
  #labels = new Map();

  /** @param {(object: EditObject) => string} colorOf @param {(id: string) => boolean} isUntouched */
  constructor(colorOf, isUntouched) {
    this.colorOf = colorOf;
    this.isUntouched = isUntouched;
  }

  /**
   * Boxes in as few strokes as they have colours.
   *
   * @param {CanvasRenderingContext2D} ctx in pixels of the screen @param {readonly EditObject[]} objects @param {Place} place
   */
  drawAll(ctx, objects, place) {
    const seen = objects.filter(({ box }) => isSeen(box, place));
    /** @type {Map<string, Path2D>} by line and colour */
    const paths = new Map();
    const all = new Path2D();
    for (const object of seen) {
      const key = `${this.#isSolid(object) ? "solid" : "dashed"}|${this.colorOf(object)}`;
      const path = paths.get(key) ?? new Path2D();
      paths.set(key, path);
      const rectangle = screenRectangle(object.box, place);
      path.rect(...rectangle);
      all.rect(...rectangle);
    }
    stroke(ctx, all, UNDER, 3, []);
    for (const [key, path] of paths) {
      const [line, color] = key.split("|");
      stroke(ctx, path, color, line === "solid" ? 2 : 1, line === "solid" ? [] : DASH);
    }
    for (const object of seen.slice(0, MOST_LABELS)) this.#label(ctx, object, place);
  }

  /** The chosen object, or the box under the pointer. @param {CanvasRenderingContext2D} ctx @param {EditObject} object @param {Place} place @param {boolean} hasHandles */
  drawChosen(ctx, object, place, hasHandles) {
    const path = new Path2D();
    path.rect(...screenRectangle(object.box, place));
    stroke(ctx, path, "#000", 6, []);
    stroke(ctx, path, "#fff", 4, []);
    stroke(ctx, path, this.colorOf(object), 2, this.#isSolid(object) ? [] : DASH);
    this.#label(ctx, object, place);
    if (hasHandles) for (const [x, y] of handles(object.box, place).values()) drawHandle(ctx, x, y);
  }

  /** @param {EditObject} object */
  #isSolid(object) {
    return object.origin !== "prediction" || !this.isUntouched(object.id);
  }

  /** @param {CanvasRenderingContext2D} ctx @param {EditObject} object @param {Place} place */
  #label(ctx, object, place) {
    const [x, y, width] = screenRectangle(object.box, place);
    const text = [object.class_name, object.score === null ? "" : object.score.toFixed(2)].filter(Boolean).join(" ");
    if (width < LABEL_FROM_PX || !text) return;
    const label = this.#labelOf(text, this.colorOf(object), place.pixelRatio);
    const [wide, high] = [label.width / place.pixelRatio, label.height / place.pixelRatio];
    const shown = Math.min(wide, width);
    const top = y >= high ? y - high : y;
    ctx.drawImage(label, 0, 0, shown * place.pixelRatio, label.height, Math.round(x), Math.round(top), shown, high);
  }

  /** @param {string} text @param {string} color @param {number} pixelRatio */
  #labelOf(text, color, pixelRatio) {
    const key = `${pixelRatio}|${color}|${text}`;
    const known = this.#labels.get(key);
    if (known) return known;
    const label = labelCanvas(text, color, pixelRatio);
    if (this.#labels.size > 2000) this.#labels.clear();
    this.#labels.set(key, label);
    return label;
  }
}

/** Where the handles of a box are on screen, by side. @param {Box} box @param {Place} place @returns {Map<string, [number, number]>} */
export function handles(box, place) {
  const [x, y, width, height] = screenRectangle(box, place);
  /** @type {(side: string) => [number, number]} */
  const at = (side) => [
    x + (side.includes("w") ? 0 : side.includes("e") ? width : width / 2),
    y + (side.includes("n") ? 0 : side.includes("s") ? height : height / 2),
  ];
  return new Map(SIDES.map((side) => [side, at(side)]));
}

/** @param {Box} box @param {Place} place @returns {[number, number, number, number]} x, y, width, height on screen */
function screenRectangle([x1, y1, x2, y2], { scale, x, y }) {
  return [x1 * scale + x, y1 * scale + y, (x2 - x1) * scale, (y2 - y1) * scale];
}

/** @param {Box} box @param {Place} place */
function isSeen(box, place) {
  const [x, y, width, height] = screenRectangle(box, place);
  return x < place.width + 4 && y < place.height + LABEL_PX && x + width > -4 && y + height > -4;
}

/** @param {CanvasRenderingContext2D} ctx @param {Path2D} path @param {string} color @param {number} width @param {number[]} dash */
function stroke(ctx, path, color, width, dash) {
  ctx.setLineDash(dash);
  ctx.lineWidth = width;
  ctx.strokeStyle = color;
  ctx.stroke(path);
}

/** @param {CanvasRenderingContext2D} ctx @param {number} x @param {number} y */
function drawHandle(ctx, x, y) {
  const [left, top] = [Math.round(x - HANDLE_PX / 2), Math.round(y - HANDLE_PX / 2)];
  ctx.setLineDash([]);
  ctx.fillStyle = "#fff";
  ctx.fillRect(left, top, HANDLE_PX, HANDLE_PX);
  ctx.lineWidth = 1.5;
  ctx.strokeStyle = "#000";
  ctx.strokeRect(left, top, HANDLE_PX, HANDLE_PX);
}

/** @param {string} text @param {string} color @param {number} pixelRatio */
function labelCanvas(text, color, pixelRatio) {
  const canvas = document.createElement("canvas");
  const ctx = /** @type {CanvasRenderingContext2D} */ (canvas.getContext("2d"));
  const font = "600 14px system-ui, sans-serif";
  ctx.font = font;
  canvas.width = Math.ceil((ctx.measureText(text).width + 10) * pixelRatio);
  canvas.height = LABEL_PX * pixelRatio;
  ctx.scale(pixelRatio, pixelRatio);
  ctx.font = font;
  ctx.fillStyle = "rgb(0 0 0 / 0.72)";
  ctx.fillRect(0, 0, canvas.width, canvas.height);
  ctx.fillStyle = color;
  ctx.fillRect(0, 0, 3, canvas.height);
  ctx.fillStyle = "#fff";
  ctx.textBaseline = "middle";
  ctx.fillText(text, 7, LABEL_PX / 2 + 0.5);
  return canvas;
}
