// @ts-check
/** The insight page by keyboard: which key means what. Verdicts and take back have the keys of the settings. */

/** Key, name and what it does, for the table of keys. */
export const INSIGHT_KEYS = [
  ["Arrows", "Crosshair", "Move it over the map, with Shift farther; at the edge the map follows. Among the pictures: the next, the one before"],
  ["+ − 0", "Zoom", "Closer, farther, the whole map; also the wheel and two fingers"],
  ["V", "Colours", "By label, by probability, by cluster"],
  ["Enter", "Corner", "Set a corner of the lasso at the crosshair; on the first corner it closes"],
  ["C", "Close", "Close the lasso: what lies in it is chosen. With Shift: added to what is chosen"],
  ["L", "Lasso", "Whether a drag draws a lasso or moves the map; with Shift held a drag always draws. With Ctrl held at its end: added"],
  ["K", "Cluster", "Choose the cluster under the crosshair. With Shift: added to what is chosen"],
  ["Space", "Leave out", "On a picture: leave it out of what is labelled, or take it in again"],
  [", .", "Pictures", "The pictures before, the next ones"],
  ["R", "Review", "Open what is chosen and labelled on the Review page"],
  ["Esc", "Cancel", "The last corner of the lasso, then the choice"],
];

/** @typedef {{action: string, value?: any}} Wish */

const ARROWS = /** @type {Record<string, [number, number]>} */ ({ ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] });
const STEP_PX = 12;
const FAR_PX = 72;
/** @type {Record<string, Wish>} */
const PLAIN = {
  "+": { action: "zoom", value: 1.25 },
  "=": { action: "zoom", value: 1.25 },
  "-": { action: "zoom", value: 0.8 },
  0: { action: "fit" },
  v: { action: "colours" },
  Enter: { action: "corner" },
  c: { action: "close" },
  l: { action: "draw" },
  k: { action: "cluster" },
  ",": { action: "page", value: -1 },
  ".": { action: "page", value: 1 },
  r: { action: "review" },
  Escape: { action: "cancel" },
  "?": { action: "help" },
};
const REPEATABLE = new Set(["move", "zoom", "page"]);
const OF_SETTINGS = new Set(["negative", "positive", "undo", "help"]);

/**
 * What a key press asks for; this page's own keys come before those of the settings.
 *
 * @param {KeyboardEvent} event @param {Map<string, string>} actions key → action, of the settings
 * @returns {Wish | null} null when it means nothing here
 */
export function wishOf(event, actions) {
  const wish = arrow(event) ?? letter(event, actions);
  return wish && event.repeat && !REPEATABLE.has(wish.action) ? null : wish;
}

/** @param {KeyboardEvent} event @returns {Wish | null} */
function arrow(event) {
  if (!(event.key in ARROWS)) return null;
  const far = event.shiftKey ? FAR_PX : STEP_PX;
  const [dx, dy] = ARROWS[event.key];
  return { action: "move", value: [dx * far, dy * far] };
}

/** @param {KeyboardEvent} event @param {Map<string, string>} actions @returns {Wish | null} */
function letter(event, actions) {
  const key = event.key.length === 1 ? event.key.toLowerCase() : event.key;
  const own = PLAIN[key];
  if (own) return own.action === "close" || own.action === "cluster" ? { ...own, value: event.shiftKey } : own;
  const action = actions.get(key === " " ? "Space" : key);
  return action && OF_SETTINGS.has(action) ? { action } : null;
}
