// @ts-check
/** The predict page: choose images and a model, watch the run, look at what it found, judge it. */
import { Api } from "./api.js";
import { byId, element, html, openStorage, readConfig, setText } from "./dom.js";
import { openHeader, readModel } from "./header.js";
import { openableHelp } from "./help.js";
import { openJobFeed } from "./job_feed.js";
import { JobPanel, quoted } from "./job_panel.js";
import { actionsByKey, belongsElsewhere, keyName } from "./keys.js";
import { ignoreDoubleClicks, oneAtATime } from "./one_at_a_time.js";
import { FolderPicker, showProblem } from "./predict_folders.js";
import { PredictForm } from "./predict_form.js";
import { Viewer } from "./predict_viewer.js";

const KEYS = [
  ["← →", "Previous, next image", "Also Home and End for the first and the last"],
  ["[ ]", "Score", "Lower or raise the score from which proposals are drawn"],
  ["Enter", "Judge these", "Open these proposals in Triage, then the label page"],
  ["X", "Stop", "Stop the run; what is finished is kept, and Go on resumes it"],
];

const config = readConfig();
const storage = openStorage();
const api = new Api();
const folder = new FolderPicker(api);
const form = new PredictForm(api, folder);
const viewer = new Viewer(api);
const panel = new JobPanel({ api, kinds: ["propose"], againKinds: ["propose"], onAgain: oneAtATime(goOn) });
const help = openableHelp(config.keys, ["help"]);
const asked = new URLSearchParams(location.search);
/** Jobs of this page's own, whose end is told where it was asked for. @type {Set<number>} */
const started = new Set();
/** @type {import("./predict_viewer.js").ProposalFile[]} */
let files = [];
let reads = 0;
/** The file to show once it is listed. */
let wanted = "";

const start = oneAtATime(async () => {
  for (const id of ["form-problem", "model-problem"]) showProblem(byId(id), "");
  try {
    follow(await api.post("/api/proposals", form.values));
  } catch (error) {
    showProblem(byId("form-problem"), error);
  }
});

/** @param {import("./job_feed.js").Job} job */
async function goOn(job) {
  try {
    follow(await api.post("/api/proposals/again", { job: job.number }));
  } catch (error) {
    showProblem(byId("form-problem"), error);
  }
}

/** @param {{name: string, job: import("./job_feed.js").Job}} answer */
function follow({ job }) {
  started.add(job.number);
  takeJob(job);
  const now = panel.get(job.number);
  if (now?.ended_at && started.has(job.number)) tellEnd(now); // the feed told of its end before this answer came
  queueMicrotask(() => byId("jobs").scrollIntoView({ block: "nearest" }));
}

/** @param {import("./job_feed.js").Job} job */
function takeJob(job) {
  if (panel.take(job) && job.kind === "propose") tellEnd(job);
}

/** @param {import("./job_feed.js").Job} job */
function tellEnd(job) {
  const isOwn = started.delete(job.number);
  void readFiles(isOwn ? outName(job) : "");
  if (!isOwn) return;
  if (job.state === "failed") showProblem(byId("model-problem"), job.error);
  if (job.state === "completed" && job.result.boxes === 0) {
    showProblem(byId("form-problem"), `Nothing was found on ${job.result.images} images: lower the score, or choose another model.`);
  }
}

/** @param {import("./job_feed.js").Job} job */
function outName(job) {
  const place = job.arguments.indexOf("--out");
  return place < 0 ? "" : (job.arguments[place + 1] ?? "").split("/").at(-1) ?? "";
}

/** @param {string} [name] the file to show; else the one that is shown stays */
async function readFiles(name = "") {
  const read = ++reads;
  wanted = name || wanted;
  const answer = await api.get("/api/proposals").catch((error) => ({ files: null, problems: [error.message] }));
  if (read < reads) return; // what was asked for later is newer
  showProblem(byId("results-problem"), answer.problems.join("\n"));
  if (!answer.files) return;
  files = answer.files;
  const shown = viewer.file?.name ?? asked.get("file") ?? "";
  const next = [wanted, shown].map((name) => files.find((file) => file.name === name)).find(Boolean) ?? files[0] ?? null;
  wanted = "";
  byId("results-bar").hidden = byId("results-foot").hidden = !next;
  byId("results-empty").hidden = Boolean(next);
  byId("file").replaceChildren(...files.map((file) => new Option(fileLabel(file), file.name)));
  if (next) /** @type {HTMLSelectElement} */ (byId("file")).value = next.name;
  if (next?.name !== viewer.file?.name) await show(next);
  else if (next) viewer.renew(next);
  await readPools();
}

/** @param {import("./predict_viewer.js").ProposalFile} file */
function fileLabel(file) {
  const proposals = `${file.n_proposals.toLocaleString("en")} proposals, ${file.n_images.toLocaleString("en")} images`;
  return `${file.name} · ${proposals} · ${file.sources.join(", ")}`;
}

/** @param {import("./predict_viewer.js").ProposalFile | null} file */
async function show(file) {
  byId("features-command").hidden = true;
  const isAsked = file?.name === asked.get("file");
  await viewer.open(file, isAsked ? Number(asked.get("image") ?? 1) - 1 || 0 : 0);
}

async function judge() {
  const { file } = viewer;
  if (!file) return;
  if (!file.has_features) {
    const refs = quoted(`${form.choices?.base_folder ?? "."}/${file.name}`);
    const encoder = quoted(form.choices?.encoders[0] ?? "classic");
    const command = `python compute_features.py --refs ${refs} --out ${refs.replace(/\.csv('?)$/, ".npy$1")} --model ${encoder}`;
    // In a place of its own: an image that is just being read clears the problems of images before it.
    const place = byId("features-command");
    showProblem(/** @type {HTMLElement} */ (place.querySelector("p")), `${file.name} has no features yet, which the label page needs. Compute them, then come back:`);
    setText(/** @type {HTMLElement} */ (place.querySelector("code")), command);
    place.hidden = false;
    return;
  }
  await openPool(file.name, "/triage");
}

/** @param {string} name @param {string} page */
async function openPool(name, page) {
  try {
    await api.post("/api/pools/open", { name });
    location.href = page;
  } catch (error) {
    showProblem(byId("results-problem"), error);
    await readPools(); // the one that is open stays chosen
  }
}

async function readPools() {
  const { pools } = await api.get("/api/pools").catch(() => ({ pools: null }));
  if (!pools) return;
  const select = /** @type {HTMLSelectElement} */ (byId("pool"));
  const options = pools.map((/** @type {any} */ pool) => new Option(pool.has_features ? pool.name : `${pool.name} (no features)`, pool.name));
  select.replaceChildren(...options);
  select.value = pools.find((/** @type {any} */ pool) => pool.is_open)?.name ?? "";
}

function openControls() {
  ignoreDoubleClicks(byId("start"));
  byId("form").addEventListener("submit", (event) => {
    event.preventDefault();
    void start();
  });
  byId("judge").addEventListener("click", () => void judge());
  const file = /** @type {HTMLSelectElement} */ (byId("file"));
  file.addEventListener("change", () => void show(files.find((one) => one.name === file.value) ?? null));
  const pool = /** @type {HTMLSelectElement} */ (byId("pool"));
  pool.addEventListener("change", () => void openPool(pool.value, "/"));
  viewer.addEventListener("change", () => {
    history.replaceState(null, "", `?${new URLSearchParams({ file: viewer.file?.name ?? "", image: String(viewer.place + 1) })}`);
  });
  // Weights are copied in another window.
  window.addEventListener("focus", () => void form.load());
}

function openKeys() {
  const actions = actionsByKey(config.keys);
  const rows = KEYS.map(([key, label, text]) => element(html`<tr><td><kbd>${key}</kbd></td><th scope="row">${label}</th><td>${text}</td></tr>`));
  byId("help-rows").prepend(...rows);
  document.addEventListener("keydown", (event) => {
    if (belongsElsewhere(event)) return;
    const name = keyName(event);
    if (actions.get(name) === "help") help.toggle();
    else if (help.isOpen() || !press(name)) return;
    event.preventDefault();
  });
}

/** @param {string} name @returns {boolean} whether the key means something here */
function press(name) {
  if (name === "ArrowLeft") void viewer.go(viewer.place - 1);
  else if (name === "ArrowRight") void viewer.go(viewer.place + 1);
  else if (name === "Home") void viewer.go(0);
  else if (name === "End") void viewer.go(Infinity);
  else if (name === "[" || name === "]") viewer.stepThreshold(name === "[" ? -1 : 1);
  else if (name === "Enter") void judge();
  else if (name === "x") void panel.stopRunning();
  else return false;
  return true;
}

openHeader(api, config, storage);
openControls();
openKeys();
api.addEventListener("reachable", () => {
  if (!api.isReachable) return;
  void form.load();
  void folder.open(folder.path);
  void readFiles();
});
void readModel(api);
void form.load();
void folder.open("");
void readFiles();
openJobFeed({ onJob: takeJob });
