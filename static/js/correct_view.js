// @ts-check
/** What stands around the canvas: which image it is, its state, what is chosen, what is kept and what is in dispute. */
import { byId, element, html, setText } from "./dom.js";

/**
 * @typedef {import("./correct_delivery.js").Conflict} Conflict
 * @typedef {{model: import("./edit_model.js").EditModel, image: import("./correct_image.js").OpenImage,
 *   lineup: import("./correct_lineup.js").Lineup, delivery: import("./correct_delivery.js").Delivery,
 *   drafts: import("./drafts.js").Drafts, classes: import("./correct_classes.js").Classes}} Parts
 */

const STATUS = { open: "Open", ok: "Accepted as it was", corrected: "Corrected", rejected: "Rejected" };
const MOST_DRAFTS = 5;

export class CorrectView {
  #announced = "";

  /** @param {Parts} parts */
  constructor(parts) {
    this.parts = parts;
    const { image, delivery } = parts;
    image.addEventListener("open", () => {
      this.showProblem("");
      byId("draft").hidden = byId("warning").hidden = true;
    });
    byId("draft-forget").addEventListener("click", () => void image.forget());
    byId("conflicts").addEventListener("click", (event) => {
      const button = /** @type {HTMLElement} */ (event.target).closest("button");
      const conflict = delivery.conflicts().find(({ press }) => press.path === button?.dataset.path);
      if (conflict && button) void this.#decide(conflict, button.dataset.choice ?? "");
    });
  }

  render() {
    const { model, image, lineup, classes } = this.parts;
    const { result } = image;
    const chosen = model.get(model.selected);
    setText(byId("place"), result ? `Image ${(lineup.place + 1).toLocaleString("en")} of ${lineup.total.toLocaleString("en")}` : "…");
    setText(byId("path"), result?.path ?? "");
    byId("path").title = result?.path ?? "";
    setText(byId("status"), result ? this.#status() : "");
    byId("status").dataset.status = model.isChanged ? "changed" : (result?.status ?? "");
    setText(byId("accept-word"), model.isChanged ? "Save" : "Accept");
    setText(byId("score-value"), model.scoreMin.toFixed(2));
    /** @type {HTMLInputElement} */ (byId("score")).value = String(model.scoreMin);
    for (const [id, isOn] of /** @type {const} */ ([["undo", model.canUndo], ["redo", model.canRedo], ["delete", chosen !== null], ["copy", chosen !== null]])) {
      /** @type {HTMLButtonElement} */ (byId(id)).disabled = !isOn || !image.canEdit;
    }
    classes.show(chosen?.class_name ?? null);
    this.#announce(chosen);
    this.#showConflicts();
    this.#showDrafts();
  }

  /** In the place of the image, or over it. @param {string} text */
  showProblem(text) {
    setText(byId("image-problem"), text);
    byId("image-problem").hidden = !text;
    if (text) setText(byId("live"), text);
  }

  showEmpty() {
    this.showProblem("There are no predicted images here yet. Run a detector on the Predict page, open its proposals, then come back.");
  }

  /** @param {{n: number, lost: number, isOverNewer: boolean}} draft */
  tellDraft({ n, lost, isOverNewer }) {
    const steps = n === 1 ? "1 step" : `${n.toLocaleString("en")} steps`;
    const newer = isOverNewer ? " The image was saved again since you began: they are put on top of what stands there now." : "";
    const gone = lost ? ` ${lost} found nothing to change any more.` : "";
    setText(byId("draft-text"), `Your draft is back: ${steps}, not saved yet.${newer}${gone}`);
    byId("draft").hidden = false;
  }

  #status() {
    const { model, image } = this.parts;
    const now = STATUS[image.result?.status ?? "open"];
    if (!model.isChanged) return now;
    const { drawn, deleted } = model.toReview();
    const changed = [drawn.length && `${drawn.length} drawn or changed`, deleted.length && `${deleted.length} deleted`].filter(Boolean).join(", ");
    return `${now} · ${changed}, kept as a draft`;
  }

  /** @param {import("./edit_model.js").EditObject | null} object */
  #announce(object) {
    const { model } = this.parts;
    if (!object) return setText(byId("chosen"), model.objects.length ? "Nothing chosen: Tab, or click an object" : "No objects: N or B draws one");
    const [x1, y1, x2, y2] = object.box.map(Math.round);
    const place = model.objects.findIndex(({ id }) => id === object.id) + 1;
    const score = object.score === null ? "" : ` ${object.score.toFixed(2)}`;
    const text = `${place} of ${model.objects.length}: ${object.class_name || "no class"}${score}, ${x2 - x1} × ${y2 - y1} px at ${x1}, ${y1}`;
    setText(byId("chosen"), text);
    if (text !== this.#announced) setText(byId("live"), text);
    this.#announced = text;
    return undefined;
  }

  #showConflicts() {
    const conflicts = this.parts.delivery.conflicts();
    const key = conflicts.map(({ press }) => press.key).join();
    if (byId("conflicts").dataset.of === key) return;
    byId("conflicts").dataset.of = key;
    byId("conflicts").hidden = conflicts.length === 0;
    byId("conflicts").replaceChildren(...conflicts.map(conflictRow));
  }

  /** @param {Conflict} conflict @param {string} choice */
  async #decide(conflict, choice) {
    const { delivery, image } = this.parts;
    const id = conflict.press.item_id ?? "";
    try {
      if (choice === "look") location.search = String(new URLSearchParams({ image: id }));
      else if (choice === "drop") delivery.drop(conflict);
      else await delivery.insist(conflict);
      if (choice === "insist" && image.itemId === id) await image.open(id);
    } catch (error) {
      this.showProblem(error instanceof Error ? error.message : String(error));
    }
  }

  /** Images that were left with changes. */
  #showDrafts() {
    const { drafts, image } = this.parts;
    const others = drafts.all().filter(({ path, done }) => done && path !== image.result?.path);
    const key = others.map(({ path }) => path).join("|");
    if (byId("drafts").dataset.of === key) return;
    byId("drafts").dataset.of = key;
    byId("drafts").hidden = others.length === 0;
    const links = others.slice(0, MOST_DRAFTS).map(({ item_id, path }) => html` <a href="?image=${item_id}">${path}</a>`);
    const more = others.length > MOST_DRAFTS ? html` and ${others.length - MOST_DRAFTS} more` : "";
    byId("drafts").replaceChildren(element(html`<span>Drafts not saved yet:${links}${more}</span>`));
  }
}

/** @param {Conflict} conflict */
function conflictRow({ press, message }) {
  return element(html`<div class="conflict"><p>${message} What you did is kept here.</p><p class="conflict-choices">
    <button type="button" data-choice="look" data-path="${press.path}">Look at theirs</button>
    <button type="button" data-choice="insist" data-path="${press.path}">Put mine over it</button>
    <button type="button" data-choice="drop" data-path="${press.path}">Forget mine</button></p></div>`);
}
