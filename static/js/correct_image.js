// @ts-check
/** The one image that is being put right: read, its draft brought back, shown, timed; what becomes of it is a press. */
import { Refused, Unreachable } from "./api.js";
import { fullImage } from "./correct_lineup.js";
import { uuid } from "./dom.js";

/**
 * @typedef {import("./correct_lineup.js").ImageResult} ImageResult
 * @typedef {import("./correct_lineup.js").ResultObject} ResultObject
 * @typedef {import("./edit_model.js").EditObject} EditObject
 * @typedef {import("./types.js").Press} Press
 */

const LONGEST_ELAPSED_MS = 3_600_000;
const PATIENCE_MS = 500;

/** Fires "open" when another image is there, "problem" ({text}) when it is not, "draft" ({n, lost, isOverNewer}). */
export class OpenImage extends EventTarget {
  /** @type {ImageResult | null} */
  result = null;
  /** Any item on it; set before its objects are. */
  itemId = "";
  /** Of the images that come after. @type {string[]} */
  nextIds = [];
  /** Objects that somebody rejected as a bad box. @type {Set<string>} */
  toCorrect = new Set();
  /** What was asked for last, whether it came or not. */
  wanted = "";
  /** Another image is on its way: what is pressed meanwhile is meant for none. */
  isBusy = false;
  #asked = 0;
  #isRestoring = false;
  #watch = new StopWatch();

  /**
   * @param {{model: import("./edit_model.js").EditModel, view: import("./canvas_view.js").CanvasView,
   *   lineup: import("./correct_lineup.js").Lineup, drafts: import("./drafts.js").Drafts,
   *   settled: (item_id: string) => Promise<void>}} parts settled: when nothing said of that image is on its way
   */
  constructor({ model, view, lineup, drafts, settled }) {
    super();
    [this.model, this.view, this.lineup, this.drafts, this.settled] = [model, view, lineup, drafts, settled];
    model.addEventListener("change", () => this.keep());
  }

  /** Whether objects can be put right: the image is there, and it is the one that was predicted. */
  get canEdit() {
    return this.result !== null && this.result.width !== null && this.result.problem === null;
  }

  /** @param {string} item_id */
  async open(item_id) {
    const asked = ++this.#asked;
    this.keep();
    [this.result, this.isBusy, this.wanted] = [null, true, item_id];
    try {
      await this.#settle(item_id);
      const [result, ...next] = await Promise.all([this.lineup.read(item_id), this.lineup.neighbour(1), this.lineup.neighbour(2)]);
      if (asked !== this.#asked) return;
      this.nextIds = next.flatMap((row) => row?.item_id ?? []);
      this.#show(result);
      await this.#showPicture(result, asked);
      void this.lineup.lookAhead(2).catch(() => undefined); // it is asked for again when it is gone to
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unreachable)) throw error;
      if (asked === this.#asked) this.#tell("problem", { text: error.message });
    } finally {
      if (asked === this.#asked) this.isBusy = false;
    }
  }

  /** An image is not opened before the server has what was said of it: it would look as if that were lost. @param {string} item_id */
  async #settle(item_id) {
    const text = "What you said of this image is on its way: it opens when the server has it.";
    const timer = setTimeout(() => this.#tell("problem", { text }), PATIENCE_MS);
    await this.settled(item_id);
    clearTimeout(timer);
  }

  /** Write down what was done and the time it took. */
  keep() {
    const { result } = this;
    if (!result || this.#isRestoring) return;
    this.drafts.write({ path: result.path, item_id: result.item_id, seq: result.seq, elapsed_ms: this.#watch.elapsed_ms }, this.model.toJSON());
  }

  /** Begin again with what the server has. */
  async forget() {
    const { result } = this;
    if (!result) return;
    this.result = null;
    this.drafts.remove(result.path);
    await this.open(result.item_id);
  }

  /** What is said of the image, to be sent; from now on it is nobody's until it is opened again. @param {"accept" | "reject" | "correct"} outcome @param {string} annotator @returns {Press | null} */
  press(outcome, annotator) {
    const { result } = this;
    if (!result) return null;
    const { kept, drawn, deleted } = this.model.toReview();
    const said = { accept: { kept }, reject: {}, correct: { kept, drawn, deleted } }[outcome];
    const elapsed_ms = Math.min(this.#watch.elapsed_ms, LONGEST_ELAPSED_MS);
    this.keep();
    [this.result, this.isBusy] = [null, true];
    return { kind: "review", key: uuid(), annotator, at: Date.now(), item_id: result.item_id, path: result.path, outcome, ...said, elapsed_ms, based_on: result.seq };
  }

  /** @param {ImageResult} result */
  #show(result) {
    const draft = this.drafts.read(result.path);
    this.#isRestoring = true;
    this.itemId = result.item_id;
    this.result = result;
    this.toCorrect = new Set(result.objects.flatMap(({ item_id, place }) => (place === "to_correct" ? [item_id] : [])));
    this.lineup.classes = [...new Set([...this.lineup.classes, ...result.objects.map(({ class_name }) => class_name)])];
    this.model.open(result.objects.map(objectOf), [result.width ?? 0, result.height ?? 0]);
    const lost = draft ? this.model.fromJSON(draft.steps) : 0;
    this.#isRestoring = false;
    this.#watch.start(draft?.head.elapsed_ms ?? 0);
    this.view.fit();
    this.#tell("open", null);
    const n = draft?.steps.done ?? 0;
    const isOverNewer = draft !== null && draft.head.seq !== null && draft.head.seq !== result.seq;
    if (n) this.#tell("draft", { n, lost, isOverNewer });
    if (draft) this.keep();
  }

  /** @param {ImageResult} result @param {number} asked */
  async #showPicture({ image_url, width, height, problem }, asked) {
    if (width === null || height === null) {
      this.view.clear();
      return this.#tell("problem", { text: problem ?? "The image has no size." });
    }
    try {
      await this.view.setImage(fullImage(image_url), [width, height]);
    } catch {
      const text = "The picture cannot be shown: its file is damaged, gone, or the server cannot be reached.";
      if (asked === this.#asked) this.#tell("problem", { text });
    }
    if (problem && asked === this.#asked) this.#tell("problem", { text: problem });
    return undefined;
  }

  /** @param {string} name @param {object | null} detail */
  #tell(name, detail) {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** @param {ResultObject} object @returns {EditObject} */
export function objectOf({ item_id, box_xyxy, class_name, score, mask, place }) {
  return { id: item_id, item_id, box: box_xyxy, class_name, score, mask, origin: place === "accepted" ? "accepted" : "prediction" };
}

/** Counts only the time in which the page is looked at. */
class StopWatch {
  #before_ms = 0;
  #since = performance.now();

  constructor() {
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#before_ms = this.elapsed_ms;
      this.#since = performance.now();
    });
  }

  get elapsed_ms() {
    return Math.round(this.#before_ms + (document.hidden ? 0 : performance.now() - this.#since));
  }

  /** @param {number} before_ms */
  start(before_ms) {
    [this.#before_ms, this.#since] = [before_ms, performance.now()];
  }
}
