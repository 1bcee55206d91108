// @ts-check
/** The train page: from what was judged to a measured model version, iteration after iteration. */
import { Api } from "./api.js";
import { byId, element, html, openStorage, readConfig, setText } from "./dom.js";
import { openHeader, readModel } from "./header.js";
import { openableHelp } from "./help.js";
import { openJobFeed } from "./job_feed.js";
import { JobPanel } from "./job_panel.js";
import { actionsByKey, belongsElsewhere, keyName } from "./keys.js";
import { Notices } from "./notice.js";
import { ignoreDoubleClicks, oneAtATime } from "./one_at_a_time.js";
import { basesOf, firstBase, SessionForm } from "./sessions_form.js";
import { takeSuggestion } from "./sessions_next.js";
import { Advice } from "./train_advice.js";
import { TrainCharts } from "./train_charts.js";
import { showIterations } from "./train_iterations.js";
import { Saves } from "./train_saves.js";
import { StartButton } from "./train_start.js";
import { showDatasets, showStock } from "./train_stock.js";

const KINDS = ["train", "dataset"];
const KEYS = [
  ["1 … 9", "Take", "Take the suggestion with this number"],
  ["X", "Stop", "Stop the long work that runs; what is finished is kept"],
];
const CHOSEN = "winnow.training-session";
const config = readConfig();
const storage = openStorage();
const api = new Api();
const notices = new Notices();
const charts = new TrainCharts();
const panel = new JobPanel({ api, kinds: KINDS });
const form = new SessionForm(() => saves.add(current().number, form.values));
const select = /** @type {HTMLSelectElement} */ (byId("sessions"));
const again = /** @type {HTMLInputElement} */ (byId("again"));
const advice = new Advice(api, new StartButton(oneAtATime(start)), { onTake: (name, value) => form.set(name, value), pool: config.pool?.name ?? "" });
const state = {
  /** @type {any[]} */
  sessions: [],
  /** How often the server said something of a single session. */
  changes: 0,
  /** @type {import("./sessions_form.js").Base[]} */
  bases: [],
  chosen: Number(storage.getItem(CHOSEN) ?? 0),
  /** How often all was asked for, and the last time of it. */
  reads: 0,
  reading: Promise.resolve(),
  /** What the stock that is shown is for. */
  task: "detect",
};
const saves = new Saves(send, () => {
  notices.say("Saved");
  showSession();
});
/** @type {Map<number, string>} */
const titles = new Map();

const current = () => state.sessions.find((session) => session.number === state.chosen) ?? state.sessions[0];

/** @param {string} id @param {unknown} problem an error, a text, or "" for none */
function showProblem(id, problem) {
  const text = problem instanceof Error ? problem.message : String(problem ?? "");
  byId(id).hidden = !text;
  setText(byId(id), text);
}

/** @template T @param {string} id where it is said what went wrong @param {() => Promise<T>} work @returns {Promise<T | null>} */
async function attempt(id, work) {
  try {
    showProblem(id, "");
    return await work();
  } catch (error) {
    showProblem(id, error);
    return null;
  }
}

/** Read all of it anew. @returns {Promise<void>} until what was read last is shown */
function refresh() {
  state.reading = readAll(++state.reads);
  return state.reading;
}

/** What was overtaken by a newer reading is left to that one. @param {number} turn @returns {Promise<void>} */
async function readAll(turn) {
  const before = state.changes;
  const answer = await attempt("session-problem", () => api.get("/api/sessions"));
  if (turn < state.reads) return state.reading;
  if (answer && before < state.changes) return refresh(); // overtaken by a change made here
  if (answer) state.sessions = answer.sessions;
  state.task = current()?.settings.task ?? "detect";
  const [stock, datasets] = await Promise.all([
    api.get(`/api/train?task=${state.task}`).catch((error) => ({ stock: null, problem: error.message, refs: "" })),
    attempt("datasets-problem", () => api.get("/api/datasets")),
  ]);
  if (turn < state.reads) return state.reading;
  if (stock.bases) {
    state.bases = stock.bases;
    setText(byId("weights-folder"), stock.weights_folder);
  }
  showStock(stock);
  if (datasets) showDatasets(datasets.datasets);
  showSession();
}

/** Everything that belongs to the session that is chosen. */
function showSession() {
  const session = current();
  for (const id of ["session", "danger", "next-section"]) byId(id).hidden = !session;
  byId("sessions-empty").hidden = Boolean(session);
  select.hidden = !session;
  select.replaceChildren(...state.sessions.map((one) => new Option(`${one.number}: ${one.name}`, String(one.number))));
  if (!session) return void (byId("iterations-section").hidden = true);
  select.value = String(session.number);
  if (saves.unsaved !== session.number) form.show(session, state.bases);
  showIterations(session, (pool) => void openPool(pool));
  advice.forgetOthers(session.number);
  if (session.settings.task === state.task) void advise();
  else void refresh(); // there is another stock for it
}

const advise = () => advice.ask({ number: current().number, isAgain: again.checked });

/** @param {any} session as the server answered it */
function take(session) {
  const place = state.sessions.findIndex((one) => one.number === session.number);
  if (place < 0) state.sessions.unshift(session);
  else state.sessions[place] = session;
  state.changes += 1;
}

/** @param {number} number */
function choose(number) {
  state.chosen = number;
  storage.setItem(CHOSEN, String(number));
}

/** @param {number} number @param {object} values @returns {Promise<boolean>} whether they were taken */
async function send(number, values) {
  const saved = await attempt("session-problem", () => api.patch(`/api/sessions/${number}`, values));
  if (saved) take(saved);
  return Boolean(saved);
}

/** What failed to be saved is tried once more. @param {number} number of a session @returns {Promise<boolean>} whether what its form says is saved */
async function isSaved(number) {
  if (!form.check()) return false;
  await saves.areAnswered();
  if (saves.unsaved === number) saves.add(number, form.values);
  await saves.areAnswered();
  return saves.unsaved !== number;
}

/** The server is back: what it did not take is sent again, and what it could not tell is asked for. */
function catchUp() {
  if (saves.unsaved !== null && saves.unsaved === current()?.number && form.check()) saves.add(saves.unsaved, form.values);
  void refresh();
}

async function makeSession() {
  await state.reading; // what it can start from
  const base = firstBase(basesOf(state.bases, "detect"));
  const name = `Session ${1 + Math.max(0, ...state.sessions.map((one) => one.number))}`;
  const made = await attempt("session-problem", () => api.post("/api/sessions", { name, base: base?.name ?? "yolo11n.yaml" }));
  if (!made) return;
  take(made);
  choose(made.number);
  showSession();
  /** @type {HTMLInputElement} */ (document.querySelector("#settings [name=name]")).focus();
}

/** @param {boolean} isAnyway also when nothing was changed */
async function start(isAnyway) {
  const { number } = current();
  const body = { session: number, is_again: again.checked, is_anyway: isAnyway };
  if (!(await isSaved(number))) return;
  const job = await attempt("session-problem", () => api.post("/api/train", body));
  if (!job) return void advise();
  takeJob(job);
  byId("jobs").scrollIntoView({ block: "nearest" });
}

async function remove() {
  const dialog = /** @type {HTMLDialogElement} */ (byId("ask"));
  const { number, name, iterations } = current();
  const versions = iterations.map((/** @type {any} */ one) => one.model).join(", ");
  setText(byId("ask-text"), `${name} leaves the list. ${versions ? `Its model versions (${versions})` : "Model versions"}, data sets and reports stay.`);
  dialog.returnValue = "keep";
  dialog.showModal();
  await new Promise((resolve) => dialog.addEventListener("close", resolve, { once: true }));
  if (dialog.returnValue !== "delete") return;
  await saves.areAnswered();
  if (!(await attempt("session-problem", () => api.delete(`/api/sessions/${number}`)))) return;
  state.changes += 1;
  await refresh();
}

/** @param {"train" | "holdout" | "all"} part all: every image again, not just the next ones */
async function review(part) {
  const isAll = part === "all";
  const { number } = current();
  if (!(await isSaved(number))) return;
  const done = await attempt("session-problem", async () => {
    if (!isAll) return api.post(`/api/sessions/${number}/review?part=${part}`, {});
    const { classes, score_min, score_max, set_aside } = await api.get("/api/filter");
    return api.put("/api/filter", { classes, score_min, score_max, set_aside, images: [] });
  });
  if (done && !isAll && done.images.length === 0) setText(byId("next-text"), `Every ${part === "holdout" ? "hold-out" : "training"} image of this pool is complete.`);
  else if (done && !isAll) location.assign("/");
  else if (done) await advise();
}

/** @param {string} name */
async function openPool(name) {
  await saves.areAnswered();
  if (await attempt("session-problem", () => api.post("/api/pools/open", { name }))) location.assign("/");
}

async function makeDataset() {
  const fields = new FormData(/** @type {HTMLFormElement} */ (byId("dataset-form")));
  const body = { task: fields.get("task"), partial: fields.has("partial"), rejects: fields.get("rejects") };
  const job = await attempt("datasets-problem", () => api.post("/api/datasets", body));
  if (job) takeJob(job);
}

/** @param {import("./job_feed.js").Job} job */
function takeJob(job) {
  const hasEnded = panel.take(job);
  if (!KINDS.includes(job.kind)) return;
  titles.set(job.number, job.title);
  if (!hasEnded) return;
  setText(byId("live"), `${job.title}: ${job.state}. ${job.error ?? ""}`);
  void refresh();
}

/** The curves of the last training stay to be seen after it has ended. */
async function showLastTraining() {
  const answer = await api.get("/api/jobs").catch(() => null);
  const last = answer?.jobs.find((/** @type {any} */ job) => job.kind === "train");
  if (!last || last.ended_at === null) return;
  const { events } = await api.get(`/api/jobs/${last.number}/events`).catch(() => ({ events: [] }));
  for (const event of events) charts.take({ job: last.number, ...event }, last.title);
}

function openKeys() {
  const help = openableHelp(config.keys, ["help"]);
  const actions = actionsByKey(config.keys);
  byId("help-rows").prepend(...KEYS.map(([key, label, text]) => element(html`<tr><td><kbd>${key}</kbd></td><th scope="row">${label}</th><td>${text}</td></tr>`)));
  document.addEventListener("keydown", (event) => {
    if (belongsElsewhere(event) || event.repeat) return;
    const key = keyName(event);
    if (actions.get(key) === "help") help.toggle();
    else if (document.querySelector("dialog[open]")) return;
    else if (key === "x") void panel.stopRunning();
    else if (/^[1-9]$/.test(key)) takeSuggestion(Number(key));
  });
}

openHeader(api, config, storage);
openKeys();
api.addEventListener("reachable", () => api.isReachable && catchUp());
for (const id of ["new-session", "make-dataset"]) ignoreDoubleClicks(byId(id));
const newSession = oneAtATime(makeSession);
byId("new-session").addEventListener("click", () => void newSession());
byId("delete-session").addEventListener("click", () => void remove());
byId("review").addEventListener("click", () => void review("train"));
byId("review-holdout").addEventListener("click", () => void review("holdout"));
byId("review-all").addEventListener("click", () => void review("all"));
const newDataset = oneAtATime(makeDataset);
byId("dataset-form").addEventListener("submit", (event) => {
  event.preventDefault();
  void newDataset();
});
again.addEventListener("change", () => void advise());
select.addEventListener("change", () => {
  saves.unsaved = null;
  choose(Number(select.value));
  showSession();
});
openJobFeed({
  onJob: takeJob,
  onEvent: (event) => (event.kind === "epoch" || event.kind === "note") && titles.has(event.job) && charts.take(event, titles.get(event.job) ?? ""),
});
void refresh();
void showLastTraining();
if (config.pool) void readModel(api);
