// @ts-check
/** The correct page: one image after the other, and on each only what is wrong is put right. */
import { Api } from "./api.js";
import { CanvasGestures } from "./canvas_gestures.js";
import { CanvasView } from "./canvas_view.js";
import { correctActions } from "./correct_actions.js";
import { Classes } from "./correct_classes.js";
import { Delivery } from "./correct_delivery.js";
import { OpenImage } from "./correct_image.js";
import { CORRECT_KEYS, wishOf } from "./correct_keys.js";
import { Lineup } from "./correct_lineup.js";
import { ObjectList } from "./correct_list.js";
import { PresenceLine } from "./correct_presence.js";
import { SideBySide } from "./correct_side.js";
import { CorrectView } from "./correct_view.js";
import { byId, element, html, openStorage, readConfig, uuid } from "./dom.js";
import { Drafts } from "./drafts.js";
import { EditModel } from "./edit_model.js";
import { openHeader, readModel } from "./header.js";
import { openableHelp } from "./help.js";
import { MASK_KEYS } from "./mask_keys.js";
import { MaskTools } from "./mask_tools.js";
import { Notices } from "./notice.js";

const FIRST_SCORE = 0.25; // as on the results page

const config = readConfig();
const storage = openStorage();
const asked = new URLSearchParams(location.search);
const api = new Api();
const notices = new Notices();
const help = openableHelp(config.keys, []);
const model = new EditModel();
const classes = new Classes();
openHeader(api, config, storage);
const drafts = new Drafts(storage, config.pool.name, () => api.annotator);
const delivery = new Delivery({ api, storage, pool: config.pool.name, drafts });
const lineup = new Lineup(api, asked);
const view = new CanvasView({ stage: byId("stage") }, model, (object) => classes.colorOf(object));
const image = new OpenImage({ model, view, lineup, drafts, settled: (item_id) => delivery.settled(item_id) });
const gestures = new CanvasGestures(view, newObject, () => image.canEdit);
const side = new SideBySide(view, image);
const isToCorrect = (/** @type {{id: string}} */ { id }) => image.toCorrect.has(id);
const list = new ObjectList(model, { hueOf: (name) => classes.hueOf(name), onChoose: choose, isToCorrect });
const shown = new CorrectView({ model, image, lineup, delivery, drafts, classes });
const masks = new MaskTools({ api, model, view, itemId: () => image.itemId, nextIds: () => image.nextIds, newObject, canEdit: () => image.canEdit });
const presence = new PresenceLine(api, () => image.result?.item_id ?? "");
const actions = correctActions({ api, model, view, image, lineup, drafts, delivery, classes, gestures, side, masks, notices, help, newObject, isToCorrect, choose, renderSoon });
const later = { timer: 0 };

/** What a box becomes that somebody drew. @param {import("./edit_model.js").Box} box @returns {import("./edit_model.js").EditObject} */
function newObject(box) {
  return { id: uuid(), item_id: null, box, class_name: classes.current, score: null, mask: null, origin: "drawn" };
}

/** @param {string | null} id */
function choose(id) {
  model.selected = id;
  const object = model.get(id);
  if (object) view.reveal(object.box);
}

/** What stands around the image, together and after the frame. */
function renderSoon() {
  later.timer ||= window.setTimeout(() => {
    later.timer = 0;
    shown.render();
    notices.showOutage(api.isReachable ? delivery.outbox.problem : "", delivery.outbox.size);
  }, 60);
}

function openKeys() {
  const rows = [...CORRECT_KEYS, ...MASK_KEYS].map(([keys, label, text]) => element(html`<tr><td><kbd>${keys}</kbd></td><th scope="row">${label}</th><td>${text}</td></tr>`));
  byId("help-rows").prepend(...rows);
  document.addEventListener("keydown", (event) => {
    if (isForAControl(event) || (help.isOpen() && !"hH?".includes(event.key))) return; // its Esc is the browser's
    if (event.key === " " && !isOnAButton(event)) return takeHand(event, true);
    const wish = wishOf(event, { hasChoice: model.selected !== null, isHand: gestures.isHand });
    if (wish && isOnAButton(event) && wish.action === "choose") return; // Tab goes from button to button
    if (wish && actions.run(wish.action, wish.value)) event.preventDefault();
  });
  document.addEventListener("keyup", (event) => event.key === " " && takeHand(event, false));
  window.addEventListener("blur", () => (gestures.isHand = false));
}

/** @param {KeyboardEvent} event @param {boolean} isHand */
function takeHand(event, isHand) {
  if (isHand) event.preventDefault();
  gestures.isHand = isHand;
  gestures.showCursor();
}

/** @param {KeyboardEvent} event */
function isForAControl(event) {
  const target = /** @type {HTMLElement} */ (event.target);
  const isTyped = Boolean(target.closest?.("textarea, select, [contenteditable], input:not([type=checkbox], [type=range])"));
  const isSlid = Boolean(target.closest?.("input[type=range]")) && event.key.startsWith("Arrow");
  return event.isComposing || isTyped || isSlid;
}

/** @param {KeyboardEvent} event */
function isOnAButton(event) {
  return Boolean(/** @type {HTMLElement} */ (event.target).closest?.("button, a, summary, input"));
}

function openControls() {
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-action]"))) {
    button.addEventListener("click", () => {
      const value = button.dataset.value;
      actions.run(button.dataset.action ?? "", value && Number.isFinite(Number(value)) ? Number(value) : value);
    });
  }
  const slider = /** @type {HTMLInputElement} */ (byId("score"));
  slider.addEventListener("input", () => actions.run("scoreFrom", Number(slider.value)));
  classes.addEventListener("choose", (event) => actions.run("className", /** @type {CustomEvent} */ (event).detail.name));
  for (const name of ["choose", "cancel"]) classes.addEventListener(name, () => byId("stage").focus({ preventScroll: true }));
}

function openEvents() {
  for (const name of ["change", "select"]) model.addEventListener(name, renderSoon);
  for (const name of ["change", "conflict"]) delivery.addEventListener(name, renderSoon);
  view.addEventListener("viewchange", renderSoon);
  api.addEventListener("reachable", () => {
    renderSoon();
    if (api.isReachable && !image.result && !image.isBusy && image.wanted) void image.open(image.wanted);
  });
  image.addEventListener("open", () => {
    classes.know(lineup.classes);
    list.forget();
    void presence.say();
    history.replaceState(null, "", `?${new URLSearchParams({ image: image.itemId, score: String(model.scoreMin), ...lineup.filter })}`);
    renderSoon();
  });
  image.addEventListener("problem", (event) => shown.showProblem(/** @type {CustomEvent} */ (event).detail.text));
  image.addEventListener("draft", (event) => shown.tellDraft(/** @type {CustomEvent} */ (event).detail));
  drafts.addEventListener("full", () => notices.showRefusal("The browser's storage is full: changes are kept on this page only until they are saved."));
  drafts.addEventListener("elsewhere", (event) => {
    const isHere = /** @type {CustomEvent} */ (event).detail.path === image.result?.path;
    if (isHere) notices.showRefusal("This image is being changed in another tab of yours too: the draft is the last one's.");
  });
  delivery.addEventListener("answer", (event) => {
    const { press, answer } = /** @type {CustomEvent} */ (event).detail;
    notices.say(`${press.path}: ${answer.message}`);
  });
  delivery.addEventListener("refused", (event) => {
    const { press, refusal } = /** @type {CustomEvent} */ (event).detail;
    notices.showRefusal(`${press.path} was not saved; what you did is kept as a draft. ${refusal.message}`);
  });
}

async function open() {
  model.scoreMin = Number(asked.get("score") ?? FIRST_SCORE) || 0;
  await delivery.outbox.open();
  const item_id = await lineup.open(asked.get("image") ?? "").catch((error) => shown.showProblem(error.message));
  classes.know(lineup.classes);
  if (item_id) await image.open(item_id);
  else if (item_id === "") shown.showEmpty();
  void readModel(api);
}

openKeys();
openControls();
openEvents();
byId("stage").focus({ preventScroll: true });
void open();
