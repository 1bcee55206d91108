// @ts-check
/**
 * The objects of one image while they are put right, and everything that was done to them. Knows nothing of the
 * document: each step is kept as it was asked for and as the difference it made, so that thousands of boxes undo at once.
 */
import { fitted, isSameObject } from "./boxes.js";

/**
 * @typedef {[number, number, number, number]} Box x1 y1 x2 y2 in pixels of the image
 * @typedef {{size: [number, number], counts: string}} Rle
 * @typedef {{id: string, item_id: string | null, box: Box, class_name: string, score: number | null, mask: Rle | null,
 *   origin: "prediction" | "drawn" | "accepted"}} EditObject never changed in place: a changed one is another object
 * @typedef {{id: string, box?: Box, class_name?: string, mask?: Rle | null}} Change
 * @typedef {{kind: "add", objects: EditObject[]} | {kind: "remove", ids: string[]} | {kind: "change", changes: Change[]}
 *   | {kind: "many", operations: Operation[]}} Operation
 * @typedef {{id: string, before: EditObject | null, after: EditObject | null}} Difference
 * @typedef {{kept: string[], drawn: {box_xyxy: Box, class_name: string, mask: Rle | null, replaces: string | null}[],
 *   deleted: string[]}} Review what the server is told
 * @typedef {{operations: Operation[], done: number}} Steps the first `done` are in force, the others can be done again
 */

/** Fires "change" ({ids}: what may look different), "select", and "open" when it is about another image. */
export class EditModel extends EventTarget {
  /** Width and height of the image. @type {[number, number]} */
  size = [0, 0];
  /** @type {Map<string, EditObject>} as they came */
  #start = new Map();
  /** @type {Map<string, EditObject>} as they are */
  #now = new Map();
  /** Every id there ever was: the order of drawing, which undo and redo must not change. @type {string[]} */
  #order = [];
  #known = new Set();
  /** @type {{operation: Operation, differences: Difference[]}[]} */
  #steps = [];
  #done = 0;
  /** @type {string | null} */
  #selected = null;
  #scoreMin = 0;
  /** @type {readonly EditObject[] | null} */
  #shown = null;

  /** Begin with what is known of an image; every step so far is forgotten. @param {EditObject[]} objects @param {[number, number]} size width, height */
  open(objects, size) {
    this.size = size;
    this.#start = new Map(objects.map((object) => [object.id, object]));
    this.#now = new Map(this.#start);
    this.#order = [...this.#start.keys()];
    this.#known = new Set(this.#order);
    [this.#steps, this.#done, this.#selected] = [[], 0, null];
    this.#tell([]);
    this.dispatchEvent(new Event("select"));
    this.dispatchEvent(new Event("open"));
  }

  /** What is shown, in the order of drawing: all but untouched predictions below the lowest score. */
  get objects() {
    this.#shown ??= this.#order.flatMap((id) => this.#now.get(id) ?? []).filter((object) => !this.#isBelow(object));
    return this.#shown;
  }

  /** Untouched predictions that are not shown: they count as background. */
  get belowScore() {
    return [...this.#now.values()].filter((object) => this.#isBelow(object));
  }

  get scoreMin() {
    return this.#scoreMin;
  }

  set scoreMin(score) {
    this.#scoreMin = score;
    this.#tell([]);
    if (this.#selected && !this.objects.some(({ id }) => id === this.#selected)) this.selected = null;
  }

  /** @param {string | null} id @returns {EditObject | null} */
  get(id) {
    return (id && this.#now.get(id)) || null;
  }

  /** Whether it is as it came. @param {string} id */
  isUntouched(id) {
    const [before, now] = [this.#start.get(id), this.#now.get(id)];
    return before !== undefined && now !== undefined && isSameObject(before, now);
  }

  /** @returns {string | null} */
  get selected() {
    return this.#selected;
  }

  set selected(id) {
    if (id === this.#selected) return;
    this.#selected = id && this.#now.has(id) ? id : null;
    this.dispatchEvent(new Event("select"));
  }

  /**
   * Do something that can be undone; what could be done again before is forgotten. Boxes are rounded to whole pixels of
   * the image; a change to a box of no area, or of an object that is not there, is left out.
   *
   * @param {Operation} operation @returns {boolean} whether anything changed
   */
  apply(operation) {
    const differences = this.#run(operation);
    if (!differences.length) return false;
    this.#steps.length = this.#done;
    this.#steps.push({ operation, differences });
    this.#done += 1;
    this.#tell(differences.map(({ id }) => id));
    return true;
  }

  get canUndo() {
    return this.#done > 0;
  }

  get canRedo() {
    return this.#done < this.#steps.length;
  }

  /** @returns {string[]} the ids of what changed */
  undo() {
    if (!this.canUndo) return [];
    this.#done -= 1;
    const { differences } = this.#steps[this.#done];
    for (const { id, before } of [...differences].reverse()) this.#put(id, before);
    return this.#tell(differences.map(({ id }) => id));
  }

  /** @returns {string[]} the ids of what changed */
  redo() {
    if (!this.canRedo) return [];
    const { differences } = this.#steps[this.#done];
    this.#done += 1;
    for (const { id, after } of differences) this.#put(id, after);
    return this.#tell(differences.map(({ id }) => id));
  }

  /** Whether anything differs from how it came; there and back again is no change. */
  get isChanged() {
    return this.#now.size !== this.#start.size || [...this.#start.keys()].some((id) => !this.isUntouched(id));
  }

  /** @returns {Review} */
  toReview() {
    const start = [...this.#start.values()];
    const kept = start.filter((object) => this.isUntouched(object.id) && !this.#isBelow(object));
    const changed = this.#order.flatMap((id) => (this.isUntouched(id) ? [] : (this.#now.get(id) ?? [])));
    const gone = new Map(start.flatMap((object) => (this.#now.has(object.id) ? [] : [[object.box.join(), object]])));
    const drawn = changed.map(({ box, class_name, mask, item_id }) => {
      // the same box is the same item for the server, also when it was deleted and drawn again
      const again = item_id ?? gone.get(box.join())?.item_id ?? null;
      return { box_xyxy: box, class_name, mask, replaces: again };
    });
    for (const { box } of changed) gone.delete(box.join());
    const deleted = [...gone.values()];
    return { kept: itemIds(kept), drawn, deleted: itemIds(deleted) };
  }

  /** Everything that was done, to be kept and done again on the same image. @returns {Steps} */
  toJSON() {
    return { operations: this.#steps.map(({ operation }) => operation), done: this.#done };
  }

  /**
   * Do again what was kept, on what the image has now.
   *
   * @param {Steps} steps @returns {number} how many steps found nothing to change, as when their object is gone
   */
  fromJSON({ operations, done }) {
    const isTaken = operations.map((operation) => this.apply(operation));
    const inForce = isTaken.slice(0, done).filter(Boolean).length;
    while (this.#done > inForce) this.undo();
    return isTaken.filter((taken) => !taken).length;
  }

  /** @param {Operation} operation @returns {Difference[]} what it changed */
  #run(operation) {
    if (operation.kind === "many") return operation.operations.flatMap((one) => this.#run(one));
    const differences = this.#differences(operation).filter(({ before, after }) => before !== after);
    for (const { id, after } of differences) this.#put(id, after);
    return differences;
  }

  /** @param {Exclude<Operation, {kind: "many"}>} operation @returns {Difference[]} */
  #differences(operation) {
    if (operation.kind === "remove") return operation.ids.map((id) => ({ id, before: this.get(id), after: null }));
    if (operation.kind === "change") return operation.changes.map((change) => this.#changed(change));
    return operation.objects.flatMap((object) => {
      const box = fitted(object.box, this.size);
      return box && !this.#now.has(object.id) ? [{ id: object.id, before: null, after: { ...object, box } }] : [];
    });
  }

  /** @param {Change} change @returns {Difference} */
  #changed({ id, ...fields }) {
    const before = this.get(id);
    const box = fields.box && fitted(fields.box, this.size);
    if (!before || box === null) return { id, before, after: before };
    const after = { ...before, ...fields, box: box ?? before.box };
    return { id, before, after: isSameObject(before, after) ? before : after };
  }

  /** @param {string} id @param {EditObject | null} object */
  #put(id, object) {
    if (!this.#known.has(id)) this.#order.push(id);
    this.#known.add(id);
    if (object) this.#now.set(id, object);
    else this.#now.delete(id);
  }

  /** @param {EditObject} object */
  #isBelow({ id, origin, score }) {
    return origin === "prediction" && score !== null && score < this.#scoreMin && this.isUntouched(id);
  }

  /** @param {string[]} ids @returns {string[]} */
  #tell(ids) {
    this.#shown = null;
    if (this.#selected && !this.#now.has(this.#selected)) this.selected = null;
    this.dispatchEvent(new CustomEvent("change", { detail: { ids } }));
    return ids;
  }
}

/** @param {EditObject[]} objects @returns {string[]} */
function itemIds(objects) {
  return objects.flatMap(({ item_id }) => item_id ?? []);
}
