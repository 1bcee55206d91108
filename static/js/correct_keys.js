// @ts-check
/** The correct page by keyboard: which key means what. The page does it; masks have keys of their own (mask_keys.js). */

/** Key, name and what it does, for the table of keys. */
export const CORRECT_KEYS = [
  ["A", "Accept", "Save the image, as it is or as corrected, and go on"],
  ["R", "Reject", "Refuse the prediction as a whole, and go on"],
  ["→ ←", "Next, previous", "→ saves as A does; ← keeps changes as a draft. With an object chosen: Esc first, or Page Down and Page Up"],
  ["V B P G X", "Tools", "Choose and move; draw a box; points; brush; eraser"],
  ["Tab", "Next object", "Shift + Tab the one before; after the last one, Tab goes on to the buttons"],
  ["Arrows", "Nudge", "The chosen object by 1 pixel, with Shift by 10; with Ctrl its right and lower side move, with Ctrl + Alt the left and upper"],
  ["1 … 9", "Class", "Of the chosen object; with none chosen, of the next box drawn"],
  ["T", "Class by name", "Type it; Enter takes it"],
  ["N", "New box", "In the middle of the view, then moved and resized by arrows"],
  ["Delete", "Delete", "The chosen object; also Backspace"],
  ["C", "Copy", "The chosen object to the next image"],
  ["U", "Undo", "Also Ctrl + Z; without limit. Again: Shift + U, Ctrl + Shift + Z, Ctrl + Y"],
  ["+ − 0", "Zoom", "Closer, farther, the whole image; also the wheel and two fingers"],
  ["Space", "Hand", "Held: a drag or the arrow keys move the image. Also Shift + arrows with nothing chosen, or the middle button"],
  ["S", "Side by side", "The prediction beside the correction; E goes back to editing"],
  [", .", "Score", "Lower or raise the score from which predictions are shown; those below count as background"],
  ["Esc", "Cancel", "What is being drawn, then the choice of an object"],
];

/** @typedef {{action: string, value?: any}} Wish */

const WAYS = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });
const TOOLS = /** @type {Record<string, string>} */ ({ v: "select", b: "box", p: "point", g: "brush", x: "eraser" });
const FAR = 10;
/** @type {Record<string, Wish>} */
const PLAIN = {
  a: { action: "accept" },
  r: { action: "reject" },
  e: { action: "edit" },
  n: { action: "newBox" },
  c: { action: "copy" },
  s: { action: "sideBySide" },
  t: { action: "typeClass" },
  u: { action: "undo" },
  h: { action: "help" },
  "?": { action: "help" },
  "+": { action: "zoom", value: 1.25 },
  "=": { action: "zoom", value: 1.25 },
  "-": { action: "zoom", value: 0.8 },
  0: { action: "fit" },
  ",": { action: "score", value: -1 },
  ".": { action: "score", value: 1 },
  Delete: { action: "delete" },
  Backspace: { action: "delete" },
  Escape: { action: "cancel" },
  PageDown: { action: "next" },
  PageUp: { action: "previous" },
};
/** With Ctrl or Cmd. @type {Record<string, Wish>} */
const COMMANDS = { z: { action: "undo" }, y: { action: "redo" } };
const REPEATABLE = new Set(["undo", "redo", "move", "resize", "pan", "zoom", "choose", "score"]);

/**
 * What a key press asks for.
 *
 * @param {KeyboardEvent} event @param {{hasChoice: boolean, isHand: boolean}} now whether an object is chosen, whether
 *   Space is held @returns {Wish | null} null when it means nothing here
 */
export function wishOf(event, now) {
  const wish = event.key in WAYS ? arrow(event, now) : letter(event);
  return wish && event.repeat && !REPEATABLE.has(wish.action) ? null : wish;
}

/** @param {KeyboardEvent} event @param {{hasChoice: boolean, isHand: boolean}} now @returns {Wish | null} */
function arrow(event, { hasChoice, isHand }) {
  const [dx, dy] = WAYS[event.key];
  const far = event.shiftKey ? FAR : 1;
  if (isHand) return { action: "pan", value: [dx, dy] };
  if (hasChoice && (event.ctrlKey || event.metaKey)) return { action: "resize", value: { sides: event.altKey ? "nw" : "se", dx: dx * far, dy: dy * far } };
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  if (hasChoice) return { action: "move", value: [dx * far, dy * far] };
  if (event.shiftKey || dy) return { action: "pan", value: [dx, dy] };
  return { action: dx > 0 ? "next" : "previous" };
}

/** @param {KeyboardEvent} event @returns {Wish | null} */
function letter(event) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  if (event.altKey) return null;
  if (event.ctrlKey || event.metaKey) return key === "z" && event.shiftKey ? { action: "redo" } : (COMMANDS[key] ?? null);
  if (key === "u" && event.shiftKey) return { action: "redo" };
  if (key === "Tab") return { action: "choose", value: event.shiftKey ? -1 : 1 };
  if (key in TOOLS) return { action: "tool", value: TOOLS[key] };
  if (/^[1-9]$/.test(key)) return { action: "class", value: Number(key) - 1 };
  return PLAIN[key] ?? null;
}
