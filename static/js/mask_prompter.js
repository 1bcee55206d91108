// @ts-check
/** Boxes and points become masks: live on the way, final when the pointer is let go. */
import { isSameBox } from "./boxes.js";
import { clipped, withBox } from "./mask_paint.js";
import { NewestWins } from "./newest_wins.js";
import { areaOf, runsOf } from "./rle.js";

/**
 * @typedef {import("./edit_model.js").EditModel} EditModel
 * @typedef {import("./edit_model.js").EditObject} EditObject
 * @typedef {import("./rle.js").Rle} Rle
 * @typedef {import("./rle.js").Box} Box
 * @typedef {import("./segmenter.js").Segmenter} Segmenter
 * @typedef {import("./segmenter.js").Answer} Answer
 * @typedef {import("./segmenter.js").Prompt} Prompt
 * @typedef {import("./segmenter.js").PromptPoint} PromptPoint
 * @typedef {{prompt: Prompt, itemId: string, id: string | null, before: EditObject | null, finalAt: number | null,
 *   overtook: Request | null}} Request
 *   id: whose mask it is, null for a new object; before: that object when it was asked for, for whose box and mask alone
 *   the answer is meant; finalAt: when the pointer was let go, null on the way; overtook: the one that
 *   awaited its answer when a point was added to it
 */

const OVER = 0.1; // of the box's sides: so far beyond a drawn box a mask may reach
const OVER_PX = 2;

/** Fires "live" when the mask to be shown meanwhile changed, "answer" with each answer, "problem" when there is none. */
export class Prompter extends EventTarget {
  /** The mask on the way and whose it is; id null: an object that is not there yet. @type {{id: string | null, mask: Rle | null} | null} */
  live = null;
  /** Which points led to a mask: undo brings them back with it. @type {WeakMap<Rle, {box: Box | null, points: PromptPoint[]}>} */
  #promptOf = new WeakMap();
  /** @type {NewestWins<Request, Answer>} */
  #queue;
  /** @type {{request: Request, answer: Answer} | null} */
  #last = null;

  /**
   * @param {{segmenter: Segmenter, model: EditModel, itemId: () => string,
   *   newObject: (fields: {box: Box, mask: Rle}) => EditObject}} parts
   */
  constructor({ segmenter, model, itemId, newObject }) {
    super();
    this.segmenter = segmenter;
    this.model = model;
    this.itemId = itemId;
    this.newObject = newObject;
    this.#queue = new NewestWins(({ itemId: image, prompt }) => segmenter.predict(image, prompt), {
      onAnswer: (request, answer) => this.#take(request, answer),
      onError: (request, error) => this.#fail(request, error),
      isOvertaken: (waiting, newer) => waiting.finalAt === null || (newer.finalAt !== null && waiting.id === newer.id),
    });
  }

  /** Whether an answer is awaited. */
  get isBusy() {
    return this.#queue.open.length > 0;
  }

  /** Whether an answer is awaited that is to become an object's mask. */
  get isFinalAwaited() {
    return this.#queue.open.some(isFinal);
  }

  /** The points that made an object's mask. @param {EditObject | null} object @returns {PromptPoint[]} */
  pointsOf(object) {
    return (object?.mask && this.#promptOf.get(object.mask)?.points) || [];
  }

  /** A box on its way. @param {string | null} id @param {Box} box */
  drag(id, box) {
    const prompt = { box, points: [], mask: null };
    if (this.#last && !isSamePrompt(this.#last.request.prompt, prompt)) this.#last = null;
    this.#queue.ask(this.#request(id, prompt, null));
  }

  /** The box is let go: of the answer for this very box, asked for on the way, nothing is asked again. @param {string} id @param {Box} box @param {number} at */
  drop(id, box, at) {
    const prompt = { box, points: [], mask: null };
    const request = this.#request(id, prompt, at);
    const open = this.#queue.open.at(-1);
    const last = this.#last;
    if (open && (!isFinal(open) || open.id === id) && isSamePrompt(open.prompt, prompt)) Object.assign(open, request);
    else if (!open && last && last.request.itemId === request.itemId && isSamePrompt(last.request.prompt, prompt)) this.#take(request, last.answer);
    else this.#queue.ask(request);
  }

  /**
   * One more point for an object, or the first of a new one; the mask so far goes along.
   *
   * @param {EditObject | null} object @param {PromptPoint} point @param {number} at when it was set
   */
  point(object, point, at) {
    const id = object?.id ?? null;
    // Set before the answer to the box or point before it: that answer would come for an object without this point.
    const open = this.#queue.open.findLast((one) => isFinal(one) && one.id === id);
    const overtook = open ? { ...open } : null;
    const { box, points } = open?.prompt ?? (object?.mask && this.#promptOf.get(object.mask)) ?? { box: object?.box ?? null, points: [] };
    if (open) open.finalAt = null;
    this.#queue.ask({ ...this.#request(id, { box, points: [...points, point], mask: object?.mask ?? null }, at), overtook });
    this.dispatchEvent(new Event("live"));
  }

  /** Take back the newest point that has no answer yet. @returns {boolean} whether there was one */
  undoPoint() {
    const open = this.#queue.open.findLast((one) => isFinal(one) && one.prompt.points.length > 0);
    if (!open) return false;
    this.#queue.drop((one) => one === open);
    const { overtook } = open;
    const inFlight = this.#queue.open.find(({ prompt }) => prompt === overtook?.prompt);
    if (inFlight && overtook) inFlight.finalAt = overtook.finalAt;
    else if (overtook) this.#queue.ask(overtook);
    this.#show(null);
    return true;
  }

  /** Points whose answer is awaited. @param {string | null} id @returns {PromptPoint[]} */
  awaitedPoints(id) {
    return this.#queue.open.findLast((one) => one.id === id)?.prompt.points ?? [];
  }

  /** The box on its way is left off; what was let go before it still becomes a mask. */
  leaveOff() {
    this.#queue.drop((request) => !isFinal(request));
    this.#last = null;
    this.#show(null);
  }

  /** Nothing that was asked for is wanted any more. */
  cancel() {
    this.#queue.drop();
    this.leaveOff();
  }

  /** @param {string | null} id @param {Prompt} prompt @param {number | null} finalAt @returns {Request} */
  #request(id, prompt, finalAt) {
    return { prompt, itemId: this.itemId(), id, before: this.model.get(id), finalAt, overtook: null };
  }

  /** @param {Request} request @param {Answer} told */
  #take(request, told) {
    const held = told.mask && heldBy(told.mask, request.prompt);
    const mask = held?.mask ?? null;
    const answer = { ...told, mask, box_xyxy: held?.box ?? null, area_px: mask ? areaOf(runsOf(mask)) : 0 };
    if (request.itemId !== this.itemId()) return this.#show(null);
    if (isFinal(request) && !isSameRegion(this.model.get(request.id), request.before)) return this.#dropStale(request);
    this.#last = { request, answer };
    if (!isFinal(request)) this.#show({ id: request.id, mask: answer.mask });
    else this.#settle(request, answer);
    return void this.dispatchEvent(new CustomEvent("answer", { detail: { request, answer } }));
  }

  /** Its object has another box or mask now, or is gone. @param {Request} request */
  #dropStale({ id }) {
    this.#show(null);
    const isLeftWithout = this.model.get(id)?.mask === null && !this.#queue.open.some((one) => one.id === id);
    const error = new Error("the box was changed while its mask was on the way. F finds one for the box as it is now.");
    if (isLeftWithout) this.dispatchEvent(new CustomEvent("problem", { detail: { error } }));
  }

  /** @param {Request} request @param {Answer} answer */
  #settle({ id, prompt }, { mask }) {
    const found = mask && withBox(mask);
    if (found) {
      this.#promptOf.set(found.mask, { box: prompt.box, points: prompt.points });
      if (id) this.model.apply({ kind: "change", changes: [{ id, ...found }] });
      else this.#add(this.newObject(found));
    }
    this.#last = null;
    this.#show(null);
  }

  /** @param {EditObject} object */
  #add(object) {
    this.model.apply({ kind: "add", objects: [object] });
    this.model.selected = object.id;
  }

  /** @param {Request} request @param {unknown} error */
  #fail(request, error) {
    this.#show(null);
    this.dispatchEvent(new CustomEvent("problem", { detail: { request, error } }));
  }

  /** @param {{id: string | null, mask: Rle | null} | null} live */
  #show(live) {
    this.live = live;
    this.dispatchEvent(new Event("live"));
  }
}

/**
 * A box says where the object ends: what is found far outside of it is left out, unless a point asked for it.
 *
 * @param {Rle} mask @param {Prompt} prompt @returns {{mask: Rle, box: Box} | null} null when nothing is left
 */
function heldBy(mask, { box, points }) {
  if (!box) return withBox(mask);
  const [x1, y1, x2, y2] = box;
  const [overX, overY] = [Math.max(OVER_PX, OVER * (x2 - x1)), Math.max(OVER_PX, OVER * (y2 - y1))];
  const reach = /** @type {Box} */ ([x1 - overX, y1 - overY, x2 + overX, y2 + overY]);
  const isAskedFor = points.some(([x, y, label]) => label === 1 && (x < reach[0] || y < reach[1] || x > reach[2] || y > reach[3]));
  return withBox(isAskedFor ? mask : clipped(mask, reach));
}

/** @param {Request} request @returns {boolean} whether its answer is to become an object's mask */
function isFinal({ finalAt }) {
  return finalAt !== null;
}

/** Another class makes no other region. @param {EditObject | null} one @param {EditObject | null} other */
function isSameRegion(one, other) {
  return one === other || (one !== null && other !== null && isSameBox(one.box, other.box) && one.mask === other.mask);
}

/** @param {Prompt} one @param {Prompt} other */
function isSamePrompt(one, other) {
  const hasSameBox = one.box === other.box || (one.box !== null && other.box !== null && isSameBox(one.box, other.box));
  return hasSameBox && one.mask === other.mask && one.points.length === 0 && other.points.length === 0;
}
