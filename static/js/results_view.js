// @ts-check
/** The image that is shown, its neighbours read ahead, and what of it is on screen. */
import { byId, setText } from "./dom.js";
import { huesOf } from "./predict_overlay.js";
import { showProblem } from "./predict_folders.js";
import { ViewClock } from "./results_clock.js";
import { ResultsFilter } from "./results_filter.js";
import { ResultPanel, STATUSES, keptOf } from "./results_panel.js";
import { Stage } from "./results_stage.js";

/** @typedef {import("./results_panel.js").ImageResult} ImageResult */
/** @typedef {import("./results_list.js").Status} Status */

const AHEAD = [1, 2, -1];

export class ResultsView extends EventTarget {
  place = 0;
  controls = new ResultsFilter();
  clock = new ViewClock();
  panel = new ResultPanel();
  /** The image at this place, once it is read. @type {ImageResult | null} */
  image = null;
  /** Its picture cannot be shown, so nothing can be said of it but that. */
  isBroken = false;
  #isOnScreen = false;
  #isSideBySide = false;
  #now = new Stage(byId("now"));
  #before = new Stage(byId("before"));
  #hueOf = huesOf([]);
  /** @type {Map<string, Promise<ImageResult>>} by item */
  #images = new Map();
  /** What was said here and is not answered yet. @type {Map<string, Status>} by item */
  #said = new Map();
  /** @type {Map<string, string>} image id → item, of all that were seen */
  #itemOf = new Map();

  /** @param {import("./api.js").Api} api @param {import("./results_list.js").ResultList} list */
  constructor(api, list) {
    super();
    this.api = api;
    this.list = list;
    this.panel.addEventListener("choose", () => this.#draw());
    this.controls.addEventListener("look", () => this.#draw());
    this.controls.addEventListener("filter", (event) => {
      const change = /** @type {CustomEvent} */ (event).detail;
      void this.#load(change, this.image?.item_id).catch((error) => showProblem(byId("problem"), error));
    });
  }

  /** The image, once it can be judged: its picture is on screen. @returns {ImageResult | null} */
  get onScreen() {
    return this.#isOnScreen ? this.image : null;
  }

  get isAtEnd() {
    return this.list.total > 0 && this.place >= this.list.total;
  }

  /** @param {Record<string, string>} asked of the address @param {string} itemId */
  async begin({ status = "all", class_name = "" }, itemId) {
    try {
      await this.#load({ status: status in STATUSES ? status : "all", class_name }, itemId || (await this.list.firstOpen()));
    } catch (error) {
      showProblem(byId("problem"), error);
    }
  }

  /** @param {Partial<import("./results_list.js").Filter>} change @param {string} [itemId] */
  async #load(change, itemId = "") {
    const place = await this.list.load(change, itemId);
    if (place < 0) return;
    this.#hueOf = huesOf(this.list.classes);
    this.#images.clear();
    this.controls.render(this.list);
    await this.go(place);
  }

  /** Everything anew; the same image stays, unless the person went on meanwhile. */
  async reload() {
    const [before, itemId] = [this.place, this.image?.item_id ?? ""];
    const isStaying = this.isAtEnd || !itemId;
    try {
      const place = await this.list.load({}, itemId);
      this.#images.clear();
      this.controls.render(this.list);
      if (place >= 0) await this.go(isStaying || this.place !== before ? this.place : place);
    } catch (error) {
      showProblem(byId("problem"), error);
    }
  }

  /** @param {number} place from 0; one after the last is the batch's summary */
  async go(place) {
    this.place = Math.max(0, Math.min(place, this.list.total));
    const wanted = this.place;
    this.#isOnScreen = this.isBroken = false;
    this.clock.show(null);
    this.#renderFrame();
    if (this.isAtEnd) this.dispatchEvent(new Event("end"));
    if (this.isAtEnd || !this.list.total) return;
    try {
      const row = await this.list.at(wanted);
      const image = row && (await this.#read(row.item_id));
      if (!image || wanted !== this.place) return;
      await this.#show(image, wanted);
      this.#lookAhead();
    } catch (error) {
      if (wanted === this.place) this.#break(error);
    }
  }

  /** @param {ImageResult} image @param {number} wanted */
  async #show(image, wanted) {
    this.image = image;
    this.#itemOf.set(image.image_id, image.item_id);
    showProblem(byId("problem"), image.problem ?? "");
    setText(byId("path"), image.path);
    setText(byId("place"), `Image ${(wanted + 1).toLocaleString("en")} of ${this.list.total.toLocaleString("en")}`);
    history.replaceState(null, "", `?${new URLSearchParams({ status: this.list.filter.status, class_name: this.list.filter.class_name, image: image.item_id })}`);
    const isShown = await this.#now.show(image);
    if (wanted !== this.place || this.image !== image) return;
    this.isBroken = !isShown;
    this.#isOnScreen = isShown;
    if (isShown) this.clock.show(image.item_id);
    this.#draw();
    this.dispatchEvent(new Event("shown"));
  }

  /** @param {unknown} error */
  #break(error) {
    this.image = null;
    this.isBroken = true;
    showProblem(byId("problem"), error);
  }

  /** Show an image again as the server has it. @param {string} itemId */
  async comeBackTo(itemId) {
    this.#images.delete(itemId);
    this.#said.delete(itemId);
    try {
      const place = await this.list.placeOf(itemId);
      await (place === null ? this.#load({ status: "all", class_name: "", score_min: 0 }, itemId) : this.go(place));
    } catch (error) {
      showProblem(byId("problem"), error);
    }
  }

  /** @param {string} imageId @returns {string} an item on it, empty for one that was not seen here */
  itemOf(imageId) {
    return this.#itemOf.get(imageId) ?? "";
  }

  /** Said just now; the server does not know it yet. @param {string} itemId @param {Status} status */
  setStatus(itemId, status) {
    this.#said.set(itemId, status);
    if (this.image?.item_id === itemId) this.image.status = status;
  }

  /** @param {string} itemId */
  takeAnswer(itemId) {
    this.#said.delete(itemId);
    this.#images.delete(itemId);
    if (this.image?.item_id === itemId && !this.isAtEnd) void this.go(this.place);
  }

  /** @returns {string} what is shown now */
  toggleSides() {
    this.#isSideBySide = !this.#isSideBySide;
    this.#draw();
    if (!this.#isSideBySide) return "One view";
    return this.#hasSides() ? "Prediction and correction side by side" : "Side by side: nothing was corrected on this image";
  }

  #hasSides() {
    return this.#isSideBySide && this.image?.status === "corrected";
  }

  /** @param {string} itemId @returns {Promise<ImageResult>} */
  async #read(itemId) {
    const known = this.#images.get(itemId) ?? this.api.get(`/api/results/${itemId}`);
    this.#images.set(itemId, known);
    known.catch(() => this.#images.delete(itemId));
    const image = await known;
    image.status = this.#said.get(itemId) ?? image.status;
    return image;
  }

  /** The neighbours, so that a key finds them there; the others are let go. */
  #lookAhead() {
    for (const step of AHEAD) {
      void this.list
        .at(this.place + step)
        .then((row) => row && this.#read(row.item_id))
        .then((image) => image?.width && (new Image().src = image.image_url), () => undefined);
    }
    const [oldest] = this.#images.keys();
    if (this.#images.size > 12) this.#images.delete(oldest);
  }

  #renderFrame() {
    byId("end").hidden = !this.isAtEnd;
    byId("work").hidden = byId("about").hidden = this.isAtEnd || !this.list.total;
    byId("empty").hidden = this.list.total > 0;
    const isFiltered = this.list.filter.status !== "all" || this.list.filter.class_name || this.list.filter.score_min > 0;
    setText(byId("empty-title"), isFiltered ? "No image is like this" : "No predictions yet");
    setText(byId("empty-text"), isFiltered ? "Choose another state, class or score above." : "Let a detector propose objects first; they appear here image by image.");
    if (!this.isAtEnd) return;
    byId("end").focus({ preventScroll: true });
    byId("folder").toggleAttribute("open", true);
  }

  #draw() {
    const { image } = this;
    if (!image) return;
    const kept = keptOf(image, this.controls.threshold);
    const look = { hueOf: this.#hueOf, showMasks: this.controls.showMasks, className: this.list.filter.class_name, chosen: this.panel.chosen };
    const isOpen = image.status === "open" || image.status === "rejected";
    const shown = isOpen ? kept : image.objects;
    const chosen = [...image.objects, ...image.removed].filter((one) => one.item_id === this.panel.chosen && !shown.includes(one));
    byId("views").dataset.status = image.status;
    byId("before").hidden = !this.#hasSides();
    /** @type {HTMLElement} */ (byId("now").querySelector("figcaption")).hidden = !this.#hasSides();
    this.#now.draw({ ...look, objects: [...shown, ...chosen] });
    if (this.#hasSides()) void this.#before.show(image).then(() => this.#before.draw({ ...look, objects: image.prediction }));
    this.panel.show(image, kept, this.#hueOf);
    byId("side").setAttribute("aria-pressed", String(this.#isSideBySide));
    setText(/** @type {HTMLElement} */ (byId("next").querySelector("span")), image.status === "open" && !image.problem ? "Accept, next" : "Next");
  }
}
