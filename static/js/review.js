// @ts-check
/** The review page: look over what was said, and change it by key or click. */
import { Api } from "./api.js";
import { byId, openStorage, readConfig, setText, uuid } from "./dom.js";
import { openHeader, readModel, showModel } from "./header.js";
import { openableHelp } from "./help.js";
import { actionsByKey, belongsElsewhere, keyName, writeKeyHints } from "./keys.js";
import { Notices } from "./notice.js";
import { Outbox } from "./outbox.js";
import { ReviewGrid } from "./review_grid.js";
import { openCloseUp } from "./review_close_up.js";
import { Rows } from "./review_rows.js";
import { LABELS, takenWord } from "./verdict_words.js";

const EMPTY = {
  all: "Nothing is judged yet. Go to the label page and press A or D.",
  1: "No positives pass this filter.",
  0: "No negatives pass this filter.",
  skip: "Nothing is skipped.",
};
const EMPTY_ORDER = {
  hasty: "No hasty verdicts: none came much quicker than your usual where the model, not having seen it, says otherwise.",
  disagreed: "No second look said anything else than the first.",
};
const SECOND_LOOKS = Object.keys(EMPTY_ORDER);
const MOVES = { ArrowLeft: -1, ArrowRight: 1, Home: -Infinity, End: Infinity };

const config = readConfig();
const storage = openStorage();
const api = new Api();
const notices = new Notices();
const rows = new Rows(api);
const grid = new ReviewGrid(rows);
const help = openableHelp(config.keys, ["negative", "positive", "skip", "undo", "help"]);
const closeUp = openCloseUp(rows, grid);
const outbox = new Outbox({ api, storage, place: config.pool.name, onAnswer: take, onRefused: takeRefusal });
/** Changes made on this page, newest last. @type {{itemId: string, before: import("./types.js").Verdict}[]} */
const changes = [];

/** @param {keyof typeof LABELS} answer */
function judge(answer) {
  const row = rows.at(grid.focus);
  if (!row) return;
  const { label } = LABELS[answer];
  const isAsked = SECOND_LOOKS.includes(rows.filter.order) && row.verdict.strategy !== "review"; // the same again is news
  if (row.verdict.label === label && !isAsked) return;
  changes.push({ itemId: row.item.id, before: row.verdict });
  rows.change(grid.focus, { label, reason: null, class_name: null, strategy: "review" });
  setText(byId("live"), `${LABELS[answer].word}: ${row.item.path}`);
  send({ kind: "verdict", item_id: row.item.id, label });
}

function takeBack() {
  const change = changes.pop();
  if (change) {
    const place = rows.placeOf(change.itemId);
    rows.change(place, change.before);
    if (place >= 0) grid.moveTo(place);
  }
  send({ kind: "undo" });
}

/** @param {Pick<import("./types.js").Press, "kind" | "item_id" | "label">} what */
function send(what) {
  outbox.add({ ...what, key: uuid(), annotator: api.annotator, at: Date.now() });
  void outbox.send();
}

/** @param {import("./types.js").Press} press @param {import("./types.js").Answer} answer */
function take(press, { verdict, item, queue, progress }) {
  const place = rows.placeOf(verdict.item_id);
  if (press.kind === "undo") {
    notices.say(`Taken back: ${takenWord(verdict)}${item ? ` on ${item.path}` : ""}`);
    if (outbox.size === 0) void rows.load();
  } else if (rows.at(place)?.verdict.label === verdict.label) {
    rows.change(place, verdict);
  }
  showModel(queue.model);
  showSkipped(progress.skipped);
}

/** @param {import("./types.js").Press} press @param {import("./api.js").Refused} refusal */
function takeRefusal(press, refusal) {
  if (refusal.code === "nothing_to_undo") notices.say("There is nothing to take back.");
  else notices.showRefusal(`${press.kind === "undo" ? "Taking back" : "A change"} was not accepted: ${refusal.message}`);
  void rows.load();
}

function render() {
  const { filter, total, annotators } = rows;
  setText(byId("total"), rows.isLoaded ? `${total.toLocaleString("en")} ${total === 1 ? "verdict" : "verdicts"}` : "…");
  const isEmpty = rows.isLoaded && total === 0;
  byId("empty").hidden = !isEmpty;
  setText(byId("empty-text"), emptyText(filter));
  byId("selection").hidden = filter.selection === "";
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-filter]"))) {
    button.setAttribute("aria-pressed", String(button.dataset.filter === filter.label));
  }
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-order]"))) {
    button.setAttribute("aria-pressed", String(button.dataset.order === filter.order));
  }
  const list = /** @type {HTMLSelectElement} */ (byId("annotators"));
  if (list.options.length !== annotators.length + 1) {
    list.replaceChildren(new Option("Everyone", ""), ...annotators.map((name) => new Option(name, name)));
    list.value = filter.annotator;
  }
}

/** @param {import("./review_rows.js").Filter} filter */
function emptyText({ label, order, selection }) {
  if (order in EMPTY_ORDER) return EMPTY_ORDER[/** @type {keyof EMPTY_ORDER} */ (order)];
  if (selection) return "Nothing of the selection is judged, or passes this filter.";
  return EMPTY[/** @type {keyof EMPTY} */ (label)];
}

/** The selection is no longer kept. @param {Event} event */
function giveUpSelection(event) {
  const { code, message } = /** @type {CustomEvent} */ (event).detail;
  if (code !== "unknown_selection") return;
  notices.say(message);
  void filterBy({ selection: "" });
}

/** @param {number} skipped */
function showSkipped(skipped) {
  /** @type {HTMLButtonElement} */ (byId("return-skipped")).disabled = skipped === 0;
  setText(byId("skipped-count"), skipped.toLocaleString("en"));
}

async function returnSkipped() {
  try {
    const { returned, progress } = await api.post("/api/skipped/return", { key: uuid() });
    notices.say(`${returned} skipped ${returned === 1 ? "image is" : "images are"} back in the queue`);
    showSkipped(progress.skipped);
    await filterBy({});
  } catch (error) {
    notices.showRefusal(`The skipped images were not brought back: ${error instanceof Error ? error.message : error}`);
  }
}

/** @param {Partial<import("./review_rows.js").Filter>} change */
async function filterBy(change) {
  byId("grid").scrollTop = 0;
  await rows.load(change);
  grid.moveTo(0);
  history.replaceState(null, "", `?${new URLSearchParams(rows.filter)}`);
}

function openKeys() {
  // Arrow keys move here; verdicts have their other keys.
  const actions = actionsByKey(config.keys);
  writeKeyHints(config.keys);
  document.addEventListener("keydown", (event) => {
    const name = keyName(event);
    const action = actions.get(name);
    if (belongsElsewhere(event) || (help.isOpen() && action !== "help")) return;
    const isTaken = name.startsWith("Arrow") || name in MOVES ? move(name) : act(name, action, event.repeat);
    if (isTaken) event.preventDefault();
  });
}

/** @param {string} name @returns {boolean} */
function move(name) {
  const byRow = { ArrowUp: -grid.columns, ArrowDown: grid.columns }[name];
  grid.moveTo(grid.focus + (byRow ?? MOVES[/** @type {keyof MOVES} */ (name)]));
  return true;
}

/** @param {string} name @param {string | undefined} action @param {boolean} isRepeat @returns {boolean} */
function act(name, action, isRepeat) {
  if (name === "PageDown" || name === "PageUp") grid.moveTo(grid.focus + (name === "PageUp" ? -1 : 1) * grid.pageRows * grid.columns);
  else if (name === "Enter") closeUp.toggle();
  else if (action === "help") help.toggle();
  else if (action === "undo") takeBack();
  else if (action && action in LABELS && !isRepeat) judge(/** @type {keyof typeof LABELS} */ (action));
  else return false;
  return true;
}

function openControls() {
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-filter]"))) {
    button.addEventListener("click", () => void filterBy({ label: button.dataset.filter }));
  }
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-order]"))) {
    button.addEventListener("click", () => void filterBy({ order: button.dataset.order }));
  }
  const list = /** @type {HTMLSelectElement} */ (byId("annotators"));
  list.addEventListener("change", () => void filterBy({ annotator: list.value }));
  byId("return-skipped").addEventListener("click", () => void returnSkipped());
  byId("undo").addEventListener("click", takeBack);
  byId("keys").addEventListener("click", () => help.toggle());
  byId("selection").addEventListener("click", () => void filterBy({ selection: "" }));
  rows.addEventListener("refused", giveUpSelection);
  grid.addEventListener("answer", (event) => judge(/** @type {CustomEvent} */ (event).detail));
  grid.addEventListener("open", () => closeUp.toggle());
}

async function open() {
  const showOutage = () => notices.showOutage(api.isReachable ? outbox.problem : "", outbox.size);
  rows.addEventListener("change", render);
  outbox.addEventListener("change", showOutage);
  api.addEventListener("reachable", () => {
    showOutage();
    if (api.isReachable) void rows.load();
  });
  await outbox.open();
  await filterBy(Object.fromEntries([...new URLSearchParams(location.search)].filter(([name]) => name in rows.filter)));
  const queue = await readModel(api);
  if (queue) showSkipped(queue.progress.skipped);
  byId("grid").focus({ preventScroll: true });
}

openHeader(api, config, storage);
openKeys();
openControls();
void open();
