// @ts-check
/** What was found, image by image. */
import { byId, element, html, setText } from "./dom.js";
import { showProblem } from "./predict_folders.js";
import { huesOf, overlay } from "./predict_overlay.js";

/**
 * @typedef {import("./predict_overlay.js").Proposal} Proposal
 * @typedef {{index: number, path: string, image_url: string, width: number | null, height: number | null,
 *   problem: string | null, proposals: Proposal[]}} ImageView
 * @typedef {{name: string, n_proposals: number, n_images: number, classes: Record<string, number>, sources: string[],
 *   score_min: number | null, score_max: number | null, created_at: number, has_masks: boolean, has_features: boolean}} ProposalFile
 */

const SLIDER_STEP = 0.05;

export class Viewer extends EventTarget {
  /** @type {ProposalFile | null} */
  file = null;
  place = 0;
  threshold = 0;
  showMasks = true;
  /** @type {Map<number, Promise<ImageView>>} by place, of this file */
  #images = new Map();
  /** @type {ImageView | null} */
  #shown = null;
  #hueOf = huesOf([]);

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    super();
    this.api = api;
    new ResizeObserver(() => this.#draw()).observe(byId("stage"));
    const slider = /** @type {HTMLInputElement} */ (byId("threshold"));
    slider.addEventListener("input", () => this.setThreshold(Number(slider.value)));
    const masks = /** @type {HTMLInputElement} */ (byId("show-masks"));
    masks.addEventListener("change", () => {
      this.showMasks = masks.checked;
      this.#draw();
    });
    byId("previous").addEventListener("click", () => void this.go(this.place - 1));
    byId("next").addEventListener("click", () => void this.go(this.place + 1));
  }

  /** @param {ProposalFile | null} file @param {number} [place] */
  async open(file, place = 0) {
    this.file = file;
    this.#images.clear();
    this.#shown = null;
    for (const id of ["stage", "results-foot"]) byId(id).hidden = !file;
    if (!file) return;
    this.#hueOf = huesOf(Object.keys(file.classes));
    byId("show-masks").closest("label")?.toggleAttribute("hidden", !file.has_masks);
    await this.go(place);
  }

  /** The same file as it is listed now: with features, say. @param {ProposalFile} file */
  renew(file) {
    if (file.created_at !== this.file?.created_at) void this.open(file, this.place);
    else Object.assign(this.file ?? {}, file);
  }

  /** @param {number} place from 0; beyond the ends nothing moves */
  async go(place) {
    const { file } = this;
    if (!file || !file.n_images) return;
    this.place = Math.min(Math.max(0, place), file.n_images - 1);
    const wanted = this.place;
    try {
      const image = await this.#read(wanted);
      if (file !== this.file || wanted !== this.place) return;
      this.#show(image);
      showProblem(byId("results-problem"), "");
      this.dispatchEvent(new Event("change"));
      this.#lookAhead();
    } catch (error) {
      this.#images.delete(wanted);
      if (file === this.file) showProblem(byId("results-problem"), error);
    }
  }

  /** @param {number} value 0 … 1 */
  setThreshold(value) {
    this.threshold = Math.min(1, Math.max(0, Math.round(value * 100) / 100));
    /** @type {HTMLInputElement} */ (byId("threshold")).value = String(this.threshold);
    setText(byId("threshold-value"), this.threshold.toFixed(2));
    this.#draw();
  }

  /** @param {1 | -1} direction */
  stepThreshold(direction) {
    this.setThreshold(this.threshold + direction * SLIDER_STEP);
  }

  /** @param {number} place @returns {Promise<ImageView>} */
  #read(place) {
    const known = this.#images.get(place);
    if (known) return known;
    const name = encodeURIComponent(this.file?.name ?? "");
    const read = this.api.get(`/api/proposals/${name}/images?offset=${place}&limit=1`).then((answer) => answer.images[0]);
    this.#images.set(place, read);
    return read;
  }

  /** The neighbours, so that a key finds them there; the others are let go. */
  #lookAhead() {
    for (const place of this.#images.keys()) if (Math.abs(place - this.place) > 4) this.#images.delete(place);
    for (const place of [this.place + 1, this.place + 2, this.place - 1]) {
      if (place < 0 || place >= (this.file?.n_images ?? 0)) continue;
      this.#read(place).then(
        (image) => image.width && (new Image().src = image.image_url),
        () => this.#images.delete(place),
      );
    }
  }

  /** @param {ImageView} image */
  #show(image) {
    this.#shown = image;
    const picture = /** @type {HTMLImageElement} */ (byId("image"));
    picture.hidden = image.width === null;
    if (image.width !== null) picture.src = image.image_url;
    picture.alt = image.path;
    showProblem(byId("image-problem"), image.problem ?? "");
    setText(byId("path"), image.path);
    this.#draw();
  }

  #draw() {
    const image = this.#shown;
    if (!image || !this.file) return;
    const kept = image.proposals.filter((proposal) => proposal.score === null || proposal.score >= this.threshold);
    const svg = /** @type {SVGSVGElement} */ (/** @type {unknown} */ (byId("overlay")));
    svg.toggleAttribute("hidden", image.width === null);
    if (image.width !== null && image.height !== null) {
      const { width, height } = byId("stage").getBoundingClientRect();
      const scale = Math.min(width / image.width, height / image.height) || 1;
      svg.setAttribute("viewBox", `0 0 ${image.width} ${image.height}`);
      svg.innerHTML = overlay(kept, { hueOf: this.#hueOf, scale, showMasks: this.showMasks }).text;
    }
    this.#count(image, kept);
  }

  /** @param {ImageView} image @param {Proposal[]} kept */
  #count(image, kept) {
    const nImages = this.file?.n_images ?? 0;
    const shown = kept.length === image.proposals.length ? `${kept.length}` : `${kept.length} of ${image.proposals.length}`;
    const place = `Image ${(this.place + 1).toLocaleString("en")} of ${nImages.toLocaleString("en")}: ${shown} ${image.proposals.length === 1 ? "proposal" : "proposals"}`;
    setText(byId("place"), place);
    setText(byId("live"), `${place}, ${image.path}`);
    const counts = new Map();
    for (const { class_name: name } of kept) counts.set(name ?? "(no class)", (counts.get(name ?? "(no class)") ?? 0) + 1);
    byId("legend").replaceChildren(
      ...[...counts].map(([name, n]) => element(html`<li data-hue="${this.#hueOf(name)}"><span class="swatch"></span>${name} ${n}</li>`)),
    );
    /** @type {HTMLButtonElement} */ (byId("previous")).disabled = this.place === 0;
    /** @type {HTMLButtonElement} */ (byId("next")).disabled = this.place === nImages - 1;
  }
}
