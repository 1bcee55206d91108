// @ts-check
/** The results page: predicted images one after the other; going on accepts an open one as it is, and says so. */
import { Api } from "./api.js";
import { byId, element, html, openStorage, readConfig, setText, uuid } from "./dom.js";
import { openHeader, readModel } from "./header.js";
import { openableHelp } from "./help.js";
import { actionsByKey, belongsElsewhere, keyName } from "./keys.js";
import { Notices } from "./notice.js";
import { Outbox } from "./outbox.js";
import { ResultBatch } from "./results_batch.js";
import { ResultList } from "./results_list.js";
import { ResultsPresence } from "./results_presence.js";
import { inObjects, keptOf } from "./results_panel.js";
import { ResultsView } from "./results_view.js";

/** @typedef {import("./results_panel.js").ImageResult} ImageResult */
/** @typedef {import("./types.js").Press} Press */

const KEYS = [
  ["→ Space", "Next", "An open image is recorded as accepted as it is, one that was reviewed is left alone"],
  ["←", "Previous", "Records nothing; Home and End lead to the first and the last"],
  ["A", "Accept", "Accept what is shown from the score on, and go on; also a rejected image, if you change your mind"],
  ["R", "Reject", "Nothing of this prediction counts; go on"],
  ["E", "Edit", "Correct boxes, classes and masks of this image"],
  ["U", "Take back", "Take back the last press, whatever it recorded"],
  ["S", "Side by side", "Prediction and correction of an image that was corrected"],
  ["[ ]", "Score", "Lower or raise the score from which objects are shown and accepted"],
  ["M", "Masks", "Show or hide masks"],
  ["↑ ↓", "Objects", "Point out one object after the other"],
  ["/", "Filter", "To the filter by class"],
];
const DONE = { ok: "accepted as it is", corrected: "corrected", rejected: "rejected" };

const config = readConfig();
const storage = openStorage();
const api = new Api();
const notices = new Notices();
const list = new ResultList(api);
const batch = new ResultBatch(api);
const presence = new ResultsPresence(api);
const view = new ResultsView(api, list);
const help = openableHelp(config.keys, ["help"]);
// A place of its own: the label page does not know these presses, and must not deliver them.
const outbox = new Outbox({ api, storage, place: `results:${config.pool.name}`, onAnswer: take, onRefused: takeRefusal });

/** @param {string} text */
function say(text) {
  setText(byId("live"), text);
  notices.say(text);
}

/** @param {Partial<Press> & Pick<Press, "kind">} what */
function send(what) {
  outbox.add({ ...what, key: uuid(), annotator: api.annotator, at: Date.now() });
  void outbox.send();
}

/** @param {ImageResult} image @param {"accept" | "reject"} outcome @param {string[]} kept */
function record(image, outcome, kept) {
  send({
    kind: "review",
    item_id: image.item_id,
    outcome,
    kept,
    based_on: image.seq,
    elapsed_ms: view.clock.take(image.item_id),
  });
  view.setStatus(image.item_id, outcome === "accept" ? "ok" : "rejected");
}

/** Why the image cannot be accepted as it is; empty where it can. @param {ImageResult} image */
function hindrance(image) {
  if (image.problem) return `Not accepted: ${image.problem}`;
  const waiting = image.objects.filter((one) => one.place === "to_correct").length;
  return waiting ? `Not accepted: ${inObjects(waiting)} to be corrected first. E edits.` : "";
}

/** @param {ImageResult} image @returns {boolean} whether it was recorded */
function accept(image) {
  const reason = hindrance(image);
  if (reason) {
    say(reason);
    return false;
  }
  const kept = keptOf(image, view.controls.threshold);
  const rest = image.objects.length - kept.length;
  const background = rest ? `; ${rest} below score ${view.controls.threshold.toFixed(2)} ${rest === 1 ? "counts" : "count"} as background` : "";
  record(image, "accept", kept.map((one) => one.item_id));
  say(`Accepted as it is: ${inObjects(kept.length)}${background}. U takes it back`);
  return true;
}

function acceptShown() {
  const image = view.onScreen;
  if (!image) return;
  if (image.status === "ok" || image.status === "corrected") say(`This image is ${DONE[image.status]} already. E edits, U takes back`);
  else if (accept(image)) void view.go(view.place + 1);
}

function rejectShown() {
  const image = view.onScreen;
  if (!image) return;
  if (image.status === "rejected") return void say("This image is rejected already. A accepts it after all, U takes back");
  record(image, "reject", []);
  say(`Rejected as a whole: ${image.path}. U takes it back`);
  void view.go(view.place + 1);
}

/** Going on says that an open image is right as it is; one that cannot be accepted is passed by. */
function next() {
  if (view.isAtEnd) return;
  const image = view.onScreen;
  if (!image) return void (view.isBroken && view.go(view.place + 1));
  if (image.status === "open") accept(image);
  void view.go(view.place + 1);
}

/** @param {Press} press @param {any} answer */
function take(press, answer) {
  if (press.kind === "undo") {
    const itemId = view.itemOf(answer.verdict.item_id);
    say(`Taken back: ${itemId ? "the review of the image shown now" : "the last press, which was made elsewhere"}`);
    if (itemId) void view.comeBackTo(itemId);
    else void view.reload();
  } else view.takeAnswer(press.item_id ?? "", answer);
  if (outbox.size <= 1) void recount();
}

/** @param {Press} press @param {import("./api.js").Refused} refusal */
function takeRefusal(press, refusal) {
  if (refusal.code === "nothing_to_undo") say("There is nothing to take back.");
  else notices.showRefusal(`${press.kind === "undo" ? "Taking back" : "What you did"} was not accepted: ${refusal.message}`);
  if (press.item_id) void view.comeBackTo(press.item_id);
}

async function recount() {
  await list.count().catch(() => undefined);
  view.controls.render(list);
  if (view.isAtEnd) void batch.showEnd();
}

/** The image of this place, also while it is on its way or cannot be shown. */
async function edit() {
  const image = await list.at(view.place).catch(() => null);
  const { status, class_name, score_min } = list.filter;
  const query = { image: image?.item_id ?? "", score: view.controls.threshold, status, class_name, score_min };
  if (image) location.href = `/correct?${new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)]))}`;
}

/** What each key does. @type {Record<string, () => void>} */
const ACTIONS = {
  ArrowRight: next,
  Space: next,
  ArrowLeft: () => void view.go(view.place - 1),
  Home: () => void view.go(0),
  End: () => void view.go(list.total - 1),
  a: acceptShown,
  r: rejectShown,
  e: () => void edit(),
  u: () => send({ kind: "undo" }),
  s: () => say(view.toggleSides()),
  m: () => view.controls.toggleMasks(),
  "[": () => view.controls.stepThreshold(-1),
  "]": () => view.controls.stepThreshold(1),
  ArrowUp: () => view.panel.move(-1),
  ArrowDown: () => view.panel.move(1),
  "/": () => byId("classes").focus(),
};
const REPEATING = ["ArrowLeft", "ArrowUp", "ArrowDown", "[", "]"]; // a key held down records nothing

function openKeys() {
  const actions = actionsByKey(config.keys);
  const rows = KEYS.map(([key, label, text]) => element(html`<tr><td><kbd>${key}</kbd></td><th scope="row">${label}</th><td>${text}</td></tr>`));
  byId("help-rows").prepend(...rows);
  document.addEventListener("keydown", (event) => {
    const name = keyName(event);
    if (event.key === "Escape") /** @type {HTMLElement} */ (document.activeElement)?.blur?.();
    if (belongsElsewhere(event)) return;
    if (actions.get(name) === "help" || name === "h") help.toggle();
    else if (help.isOpen() || !(name in ACTIONS) || (event.repeat && !REPEATING.includes(name))) return;
    else ACTIONS[name]();
    event.preventDefault();
  });
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-press]"))) {
    button.addEventListener("click", () => ACTIONS[button.dataset.press ?? ""]());
  }
}

async function open() {
  const showOutage = () => notices.showOutage(api.isReachable ? (outbox.problem ?? null) : "", outbox.size);
  outbox.addEventListener("change", showOutage);
  api.addEventListener("reachable", () => {
    showOutage();
    if (api.isReachable) void view.reload();
  });
  view.addEventListener("shown", () => view.image && presence.on(view.image.item_id));
  view.addEventListener("end", () => void batch.showEnd());
  await outbox.open();
  const asked = new URLSearchParams(location.search);
  await view.begin(Object.fromEntries(asked), asked.get("image") ?? "");
  void readModel(api);
  void batch.read();
}

openHeader(api, config, storage);
openKeys();
void open();
