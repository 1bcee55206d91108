// @ts-check
/** The prediction beside the correction: a second canvas that is looked at only, always in step with the first. */
import { CanvasGestures } from "./canvas_gestures.js";
import { CanvasView } from "./canvas_view.js";
import { fullImage } from "./correct_lineup.js";
import { objectOf } from "./correct_image.js";
import { byId } from "./dom.js";
import { EditModel } from "./edit_model.js";
import { drawBitmap, MaskBitmaps } from "./mask_canvas.js";

const MASK_ALPHA = 96;

export class SideBySide {
  isOpen = false;
  #model = new EditModel();
  #stage = byId("stage-before");
  #shown = "";
  #isLeading = false;
  /** @type {CanvasView | null} made when it is first asked for */
  #view = null;

  /** @param {CanvasView} main @param {import("./correct_image.js").OpenImage} image */
  constructor(main, image) {
    [this.main, this.image] = [main, image];
    main.addEventListener("viewchange", () => this.#follow());
    main.model.addEventListener("change", () => this.isOpen && this.#showFromScore());
    image.addEventListener("open", () => this.isOpen && void this.#load());
  }

  /** @param {boolean} isOpen */
  show(isOpen) {
    if (isOpen === this.isOpen) return;
    this.isOpen = isOpen;
    byId("stages").dataset.view = isOpen ? "both" : "one";
    byId("side-by-side").setAttribute("aria-pressed", String(isOpen));
    this.#stage.hidden = byId("stage-names").hidden = !isOpen;
    if (isOpen) void this.#load();
  }

  async #load() {
    const { result } = this.image;
    if (!result || result.width === null || result.height === null) return;
    this.#view ??= this.#made();
    this.#model.open(result.prediction.map((object) => ({ ...objectOf(object), origin: /** @type {const} */ ("prediction") })), [result.width, result.height]);
    this.#showFromScore();
    this.#follow();
    if (this.#shown === result.path) return;
    this.#shown = result.path;
    await this.#view.setImage(fullImage(result.image_url), [result.width, result.height]).catch(() => (this.#shown = "")); // told beside it
    this.#follow();
  }

  #showFromScore() {
    const { scoreMin } = this.main.model;
    if (this.#model.scoreMin !== scoreMin) this.#model.scoreMin = scoreMin;
  }

  #made() {
    const view = new CanvasView({ stage: this.#stage }, this.#model, this.main.colorOf);
    const bitmaps = new MaskBitmaps(MASK_ALPHA);
    view.addLayer({
      draw: (ctx) => {
        for (const object of view.still) if (object.mask) drawBitmap(ctx, bitmaps.of(object.id, object.mask, view.colorOf(object)));
      },
    });
    new CanvasGestures(view, () => this.#model.objects[0], () => false);
    view.addEventListener("viewchange", () => this.#lead(view, this.main));
    return view;
  }

  #follow() {
    if (this.isOpen && this.#view) this.#lead(this.main, this.#view);
  }

  /** One canvas takes the other along, and is not taken along by it in turn. @param {CanvasView} from @param {CanvasView} to */
  #lead(from, to) {
    if (this.#isLeading) return;
    this.#isLeading = true;
    to.setView(from.scale, from.x, from.y);
    this.#isLeading = false;
  }
}
