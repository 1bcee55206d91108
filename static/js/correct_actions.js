// @ts-check
/** What can be done on the correct page, by key or by button. */
import { bounded, moved, movedTo, resized } from "./boxes.js";
import { byId, setText, uuid } from "./dom.js";

/**
 * @typedef {import("./edit_model.js").EditObject} EditObject
 * @typedef {ReturnType<typeof correctActions>} Actions
 * @typedef {{api: import("./api.js").Api, model: import("./edit_model.js").EditModel, view: import("./canvas_view.js").CanvasView,
 *   image: import("./correct_image.js").OpenImage, lineup: import("./correct_lineup.js").Lineup,
 *   drafts: import("./drafts.js").Drafts, delivery: import("./correct_delivery.js").Delivery,
 *   classes: import("./correct_classes.js").Classes, gestures: import("./canvas_gestures.js").CanvasGestures,
 *   side: import("./correct_side.js").SideBySide, masks: import("./mask_tools.js").MaskTools,
 *   notices: import("./notice.js").Notices, help: {toggle: () => void}, newObject: (box: import("./edit_model.js").Box) => EditObject,
 *   isToCorrect: (object: EditObject) => boolean, choose: (id: string | null) => void, renderSoon: () => void}} Parts
 */

const PAN_PX = 80;
const SCORE_STEP = 0.05;
const NEW_BOX_SHARE = 0.25; // of what is in view
const BESIDE_PX = 12;

/** @param {Parts} parts */
export function correctActions(parts) {
  const { model, view, gestures, classes, notices } = parts;
  const saving = savingActions(parts);
  const chosen = () => model.get(model.selected);

  /** @param {import("./edit_model.js").Change | null} change */
  const change = (change) => change !== null && (model.apply({ kind: "change", changes: [change] }), true);

  /** @type {Record<string, (value: any) => unknown>} a false answer: the key is the browser's */
  const table = {
    ...saving,
    undo: () => (parts.masks.prompter.undoPoint() ? notices.say("The newest point is taken back.") : revealed(model.undo(), "There is nothing to undo on this image. A saved image is taken back on the Results page.")),
    redo: () => revealed(model.redo(), "There is nothing to do again."),
    delete: () => deleteChosen(),
    newBox: () => newBox(),
    class: (place) => classes.choose(place),
    className: (name) => change(chosen() && { id: chosen()?.id ?? "", class_name: name }),
    typeClass: () => classes.focus(),
    move: ([dx, dy]) => {
      const object = chosen();
      if (object) change(movedTo(object, moved(object.box, dx, dy, model.size)));
    },
    resize: ({ sides, dx, dy }) => {
      const object = chosen();
      if (object) change({ id: object.id, box: resized(object.box, sides, dx, dy), mask: null });
      if (object?.mask) notices.say("The mask went with the old box: F finds one for the new box, U brings the old one back.");
    },
    pan: ([dx, dy]) => view.panBy(-dx * PAN_PX, -dy * PAN_PX),
    zoom: (factor) => view.zoomBy(factor),
    fit: () => view.fit(),
    choose: (step) => chooseNext(step),
    tool: (tool) => setTool(tool),
    edit: () => (parts.side.show(false), setTool("select")),
    sideBySide: () => parts.side.show(!parts.side.isOpen),
    score: (step) => scoreFrom(model.scoreMin + step * SCORE_STEP),
    scoreFrom: (score) => scoreFrom(score),
    cancel: () => gestures.cancel() || model.selected === null || parts.choose(null),
    help: () => parts.help.toggle(),
  };
  const forWriting = new Set(["delete", "newBox", "className", "move", "resize", "undo", "redo", "copy"]);

  /** @param {string[]} ids @param {string} none */
  function revealed(ids, none) {
    if (!ids.length) return notices.say(none);
    const last = ids.findLast((id) => model.get(id));
    return last && parts.choose(last);
  }

  function deleteChosen() {
    const object = chosen();
    if (!object) return notices.say("Choose an object first: Tab, or a click.");
    const place = model.objects.indexOf(object);
    const next = model.objects[place + 1] ?? model.objects[place - 1];
    model.apply({ kind: "remove", ids: [object.id] });
    return parts.choose(next?.id ?? null);
  }

  /** In the middle of what is in view, beside one that is there already. */
  function newBox() {
    const [width, height] = [view.width, view.height].map((side) => (side * NEW_BOX_SHARE) / view.scale);
    let [x, y] = [(view.width / 2 - view.x) / view.scale - width / 2, (view.height / 2 - view.y) / view.scale - height / 2];
    const isTaken = () => model.objects.some(({ box }) => Math.abs(box[0] - x) < 1 && Math.abs(box[1] - y) < 1);
    [x, y] = [Math.round(bounded(x, 0, Math.max(0, model.size[0] - width))), Math.round(bounded(y, 0, Math.max(0, model.size[1] - height)))];
    while (isTaken()) [x, y] = [x + BESIDE_PX, y + BESIDE_PX];
    const object = parts.newObject([x, y, x + width, y + height]);
    if (!model.apply({ kind: "add", objects: [object] })) return notices.say("There is no image in the middle of the view: 0 shows all of it.");
    setTool("select");
    return parts.choose(object.id);
  }

  /** Beyond the ends the key is the browser's: Tab leaves the canvas. @param {1 | -1} step */
  function chooseNext(step) {
    const { objects, selected } = model;
    const place = objects.findIndex(({ id }) => id === selected);
    const next = objects[place < 0 && step < 0 ? objects.length - 1 : place + step];
    if (!next) parts.choose(null);
    if (next) parts.choose(next.id);
    return Boolean(next);
  }

  /** @param {import("./canvas_view.js").Tool} tool */
  function setTool(tool) {
    gestures.cancel();
    view.tool = tool;
    view.invalidate("active");
    gestures.showCursor();
    for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-action=tool]"))) {
      button.setAttribute("aria-pressed", String(button.dataset.value === tool));
    }
  }

  /** @param {number} score */
  function scoreFrom(score) {
    model.scoreMin = bounded(Math.round(score * 100) / 100, 0, 1);
    parts.renderSoon();
  }

  return {
    /** @param {string} action @param {any} [value] @returns {boolean} whether the key was for the page */
    run(action, value) {
      if (action !== saving.asked()) saving.forgetAsked();
      if (forWriting.has(action) && !parts.image.canEdit) return true;
      return table[action]?.(value) !== false;
    },
  };
}

/** Saving, and going from image to image. @param {Parts} parts */
function savingActions(parts) {
  const { api, model, image, lineup, drafts, delivery, notices } = parts;
  let asked = "";

  /** What would be lost, or land on another image, is finished first. @returns {boolean} */
  function isAtWork() {
    const { view, masks } = parts;
    if (view.preview) notices.say("A box is being drawn: let go of it first. Esc leaves it off.");
    else if (masks.isBusy) notices.say("A mask is on its way: go on when it is there. Esc leaves it off.");
    return view.preview !== null || masks.isBusy;
  }

  /** What a press would lose is said first; the same press again does it. @param {string} action @param {string} warning */
  function isMeant(action, warning) {
    if (!warning || asked === action) return true;
    asked = action;
    setText(byId("warning"), warning);
    byId("warning").hidden = false;
    return false;
  }

  /** @param {"accept" | "reject" | "correct"} outcome */
  function send(outcome) {
    const press = image.press(outcome, api.annotator);
    if (!press) return;
    delivery.send(press);
    const word = { accept: "Accepted as it is", reject: "Rejected", correct: "Saved as corrected" }[outcome];
    notices.say(`${word}: ${press.path}`);
    setText(byId("live"), `${word}: ${press.path}`);
    void goOnFrom(press.item_id ?? "");
  }

  /** To the next image; without one, or without a server, to the same one as the server then has it. @param {string} item_id */
  async function goOnFrom(item_id) {
    const row = await lineup.neighbour(1).catch(() => null);
    if (row) lineup.place += 1;
    else notices.say(api.isReachable ? "Saved. That was the last image of the list." : "The next image opens when the server is back.");
    await image.open(row?.item_id ?? item_id);
  }

  function accept(/** @type {"accept" | "next"} */ action = "accept") {
    if (!image.result) return;
    if (!image.canEdit) return void notices.say("This prediction cannot be accepted: see what stands over the image.");
    if (isAtWork()) return;
    const problem = fault(model);
    if (problem) return void (parts.choose(problem.id), notices.say(problem.text));
    const isOff = model.objects.filter((object) => parts.isToCorrect(object) && model.isUntouched(object.id));
    const warning = isOff.length ? `${isOff.length === 1 ? "A box was" : `${isOff.length} boxes were`} marked as not on the object, and not changed since. The same key again accepts all the same.` : "";
    if (isOff.length) parts.choose(isOff[0].id);
    if (isMeant(action, warning)) send(model.isChanged ? "correct" : "accept");
  }

  function reject() {
    if (!image.result || isAtWork()) return;
    if (isMeant("reject", model.isChanged ? "Rejecting drops what you changed on this image. R again rejects." : "")) send("reject");
  }

  function next() {
    if (image.canEdit && (model.isChanged || image.result?.status === "open")) return void accept("next");
    return void go(1);
  }

  async function go(/** @type {1 | -1} */ step) {
    if (image.isBusy || isAtWork()) return;
    const isDraft = model.isChanged && step < 0;
    try {
      const row = await lineup.neighbour(step);
      if (!row) return void notices.say(step > 0 ? "That was the last image of the list." : "This is the first image of the list.");
      lineup.place += step;
      if (isDraft) notices.say("Your changes are kept as a draft");
      await image.open(row.item_id);
    } catch (error) {
      notices.say(error instanceof Error ? error.message : String(error));
    }
  }

  async function copy() {
    const object = model.get(model.selected);
    if (!object) return void notices.say("Choose an object first: Tab, or a click.");
    const row = await lineup.neighbour(1).catch(() => null);
    if (!row) return void notices.say("There is no next image to copy to.");
    // a mask fits an image of the same size only, which is not known yet
    const copied = { ...object, id: uuid(), item_id: null, score: null, mask: null, origin: /** @type {const} */ ("drawn") };
    drafts.leave(row, { kind: "add", objects: [copied] });
    return void notices.say(`Copied to ${row.path}`);
  }

  return {
    accept: () => accept(),
    reject,
    next,
    previous: () => void go(-1),
    copy: () => void copy(),
    asked: () => asked,
    forgetAsked: () => {
      asked = "";
      byId("warning").hidden = true;
    },
  };
}

/** Why the objects cannot be saved, and which one it is. @param {import("./edit_model.js").EditModel} model @returns {{id: string, text: string} | null} */
function fault(model) {
  const places = new Map();
  for (const { id, box, class_name } of model.objects) {
    if (!class_name) return { id, text: "This object has no class: 1 … 9, or T and its name." };
    const key = box.join();
    if (places.has(key) && !(model.isUntouched(id) && model.isUntouched(places.get(key)))) return { id, text: "Two objects have the very same box: delete one or move it." };
    places.set(key, id);
  }
  return null;
}
