// @ts-check
/** The insight page: the pool as a map to look at, choose from and label, and how labelling went. */
import { Api } from "./api.js";
import { byId, element, html, openStorage, readConfig, setText } from "./dom.js";
import { openHeader, showModel } from "./header.js";
import { openableHelp } from "./help.js";
import { Choice } from "./insight_choice.js";
import { CourseCharts } from "./insight_charts.js";
import { INSIGHT_KEYS, wishOf } from "./insight_keys.js";
import { Labelling } from "./insight_labelling.js";
import { showLegend } from "./insight_legend.js";
import { PoolMap, nextColouring } from "./insight_map.js";
import { ChosenPictures, FocusPicture, PointItems } from "./insight_panel.js";
import { actionsByKey, belongsElsewhere, kbd, writeKeyHints } from "./keys.js";
import { MapGestures } from "./map_gestures.js";
import { inside } from "./map_geometry.js";
import { Lasso } from "./map_lasso.js";
import { idOf } from "./map_points.js";
import { Notices } from "./notice.js";

const LOOK_MS = 2000;
const CLOSER = 1.4;

const config = readConfig();
const storage = openStorage();
const api = new Api();
const notices = new Notices();
const map = new PoolMap(api);
const { view } = map;
const lasso = new Lasso(view);
const gestures = new MapGestures(view, lasso);
const choice = new Choice();
const items = new PointItems(api);
const picture = new FocusPicture(items, say);
const pictures = new ChosenPictures(items, toggle);
const charts = new CourseCharts(api, map.palette);
const labelling = new Labelling({ api, storage, place: config.pool.name, map, choice, notices });
const help = openableHelp(config.keys, ["negative", "positive", "undo", "help"]);

/** To those who cannot see. @param {string} text */
function say(text) {
  setText(byId("live"), text);
}

/** @param {number} place */
function toggle(place) {
  choice.toggle(place);
  labelling.drop();
  pictures.mark(choice);
  showWords();
}

/** @param {number[]} places @param {boolean} isAdded */
function choose(places, isAdded) {
  if (!map.state) return;
  choice.take(places, map.state, isAdded);
  labelling.drop();
  say(choice.words(map.state));
  showChoice();
}

function showChoice() {
  if (!map.state || !map.points) return;
  view.isSelected.fill(0);
  for (const i of choice.places) view.isSelected[i] = 1;
  view.drawSoon(true);
  showWords();
  void pictures.show(map.points, map.state, choice);
}

function showWords() {
  if (!map.state) return;
  const open = choice.labellable(map.state).length;
  const enabled = { positive: open, negative: open, review: choice.judged(map.state).length, clear: choice.places.length };
  for (const [id, count] of Object.entries(enabled)) /** @type {HTMLButtonElement} */ (byId(id)).disabled = count === 0;
  setText(byId("chosen-words"), choice.words(map.state));
  setText(byId("ask"), labelling.question);
  byId("chosen-hint").hidden = choice.places.length > 0;
  byId("pager").hidden = choice.pages === 1;
  setText(byId("page-words"), `${(choice.page + 1).toLocaleString("en")} of ${choice.pages.toLocaleString("en")}`);
  showLegend(map.colouring, map.state);
}

async function review() {
  if (!map.state || !map.points) return;
  const { points } = map;
  const ids = choice.judged(map.state).map((i) => idOf(points, i));
  if (ids.length === 0) return void notices.say("None of the chosen is judged yet");
  try {
    const { id } = await api.post("/api/selections", { item_ids: ids });
    location.href = `${byId("review").dataset.page}?selection=${id}`;
  } catch (error) {
    notices.showRefusal(`The selection was not taken: ${error instanceof Error ? error.message : error}`);
  }
}

/** Ask the server what is new; whoever asks meanwhile is asked for once more at the end. */
const look = (() => {
  let [isOn, isDue] = [false, false];
  return async () => {
    if (isOn) return void (isDue = true);
    isOn = true;
    do {
      isDue = false;
      await takeNews().catch(() => undefined); // the banner says that the server cannot be reached; the next look tries again
    } while (isDue);
    isOn = false;
  };
})();

async function takeNews() {
  const { status, isNew } = await map.refresh(() => labelling.isSettled, forgetChoice);
  showModel(status.model);
  if (isNew) {
    showChoice();
    showFocus();
  }
  void charts.follow(status.seq);
}

/** The map is another one: what was chosen on the one before lies elsewhere now. */
function forgetChoice() {
  choice.clear();
  labelling.drop();
}

function showFocus() {
  if (map.state && map.points) picture.show(map.points, map.state, view.focus);
}

/** @param {boolean} isOn */
function setDrawing(isOn) {
  gestures.isDrawing = isOn;
  byId("draw").setAttribute("aria-pressed", String(isOn));
  view.stage.dataset.tool = isOn ? "lasso" : "move";
}

/** @param {import("./map_colours.js").Colouring} colouring */
function recolour(colouring) {
  map.setColouring(colouring);
  showLegend(colouring, map.state);
  say(`Coloured by ${colouring}`);
}

function setCorner() {
  const words = lasso.corner();
  if (words) say(words); // closed, it has said already what it chose
}

/** @param {boolean} isAdded */
function closeLasso(isAdded) {
  const problem = lasso.close(isAdded);
  if (problem) notices.say(problem);
}

/** @param {boolean} isAdded */
function chooseCluster(isAdded) {
  const cluster = view.focus < 0 ? -1 : (map.points?.cluster[view.focus] ?? -1);
  if (cluster < 0) notices.say("There is no cluster under the crosshair");
  else choose(map.placesOf(cluster), isAdded);
}

function clear() {
  choice.clear();
  labelling.drop();
  showChoice();
}

/** @type {Record<string, (value?: any) => void>} */
const DO = {
  move: ([dx, dy]) => (pictures.hasFocus ? pictures.move(dx, dy) : view.moveCrosshair(dx, dy)),
  zoom: (factor) => view.zoomBy(factor),
  fit: () => view.fit(),
  colours: () => recolour(nextColouring(map.colouring)),
  corner: setCorner,
  close: closeLasso,
  draw: () => setDrawing(!gestures.isDrawing),
  cluster: chooseCluster,
  page: (step) => void (choice.turnPage(step) && showChoice()),
  review: () => void review(),
  cancel: () => void (lasso.back() || clear()),
  negative: () => labelling.judge("negative"),
  positive: () => labelling.judge("positive"),
  undo: () => labelling.takeBack(),
  help: () => help.toggle(),
};

function openKeys() {
  const actions = actionsByKey(config.keys);
  writeKeyHints(config.keys);
  const rows = INSIGHT_KEYS.map(([signs, name, words]) => {
    const line = element(html`<tr><td></td><th scope="row">${name}</th><td>${words}</td></tr>`);
    line.firstElementChild?.append(...signs.split(" ").flatMap((sign, i) => (i ? [" ", kbd(sign)] : [kbd(sign)])));
    return line;
  });
  byId("help-rows").prepend(...rows);
  document.addEventListener("keydown", (event) => {
    const wish = belongsElsewhere(event) ? null : wishOf(event, actions);
    if (!wish || (help.isOpen() && wish.action !== "help")) return;
    event.preventDefault();
    DO[wish.action](wish.value);
  });
}

function openControls() {
  /** @type {Record<string, () => void>} */
  const buttons = { positive: DO.positive, negative: DO.negative, review: DO.review, undo: DO.undo, clear, keys: DO.help, draw: DO.draw, fit: DO.fit, cluster: () => chooseCluster(false) };
  for (const [id, act] of Object.entries(buttons)) byId(id).addEventListener("click", () => act());
  byId("closer").addEventListener("click", () => view.zoomBy(CLOSER));
  byId("farther").addEventListener("click", () => view.zoomBy(1 / CLOSER));
  byId("page-before").addEventListener("click", () => DO.page(-1));
  byId("page-next").addEventListener("click", () => DO.page(1));
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-colouring]"))) {
    button.addEventListener("click", () => recolour(/** @type {any} */ (button.dataset.colouring)));
  }
  view.addEventListener("focus", showFocus);
  lasso.addEventListener("lasso", (event) => {
    const { corners, isAdded } = /** @type {CustomEvent} */ (event).detail;
    if (map.points) choose(inside(map.points, corners, view.counts), isAdded);
  });
}

function followTheme() {
  const recolourAll = () => {
    map.palette.forget();
    map.recolour();
    charts.rebuild();
  };
  document.addEventListener("themechange", recolourAll);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", recolourAll);
}

async function open() {
  const showOutage = () => notices.showOutage(api.isReachable ? labelling.outbox.problem : "", labelling.outbox.size);
  labelling.outbox.addEventListener("change", showOutage);
  labelling.addEventListener("change", showChoice);
  labelling.addEventListener("answer", (event) => showModel(/** @type {CustomEvent} */ (event).detail));
  labelling.addEventListener("news", () => void look());
  api.addEventListener("reachable", () => {
    showOutage();
    if (!api.isReachable) return;
    showFocus(); // pictures that could not be had meanwhile
    showChoice();
  });
  await labelling.outbox.open();
  await look();
  setInterval(() => document.hidden || void look(), LOOK_MS);
}

openHeader(api, config, storage);
openKeys();
openControls();
followTheme();
void open();
