// @ts-check
/** The label page: keys, buttons and swipes in, verdicts out, the next image on screen within the frame. */
import { Api } from "./api.js";
import { AutoMode } from "./auto_mode.js";
import { ErrorChart } from "./chart.js";
import { ClassPicker } from "./class_picker.js";
import { byId, openStorage, readConfig } from "./dom.js";
import { GridMode } from "./grid_mode.js";
import { Guides } from "./guides.js";
import { openHeader, showModel } from "./header.js";
import { openableHelp } from "./help.js";
import { actionsByKey, belongsElsewhere, keyName, writeKeyHints } from "./keys.js";
import { LabelView } from "./label_view.js";
import { Notices } from "./notice.js";
import { PaintClock } from "./paint_clock.js";
import { Session } from "./session.js";
import { ShownFilter } from "./shown_filter.js";
import { listenForSwipes } from "./swipe.js";
import { takenWord } from "./verdict_words.js";
import { Viewer } from "./viewer.js";

/** @typedef {"negative" | "positive" | "skip"} Answer */
const LABELS = { negative: 0, positive: 1, skip: null };
const RENDER_MS = 160;
const SWIPES = /** @type {const} */ ({ left: "negative", right: "positive", down: "skip" });

const later = { timer: 0, announce: () => {} };
const config = readConfig();
const storage = openStorage();
const api = new Api();
const clock = new PaintClock();
const notices = new Notices();
const viewer = new Viewer();
const view = new LabelView(config.auto_seconds);
const help = openableHelp(config.keys);
const picker = new ClassPicker();
const chart = new ErrorChart(api);
const auto = new AutoMode(config.auto_seconds, () => judge("negative", null));
const session = new Session({
  api,
  storage,
  place: config.pool.name,
  annotator: () => api.annotator,
  show: (item, image) => {
    viewer.show(item, image);
    view.showItem(item, session.server?.is_blind ?? false);
    auto.restart(item !== null);
    view.showAuto(auto);
    renderSoon(); // also where its image came after the verdict before it was answered
  },
});
const guides = new Guides({ api, notices, config, session });
const many = new GridMode({ api, session, notices, config, onPress: () => afterPress(null, () => {}) });
const filter = new ShownFilter(api, notices, {
  onRead: (now) => {
    view.filter = now;
    picker.names = [...now.available.map(({ name }) => name), ...now.named];
    renderSoon();
  },
  onChange: () => session.startAnew(),
});

/** What each action does; verdicts and undo also come from buttons and swipes. @type {Record<string, (event: Event) => void>} */
const ACTIONS = {
  ...guides.actions,
  negative: (event) => judge("negative", event),
  positive: (event) => judge("positive", event),
  skip: (event) => judge("skip", event),
  undo: takeBack,
  reject_background: (event) => judge("negative", event, { reason: "background" }),
  reject_wrong_class: askClass,
  reject_duplicate: (event) => judge("negative", event, { reason: "duplicate" }),
  reject_bad_box: rejectBox,
  missed_object: markMissed,
  zoom: () => notices.say(viewer.cycleZoom()),
  contrast_down: () => notices.say(viewer.changeContrast(-1)),
  contrast_up: () => notices.say(viewer.changeContrast(1)),
  brightness_down: () => notices.say(viewer.changeBrightness(-1)),
  brightness_up: () => notices.say(viewer.changeBrightness(1)),
  reset_view: () => notices.say(viewer.reset()),
  show_probability: () => (view.isBlind ? notices.say("Blind: what the model thinks is hidden") : view.toggleProbability()),
  next_class: () => filter.next(),
  auto_mode: () => auto.toggle(),
  sweep: () => many.sweep(),
  grid: () => many.grid(),
  help: () => help.toggle(),
};
const REPEATABLE = new Set(["undo", "contrast_down", "contrast_up", "brightness_down", "brightness_up"]);

/**
 * @param {Answer} answer @param {Event | null} event what asked for it; null when the time was up
 * @param {{reason?: string, class_name?: string}} [why]
 */
function judge(answer, event, why = {}) {
  const item = session.judge(LABELS[answer], why);
  if (!item) return;
  picker.close();
  view.light(answer);
  afterPress(event, () => view.announce(answer, session.current, why));
}

/** @param {Event} event */
function rejectBox(event) {
  if (session.current && !session.current.box_xyxy) notices.say("This is a whole image: it has no box that could be wrong.");
  else judge("negative", event, { reason: "bad_box" });
}

/** The verdict waits for the class, and is for the item that was on screen when it was asked for. */
function askClass() {
  const item = session.current;
  if (!item) return;
  picker.open((!view.isBlind && item.class_name) || "", (class_name) => {
    if (session.current?.id !== item.id) return notices.say("Another image had come on screen: no verdict was given.");
    judge("negative", null, { reason: "wrong_class", class_name: class_name ?? undefined });
    return notices.say(class_name ? `Wrong class: it is ${class_name}` : "Wrong class: which one is left open");
  });
}

/** @param {Event} event */
function markMissed(event) {
  if (!session.markMissed()) return;
  notices.say("Marked: an object is missed on this image");
  afterPress(event, () => view.announceMark());
}

/** @param {Event} event */
function takeBack(event) {
  picker.close();
  session.takeBack();
  view.light("undo");
  afterPress(event, () => view.announce("undo", session.current));
}

/** Everything that the next frame does not need. @param {Event | null} event @param {() => void} announce */
function afterPress(event, announce) {
  if (event instanceof KeyboardEvent) clock.measure(event);
  clock.afterPaint(() => {
    session.deliver();
    later.announce = announce;
    renderSoon();
  });
}

/** What stands around the image is shown together a little later: each frame painted for it could delay the next key's. */
function renderSoon() {
  later.timer ||= window.setTimeout(render, RENDER_MS);
}

function render() {
  later.timer = 0;
  if (!view.darken()) renderSoon();
  later.announce();
  later.announce = () => {};
  view.showPaintTime(clock);
  view.render(session);
  guides.show(session);
  notices.showOutage(api.isReachable ? session.outbox.problem : "", session.outbox.size);
  if (session.server) showModel(session.server.model);
  if (session.server?.is_blind) view.hideClaims();
}

function openKeys() {
  const actions = actionsByKey(config.keys);
  writeKeyHints(config.keys);
  document.addEventListener("keydown", (event) => {
    const action = actions.get(keyName(event));
    const isForThePage = !belongsElsewhere(event);
    if (picker.isOpen && isForThePage) return event.key === "Escape" ? picker.close() : picker.focus();
    if (action !== "auto_mode" || !isForThePage) auto.pause();
    if (many.isOpen && !event.ctrlKey && !event.metaKey && !event.altKey) return many.press(event, action);
    if (!isForThePage || (help.isOpen() && action !== "help")) return;
    if (event.key === "Escape") guides.close();
    if (!action || (event.repeat && !REPEATABLE.has(action))) return;
    event.preventDefault();
    ACTIONS[action](event);
  });
}

function openPointers() {
  for (const answer of [...Object.keys(LABELS), "undo"]) press(byId(answer), answer);
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-action]"))) {
    press(button, button.dataset.action ?? "");
  }
  listenForSwipes(byId("frame"), {
    onMove: (direction, isFar, x, y) => view.follow(direction && SWIPES[direction], isFar, x, y),
    onSwipe: (direction, event) => {
      auto.pause();
      judge(SWIPES[direction], event);
    },
  });
}

/** @param {HTMLElement} button @param {string} action */
function press(button, action) {
  button.addEventListener("mousedown", (event) => event.preventDefault()); // the keys stay with the page
  button.addEventListener("click", (event) => {
    if (action !== "auto_mode") auto.pause();
    ACTIONS[action](event);
  });
}

function openSession() {
  session.addEventListener("change", () => {
    guides.hear(session);
    renderSoon();
  });
  session.addEventListener("answer", (event) => {
    const { press, answer } = /** @type {CustomEvent} */ (event).detail;
    guides.note(answer.verdict?.seq);
    if (press.kind === "undo" && !isOfAnItem(answer.verdict)) notices.say(`Taken back: ${takenWord(answer.verdict)}`);
    if (press.kind === "undo") chart.reload();
    else if (answer.metrics) chart.add(answer.metrics);
  });
  session.addEventListener("refused", (event) => {
    const { press, refusal } = /** @type {CustomEvent} */ (event).detail;
    if (refusal.code === "nothing_to_undo") notices.say("There is nothing to take back.");
    else notices.showRefusal(`${press.kind === "undo" ? "Taking back" : "An answer"} was not accepted: ${refusal.message}`);
  });
  session.outbox.addEventListener("change", renderSoon);
  session.outbox.addEventListener("full", () => {
    notices.showRefusal("The browser's storage is full: answers are sent, but would not survive a reload before that.");
  });
  void session.open();
  void filter.read();
}

function openAutoMode() {
  auto.addEventListener("change", () => {
    auto.restart(session.current !== null);
    view.showAuto(auto);
  });
  api.addEventListener("reachable", () => auto.pause());
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) auto.pause();
    else void Promise.all([session.refresh(), filter.read()]);
  });
  setInterval(() => auto.state === "running" && view.showAuto(auto), 100);
}

/** @param {import("./types.js").Verdict} verdict @returns {boolean} whether taking it back brings an item to judge */
function isOfAnItem({ kind, strategy }) {
  return kind === "verdict" && strategy !== "correction";
}

openHeader(api, config, storage);
openKeys();
openPointers();
openAutoMode();
openSession();
