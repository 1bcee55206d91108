// @ts-check
/** The grid by keyboard: which key means what while it is open. */

/** Keys, name and what they do, for the table beside the pictures; with actions, whose keys the settings say. @type {[string, string, string, string[]?][]} */
export const GRID_KEYS = [
  ["Arrows", "Move", "Also Home and End"],
  ["Space", "Turn", "To the other label"],
  ["1 … 9 0", "Turn by number", "In the cursor's row"],
  ["A D", "Negative, positive", "Then the next picture", ["negative", "positive"]],
  ["S", "Leave out", "It stays open", ["skip"]],
  ["Shift", "All at once", "With the three above"],
  ["Z", "Closer", "Large, and back", ["zoom"]],
  ["+ −", "More, fewer", "As fit the window"],
  ["Enter", "Label", "All that is marked"],
  ["⌫", "Take back", "All of the last Enter", ["undo"]],
  ["Esc", "Leave", "Without labelling"],
];

/** @typedef {{action: "move" | "end" | "turn" | "turnNumber" | "mark" | "markAll" | "size" | "large" | "apply" | "undo" | "leave", value?: any}} Wish */

/** These mean the same whatever the settings say. @type {Record<string, Wish>} */
const FIXED = {
  ArrowLeft: { action: "move", value: [-1, 0] },
  ArrowRight: { action: "move", value: [1, 0] },
  ArrowUp: { action: "move", value: [0, -1] },
  ArrowDown: { action: "move", value: [0, 1] },
  Home: { action: "end", value: 0 },
  End: { action: "end", value: Infinity },
  " ": { action: "turn" },
  Enter: { action: "apply" },
  Escape: { action: "leave" },
  "+": { action: "size", value: 1 },
  "=": { action: "size", value: 1 },
  "-": { action: "size", value: -1 },
};
const LABELS = /** @type {Record<string, number | null>} */ ({ negative: 0, positive: 1, skip: null });
const REPEATABLE = new Set(["move"]);

/**
 * What a key press asks for.
 *
 * @param {KeyboardEvent} event @param {string | undefined} action what the key does on the label page, by the settings
 * @returns {Wish | null} null when it means nothing here
 */
export function wishOf(event, action) {
  const wish = FIXED[event.key] ?? numbered(event.key) ?? named(action, event.shiftKey);
  return wish && event.repeat && !REPEATABLE.has(wish.action) ? null : wish;
}

/** @param {string} key @returns {Wish | null} */
function numbered(key) {
  if (!/^\d$/.test(key)) return null;
  return { action: "turnNumber", value: (Number(key) + 9) % 10 };
}

/** @param {string | undefined} action @param {boolean} isAll @returns {Wish | null} */
function named(action, isAll) {
  if (action === "undo") return { action: "undo" };
  if (action === "zoom") return { action: "large" };
  if (action === undefined || !(action in LABELS)) return null;
  return { action: isAll ? "markAll" : "mark", value: LABELS[action] };
}
