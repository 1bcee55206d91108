// @ts-check
/** The folder to propose on: the one that is open here; its parents and its sub-folders are buttons. */
import { byId, element, html, setText } from "./dom.js";

/** @typedef {{path: string, name: string, n_images: number, is_more: boolean}} Folder */

export class FolderPicker extends EventTarget {
  /** Relative to the root; empty = the root. */
  path = "";
  nImages = 0;
  /** Whether another folder than `path` was pressed and has not answered yet. */
  isOpening = false;
  #asked = 0;

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    super();
    this.api = api;
  }

  /** Open a folder; fires "change". @param {string} path */
  async open(path) {
    const asked = ++this.#asked;
    this.isOpening = true;
    this.dispatchEvent(new Event("change"));
    const hadFocus = byId("folders").contains(document.activeElement) || byId("crumbs").contains(document.activeElement);
    try {
      const view = await this.api.get(`/api/folders?under=${encodeURIComponent(path)}`);
      if (asked !== this.#asked) return; // another folder was opened meanwhile
      this.path = view.here.path;
      this.nImages = view.here.n_images;
      this.#render(view);
      if (hadFocus) /** @type {HTMLElement | null} */ (document.querySelector("#folders button, #crumbs button"))?.focus();
    } catch (error) {
      if (asked !== this.#asked) return;
      showProblem(byId("folder-problem"), error);
    }
    this.isOpening = false;
    this.dispatchEvent(new Event("change"));
  }

  /** @param {{root: string, here: Folder, folders: Folder[], n_left_out: number}} view */
  #render({ root, here, folders, n_left_out: nLeftOut }) {
    byId("folder-problem").hidden = true;
    const parts = here.path ? here.path.split("/") : [];
    const crumbs = parts.map((part, i) => this.#button(part, parts.slice(0, i + 1).join("/")));
    const top = this.#button(root.split("/").at(-1) || root, "");
    top.title = root;
    byId("crumbs").replaceChildren(...[top, ...crumbs].flatMap((crumb, i) => (i ? [" / ", crumb] : [crumb])));
    byId("crumbs").lastElementChild?.setAttribute("aria-current", "true");
    setText(byId("folder-count"), countText(here, folders.length > 0));
    byId("folders").replaceChildren(...folders.map((folder) => this.#row(folder)));
    if (nLeftOut) byId("folders").append(element(html`<li class="muted">and ${nLeftOut.toLocaleString("en")} more folders</li>`));
    byId("folders").hidden = folders.length === 0;
  }

  /** @param {string} text @param {string} path */
  #button(text, path) {
    const button = /** @type {HTMLButtonElement} */ (element(html`<button type="button">${text}</button>`));
    button.addEventListener("click", () => void this.open(path));
    return button;
  }

  /** @param {Folder} folder */
  #row(folder) {
    const button = this.#button("", folder.path);
    button.append(
      element(html`<span class="folder-name">${folder.name}</span>`),
      element(html`<span class="folder-images">${imagesText(folder)}</span>`),
    );
    const row = document.createElement("li");
    row.append(button);
    return row;
  }
}

/** @param {Folder} folder @returns {string} */
function imagesText({ n_images: n, is_more: isMore }) {
  if (isMore) return `${n.toLocaleString("en")}+ images`;
  return n === 1 ? "1 image" : n ? `${n.toLocaleString("en")} images` : "no images";
}

/** @param {Folder} here @param {boolean} hasFolders @returns {string} */
function countText(here, hasFolders) {
  if (here.n_images || here.is_more) return `${imagesText(here)} here${hasFolders ? ", sub-folders too" : ""}`;
  return "No images here. Choose a folder that holds some, or set WINNOW_IMAGE_ROOT to where they are.";
}

/** @param {HTMLElement} place @param {unknown} problem an error or text; nothing hides the place */
export function showProblem(place, problem) {
  setText(place, problem ? (problem instanceof Error ? problem.message : String(problem)) : "");
  place.hidden = !problem;
}
