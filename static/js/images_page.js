// @ts-check
/** The images page: every image with its state; what is missed or badly boxed is put right here. */
import { Api } from "./api.js";
import { byId, openStorage, readConfig, setText, uuid } from "./dom.js";
import { openHeader, readModel, showModel } from "./header.js";
import { openableHelp } from "./help.js";
import { actionsByKey, belongsElsewhere, keyName, writeKeyHints } from "./keys.js";
import { imageCell, whereabouts } from "./images_look.js";
import { LargeImage } from "./images_large.js";
import { ImageRows } from "./images_rows.js";
import { Notices } from "./notice.js";
import { Outbox } from "./outbox.js";
import { ReviewGrid } from "./review_grid.js";
import { takenWord } from "./verdict_words.js";

/** @typedef {import("./types.js").Press} Press */

const EMPTY = {
  all: "There are no images of this class.",
  untouched: "No image is untouched.",
  in_progress: "No image is in progress.",
  complete: "No image is complete yet: judge all its proposals on the label page, or press C here once all objects on it are boxed.",
  to_correct: "No box is to be corrected. Key 4 on the label page, bad box, sends one here.",
  missed: "No image misses an object. Key M on the label page says that one does.",
};
const MOVES = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

const config = readConfig();
const storage = openStorage();
const api = new Api();
const notices = new Notices();
const rows = new ImageRows(api);
const grid = new ReviewGrid(rows, { draw: imageCell, cell_px: 236, row_px: 262 });
const help = openableHelp(config.keys, ["missed_object", "undo", "help"]);
const large = new LargeImage(() => rows.classes, save);
const outbox = new Outbox({ api, storage, place: config.pool.name, onAnswer: take, onRefused: takeRefusal });
let isConfirming = false;

/** The image in focus, where something can be said of it. */
function current() {
  const image = rows.at(grid.focus);
  if (image && !image.item_id) notices.say(whereabouts(image));
  return image?.item_id ? /** @type {typeof image & {item_id: string}} */ (image) : null;
}

/** @param {Pick<Press, "kind"> & Partial<Press>} what */
function send(what) {
  outbox.add({ ...what, key: uuid(), annotator: api.annotator, at: Date.now() });
  void outbox.send();
}

function markMissed() {
  const image = current();
  if (!image) return;
  send({ kind: "miss", item_id: image.item_id });
  notices.say("Marked: an object is missed on this image");
}

/** The first press says what it means, the second one does it. */
function complete() {
  const image = current();
  if (!image) return;
  if (isConfirming) {
    confirm(false);
    send({ kind: "complete", item_id: image.item_id });
    notices.say(`Complete: ${image.path}`);
    return;
  }
  const open = image.unreviewed + image.to_correct;
  const rest = open ? ` ${open} ${open === 1 ? "proposal" : "proposals"} without a final verdict will count as background.` : "";
  setText(byId("confirm-text"), `Complete says that all objects on ${image.path} are boxed.${rest}`);
  confirm(true);
}

/** @param {boolean} isAsked */
function confirm(isAsked) {
  isConfirming = isAsked;
  byId("confirm").hidden = !isAsked;
}

/** A region that nobody judged is rejected first, so that it does not come up again beside its better box. @param {import("./box_editor.js").Drawn} drawn */
function save({ image, region, box_xyxy, class_name }) {
  const item_id = region?.item_id ?? image.item_id ?? "";
  const isNew = region !== null && region.box_xyxy.some((side, i) => side !== box_xyxy[i]);
  if (region?.place === "unreviewed" && isNew) send({ kind: "verdict", item_id, label: 0, reason: "bad_box" });
  send({ kind: "correction", item_id, box_xyxy, class_name, is_replaced: region !== null });
  notices.say(region ? `Corrected: ${class_name}` : `Added: ${class_name}`);
}

/** @param {Press} press @param {import("./types.js").Answer} answer */
function take(press, { verdict, queue }) {
  if (press.kind === "undo") notices.say(`Taken back: ${takenWord(verdict)}`);
  showModel(queue.model);
  if (press.kind !== "undo") void rows.renew(rows.placeWith(press.item_id ?? ""));
  else if (outbox.size === 0) void reload();
}

/** @param {Press} press @param {import("./api.js").Refused} refusal */
function takeRefusal(press, refusal) {
  if (refusal.code === "nothing_to_undo") notices.say("There is nothing to take back.");
  else notices.showRefusal(`${press.kind === "undo" ? "Taking back" : "What you did"} was not accepted: ${refusal.message}`);
  void reload();
}

/** Everything anew, with the same image in focus where it still passes, unless the person went on meanwhile. */
async function reload() {
  const { focus } = grid;
  const path = rows.at(focus)?.path ?? "";
  await rows.load({}, focus);
  const place = rows.placeOf(path);
  if (place >= 0 && grid.focus === focus) grid.moveTo(place);
}

/** Go on with a pool that has the image in focus. */
async function openItsPool() {
  const image = rows.at(grid.focus);
  if (!image) return;
  const [pool] = image.pools;
  const reason = image.item_id ? "This image is in the open pool." : !pool ? whereabouts(image) : outbox.size ? "What you did is on its way: once more in a moment." : "";
  if (reason) return void notices.say(reason);
  try {
    await api.post("/api/pools/open", { name: pool });
    location.search = String(new URLSearchParams({ ...rows.filter, image: image.path }));
  } catch (error) {
    notices.showRefusal(`${pool} was not opened: ${error instanceof Error ? error.message : error}`);
  }
}

async function labelThis() {
  const image = current();
  if (!image) return;
  try {
    const { classes, score_min, score_max, set_aside } = await api.get("/api/filter");
    await api.put("/api/filter", { classes, score_min, score_max, set_aside, images: [image.path] });
    location.assign(byId("to-label").getAttribute("href") ?? "/");
  } catch (error) {
    notices.showRefusal(`The image was not opened for labelling: ${error instanceof Error ? error.message : error}`);
  }
}

function render() {
  setText(byId("total"), rows.isLoaded ? `${rows.total.toLocaleString("en")} ${rows.total === 1 ? "image" : "images"}` : "…");
  byId("empty").hidden = !rows.isLoaded || rows.total > 0;
  setText(byId("empty-text"), EMPTY[/** @type {keyof EMPTY} */ (rows.filter.state)] ?? "");
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-state-choice]"))) {
    const state = button.dataset.stateChoice ?? "";
    button.setAttribute("aria-pressed", String(state === rows.filter.state));
    setText(/** @type {HTMLElement} */ (button.querySelector("b")), (rows.counts[state] ?? 0).toLocaleString("en"));
  }
  const list = /** @type {HTMLSelectElement} */ (byId("classes"));
  if (list.options.length !== rows.classes.length + 1) {
    list.replaceChildren(new Option("All classes", ""), ...rows.classes.map((name) => new Option(name, name)));
  }
  list.value = rows.filter.class_name;
  showLarge();
}

function showLarge() {
  const image = rows.at(grid.focus);
  if (large.isOpen && image) large.open(image);
}

function openLarge() {
  const image = rows.at(grid.focus);
  if (image) large.open(image);
}

/** @param {Partial<import("./images_rows.js").Filter>} change */
async function filterBy(change) {
  confirm(false);
  byId("grid").scrollTop = 0;
  await rows.load(change);
  grid.moveTo(0);
  history.replaceState(null, "", `?${new URLSearchParams(rows.filter)}`);
}

/** What each key does besides moving; the same in the grid and in the large view. @type {Record<string, () => void>} */
const KEYS = {
  Enter: () => (isConfirming ? complete() : large.isOpen ? KEYS.e() : openLarge()),
  Escape: () => (isConfirming ? confirm(false) : large.close()),
  m: markMissed,
  c: complete,
  u: () => send({ kind: "undo" }),
  Backspace: () => send({ kind: "undo" }),
  l: () => void labelThis(),
  o: () => void openItsPool(),
  e: () => large.isOpen && current() && large.editChosen(),
  b: () => large.isOpen && current() && large.addBox(),
};

/** @param {KeyboardEvent} event @param {string} name @returns {boolean} whether it was for the page */
function act(event, name) {
  if (isConfirming && !["c", "Enter", "Escape"].includes(name)) confirm(false);
  if (name.startsWith("Arrow") || name in MOVES || name.startsWith("Page")) return move(name);
  if (!(name in KEYS) || (event.repeat && name !== "Backspace")) return false;
  KEYS[name]();
  return true;
}

/** @param {string} name @returns {boolean} */
function move(name) {
  if (large.isOpen && (name === "ArrowUp" || name === "ArrowDown")) large.move(name === "ArrowUp" ? -1 : 1);
  else {
    const page = grid.pageRows * grid.columns;
    const byRow = { ArrowUp: -grid.columns, ArrowDown: grid.columns, PageUp: -page, PageDown: page }[name];
    grid.moveTo(grid.focus + (byRow ?? MOVES[/** @type {keyof MOVES} */ (name)]));
    rows.need(grid.focus, grid.focus + 1);
  }
  return true;
}

function openKeys() {
  const actions = actionsByKey(config.keys);
  writeKeyHints(config.keys);
  document.addEventListener("keydown", (event) => {
    const name = keyName(event);
    if (large.editor.isOpen) return void (large.editor.press(event) && event.preventDefault());
    if (belongsElsewhere(event) || (help.isOpen() && actions.get(name) !== "help")) return;
    const isHelp = actions.get(name) === "help";
    if (isHelp) help.toggle();
    if (isHelp || act(event, name)) event.preventDefault();
  });
}

function openControls() {
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-state-choice]"))) {
    button.addEventListener("click", () => void filterBy({ state: button.dataset.stateChoice }));
  }
  const list = /** @type {HTMLSelectElement} */ (byId("classes"));
  list.addEventListener("change", () => {
    void filterBy({ class_name: list.value });
    list.blur();
  });
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-press]"))) {
    button.addEventListener("click", () => KEYS[button.dataset.press ?? ""]());
  }
  byId("previous").addEventListener("click", () => move("ArrowLeft"));
  byId("next").addEventListener("click", () => move("ArrowRight"));
  byId("grid-canvas").addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (target.closest("[data-open-pool]")) void openItsPool();
    else if (target.closest("[data-place]")) openLarge();
  });
  grid.addEventListener("focus", () => {
    confirm(false);
    showLarge();
  });
  large.addEventListener("close", () => byId("grid").focus({ preventScroll: true }));
}

async function open() {
  const showOutage = () => notices.showOutage(api.isReachable ? outbox.problem ?? rows.problem : "", outbox.size);
  rows.addEventListener("change", render);
  for (const name of ["change", "problem"]) rows.addEventListener(name, showOutage);
  outbox.addEventListener("change", showOutage);
  api.addEventListener("reachable", () => {
    showOutage();
    if (api.isReachable) void reload();
  });
  await outbox.open();
  const asked = new URLSearchParams(location.search);
  await filterBy(Object.fromEntries([...asked].filter(([name]) => name in rows.filter)));
  const place = rows.placeOf(asked.get("image") ?? "");
  if (place >= 0) grid.moveTo(place);
  void readModel(api);
  byId("grid").focus({ preventScroll: true });
}

openHeader(api, config, storage);
openKeys();
openControls();
void open();
