// @ts-check
/** The one table of what can be done by key. Which keys do it comes from the server's settings. */

// Written as JSON, so that a test can compare it with the README.
export const ACTIONS = [
  {"action": "negative", "label": "Negative", "help": "This is not what you are looking for"},
  {"action": "positive", "label": "Positive", "help": "This is what you are looking for"},
  {"action": "skip", "label": "Skip", "help": "Not sure: leave it out, it can be brought back"},
  {"action": "undo", "label": "Take back", "help": "Take back the last verdict or mark, any number of times"},
  {"action": "reject_background", "label": "Background", "help": "Negative because nothing of interest is there: a hard negative for the detector"},
  {"action": "reject_wrong_class", "label": "Wrong class", "help": "Negative because it is something else, which the page then asks for: number, name or a new one"},
  {"action": "reject_duplicate", "label": "Duplicate", "help": "Negative because another box has this object already"},
  {"action": "reject_bad_box", "label": "Bad box", "help": "Negative because the box is not on the object: it goes to the boxes to correct"},
  {"action": "missed_object", "label": "Object missed", "help": "Mark the image: it has an object that nobody proposed"},
  {"action": "zoom", "label": "Zoom", "help": "Fit, closer around the pointer, then the whole image of a crop"},
  {"action": "contrast_down", "label": "Less contrast", "help": "Lower the contrast of the image shown"},
  {"action": "contrast_up", "label": "More contrast", "help": "Raise the contrast of the image shown"},
  {"action": "brightness_down", "label": "Darker", "help": "Lower the brightness of the image shown"},
  {"action": "brightness_up", "label": "Brighter", "help": "Raise the brightness of the image shown"},
  {"action": "reset_view", "label": "Reset view", "help": "Back to fit, with contrast and brightness as they were"},
  {"action": "show_probability", "label": "Probability", "help": "Show or hide what the model thinks; hidden at first, so that it does not lead"},
  {"action": "next_goal", "label": "Next goal", "help": "Choose what you are after: find all, teach, audit, clean"},
  {"action": "next_strategy", "label": "Next strategy", "help": "Choose the next items by another rule"},
  {"action": "next_class", "label": "Next class", "help": "Take proposals of the next class only, after the last one of all again"},
  {"action": "auto_mode", "label": "Timed auto mode", "help": "No key in time means negative; any key or a hidden tab pauses it, this one goes on"},
  {"action": "sweep", "label": "Look-alikes", "help": "The nearest unlabelled items in a grid, labelled as the one before: mark the exceptions, Enter applies"},
  {"action": "grid", "label": "Grid", "help": "The next items in a grid, labelled together: mark the exceptions, Enter applies"},
  {"action": "exemplars", "label": "Exemplars", "help": "Show or hide the nearest accepted and the nearest rejected beside the item"},
  {"action": "near_duplicates", "label": "Near-duplicates", "help": "Show near-duplicates of labelled items again, or set them aside"},
  {"action": "start", "label": "Where to start", "help": "Without a positive yet: from example pictures, with the unusual first, or by a tour of the clusters"},
  {"action": "meter", "label": "Recall meter", "help": "Open or close the details: bounds, prevalence, how far the model can be trusted"},
  {"action": "help", "label": "Keys", "help": "Show or close this table"}
];

const SIGNS = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Backspace: "⌫", "-": "−" };

/**
 * The name of a pressed key as the settings write it: letters in lower case, "Space" for the space bar.
 *
 * @param {KeyboardEvent} event @returns {string}
 */
export function keyName(event) {
  if (event.key === " ") return "Space";
  return event.key.length === 1 ? event.key.toLowerCase() : event.key;
}

/** @param {string} key @returns {string} how a key is printed */
export function keySign(key) {
  return SIGNS[/** @type {keyof SIGNS} */ (key)] ?? (key.length === 1 ? key.toUpperCase() : key);
}

/** @param {Record<string, string[]>} keys @returns {Map<string, string>} key name → action */
export function actionsByKey(keys) {
  return new Map(Object.entries(keys).flatMap(([action, names]) => names.map((name) => [name, action])));
}

/**
 * Whether a key press is meant for a control that has the focus, or for the browser, and not for the page.
 *
 * @param {KeyboardEvent} event @returns {boolean}
 */
export function belongsElsewhere(event) {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return true;
  const target = /** @type {HTMLElement} */ (event.target);
  if (target.closest?.("input, textarea, select, [contenteditable]")) return true;
  return (event.key === " " || event.key === "Enter") && Boolean(target.closest?.("button, a, summary"));
}

/** Fill each `<span data-keys="action">` of the page with that action's keys. @param {Record<string, string[]>} keys */
export function writeKeyHints(keys) {
  for (const hint of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-keys]"))) {
    const names = (hint.dataset.keys ?? "").split(" ").flatMap((action) => keys[action] ?? []);
    const limit = Number(hint.dataset.limit ?? 2);
    hint.replaceChildren(...names.slice(0, limit).map(kbd));
  }
}

/** @param {string} name @returns {HTMLElement} */
export function kbd(name) {
  const key = document.createElement("kbd");
  key.textContent = keySign(name);
  return key;
}
