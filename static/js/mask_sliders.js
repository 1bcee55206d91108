// @ts-check
/** Sliders on the chosen object's mask: holes and islands by size, and how near its outline stays. Seen while they move. */
import { byId, setText } from "./dom.js";
import { withBox } from "./mask_paint.js";
import { NewestWins } from "./newest_wins.js";

/**
 * @typedef {import("./edit_model.js").EditModel} EditModel
 * @typedef {import("./rle.js").Rle} Rle
 * @typedef {import("./segmenter.js").Segmenter} Segmenter
 * @typedef {import("./segmenter.js").Tidied} Tidied
 * @typedef {import("./segmenter.js").Tidiness} Tidiness
 * @typedef {{id: string, mask: Rle, base: Rle, tidiness: Tidiness, isFinal: boolean}} Request base: as it was before any slider
 * @typedef {{id: string, mask: Rle | null, outline: [number, number][][]}} Preview
 */

const MOST_PX = 100_000; // of a hole or an island, at the slider's end
const STEPS = 100;
const STEPS_A_PIXEL = 4; // of the tolerance
const NONE = { holes_px: 0, islands_px: 0, tolerance_px: 0 };

/** Fires "change" when what is shown meanwhile changed, "problem" when the server did not tidy. */
export class MaskSliders extends EventTarget {
  /** @type {Preview | null} */
  preview = null;
  #inputs = [input("mask-holes"), input("mask-islands"), input("mask-tolerance")];
  /** From which mask, and how, another one was tidied: the sliders always begin with the first. @type {WeakMap<Rle, {base: Rle, tidiness: Tidiness}>} */
  #madeOf = new WeakMap();
  /** @type {NewestWins<Request, Tidied>} */
  #queue;

  /** @param {{segmenter: Segmenter, model: EditModel, itemId: () => string}} parts */
  constructor({ segmenter, model, itemId }) {
    super();
    this.model = model;
    this.#queue = new NewestWins(({ base, tidiness }) => segmenter.tidy(itemId(), base, tidiness), {
      onAnswer: (request, tidied) => this.#take(request, tidied),
      onError: (_, error) => this.#fail(error),
      isOvertaken: (waiting, newer) => !waiting.isFinal || waiting.id === newer.id,
    });
    for (const slider of this.#inputs) {
      slider.addEventListener("input", () => this.#ask(false));
      slider.addEventListener("change", () => this.#ask(true));
      slider.addEventListener("blur", () => this.#show(null));
    }
    model.addEventListener("select", () => this.cancel((request) => !request.isFinal)); // what was let go still counts
    model.addEventListener("change", () => this.#isOpen(model.selected) || this.showObject()); // a slider on its way stays where it is
  }

  /** Whether an answer is awaited that is to become an object's mask. */
  get isFinalAwaited() {
    return this.#queue.open.some(({ isFinal }) => isFinal);
  }

  /** @param {string | null} id */
  #isOpen(id) {
    return this.#queue.open.some((request) => request.id === id);
  }

  /** The sliders as the chosen object's mask was made. */
  showObject() {
    const mask = this.model.get(this.model.selected)?.mask ?? null;
    const { holes_px, islands_px, tolerance_px } = (mask && this.#madeOf.get(mask)?.tidiness) ?? NONE;
    const [holes, islands, tolerance] = this.#inputs;
    for (const slider of this.#inputs) slider.disabled = !mask;
    holes.value = String(stepOf(holes_px));
    islands.value = String(stepOf(islands_px));
    tolerance.value = String(tolerance_px * STEPS_A_PIXEL);
    this.#write();
    if (this.preview && this.preview.mask?.counts !== mask?.counts) this.#show(null);
  }

  /** @returns {Tidiness} */
  get tidiness() {
    const [holes, islands, tolerance] = this.#inputs.map((slider) => Number(slider.value));
    return { holes_px: pixelsOf(holes), islands_px: pixelsOf(islands), tolerance_px: tolerance / STEPS_A_PIXEL };
  }

  /** What was asked for is not wanted any more. @param {(request: Request) => boolean} [isMeant] by default all of it */
  cancel(isMeant = () => true) {
    this.#queue.drop(isMeant);
    this.showObject();
    this.#show(null);
  }

  /** @param {boolean} isFinal */
  #ask(isFinal) {
    this.#write();
    const object = this.model.get(this.model.selected);
    if (!object?.mask) return;
    const base = this.#madeOf.get(object.mask)?.base ?? object.mask;
    this.#queue.ask({ id: object.id, mask: object.mask, base, tidiness: this.tidiness, isFinal });
  }

  /** @param {Request} request @param {Tidied} tidied */
  #take({ id, mask, base, tidiness, isFinal }, tidied) {
    if (this.model.get(id)?.mask !== mask) return this.#show(null);
    const left = tidied.mask && withBox(tidied.mask);
    if (isFinal && left && !this.#isOpen(id)) this.#apply(id, mask, left, { base, tidiness });
    if (id !== this.model.selected) return;
    setText(byId("mask-outline"), outlineWords(tidied.polygons));
    this.#show({ id, mask: tidied.mask, outline: tidiness.tolerance_px ? tidied.polygons : [] });
  }

  /**
   * @param {string} id @param {Rle} mask @param {{mask: Rle, box: import("./rle.js").Box}} left
   * @param {{base: Rle, tidiness: Tidiness}} made
   */
  #apply(id, mask, left, made) {
    const isSame = left.mask.counts === mask.counts;
    this.#madeOf.set(isSame ? mask : left.mask, made);
    if (!isSame) this.model.apply({ kind: "change", changes: [{ id, ...left }] });
  }

  /** @param {unknown} error */
  #fail(error) {
    this.#show(null);
    this.dispatchEvent(new CustomEvent("problem", { detail: { error } }));
  }

  /** @param {Preview | null} preview */
  #show(preview) {
    if (preview === this.preview) return;
    this.preview = preview;
    if (!preview) setText(byId("mask-outline"), "");
    this.dispatchEvent(new Event("change"));
  }

  #write() {
    const { holes_px, islands_px, tolerance_px } = this.tidiness;
    setText(byId("mask-holes-value"), pixelWords(holes_px));
    setText(byId("mask-islands-value"), pixelWords(islands_px));
    setText(byId("mask-tolerance-value"), tolerance_px ? `${tolerance_px.toFixed(2)} px` : "exact");
    for (const [i, words] of ["mask-holes-value", "mask-islands-value", "mask-tolerance-value"].entries()) {
      this.#inputs[i].setAttribute("aria-valuetext", byId(words).textContent ?? "");
    }
  }
}

/** Slider steps to pixels: fine at the start, wide at the end. @param {number} step */
export function pixelsOf(step) {
  return step ? Math.round(MOST_PX ** (step / STEPS)) : 0;
}

/** @param {number} pixels */
function stepOf(pixels) {
  return pixels ? Math.round((STEPS * Math.log(pixels)) / Math.log(MOST_PX)) : 0;
}

/** @param {number} pixels */
function pixelWords(pixels) {
  return pixels ? `${pixels.toLocaleString("en")} px` : "none";
}

/** @param {[number, number][][]} rings of the parts and of their holes */
function outlineWords(rings) {
  const corners = rings.reduce((sum, ring) => sum + ring.length, 0);
  return `Outline: ${rings.length} ${rings.length === 1 ? "ring" : "rings"}, ${corners.toLocaleString("en")} corners`;
}

/** @param {string} id @returns {HTMLInputElement} */
function input(id) {
  return /** @type {HTMLInputElement} */ (byId(id));
}
