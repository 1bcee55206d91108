// @ts-check
/** The table of keys as a dialog; the browser's own `<dialog>` keeps the focus inside and closes on Escape. */
import { byId, element, html } from "./dom.js";
import { ACTIONS, kbd } from "./keys.js";

/** @param {Record<string, string[]>} keys @param {string[]} [actions] those that this page knows; all by default */
export function openableHelp(keys, actions = ACTIONS.map((entry) => entry.action)) {
  const dialog = /** @type {HTMLDialogElement} */ (byId("help"));
  const rows = ACTIONS.filter((entry) => actions.includes(entry.action)).map((entry) => row(entry, keys[entry.action] ?? []));
  byId("help-rows").replaceChildren(...rows);
  return { toggle: () => (dialog.open ? dialog.close() : dialog.showModal()), isOpen: () => dialog.open };
}

/** @param {{label: string, help: string}} entry @param {string[]} names */
function row(entry, names) {
  const line = element(html`<tr><td></td><th scope="row">${entry.label}</th><td>${entry.help}</td></tr>`);
  line.firstElementChild?.append(...names.flatMap((name, i) => (i ? [" ", kbd(name)] : [kbd(name)])));
  return line;
}
