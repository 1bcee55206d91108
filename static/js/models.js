// @ts-check
/** The models page: look at the versions, compare two, choose the one that proposes next. */
import { Api } from "./api.js";
import { byId, element, html, openStorage, readConfig, setText } from "./dom.js";
import { openHeader, readModel } from "./header.js";
import { openableHelp } from "./help.js";
import { openJobFeed } from "./job_feed.js";
import { JobPanel } from "./job_panel.js";
import { actionsByKey, belongsElsewhere, keyName } from "./keys.js";
import { renderComparison } from "./models_compare.js";
import { renderChosen, renderTable } from "./models_table.js";
import { oneAtATime } from "./one_at_a_time.js";

const KEYS = [
  ["↑ ↓", "Choose", "The version that the other keys are about; also Home and End"],
  ["Space", "Compare", "Take the version into the comparison, or out of it; of three the oldest choice goes"],
  ["A", "Active", "The chosen version proposes next"],
  ["E", "Export", "Write the chosen version in another format"],
  ["Del", "Delete", "Asks first; never the active one"],
];
const MOVES = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity };
const KINDS = ["export", "measure", "train"];

const config = readConfig();
const storage = openStorage();
const api = new Api();
const panel = new JobPanel({ api, kinds: KINDS });
const help = openableHelp(config.keys, ["help"]);
const exportDialog = /** @type {HTMLDialogElement} */ (byId("export-dialog"));
const deleteDialog = /** @type {HTMLDialogElement} */ (byId("delete-dialog"));
const state = {
  /** @type {import("./models_table.js").ModelVersion[]} */
  models: [],
  /** @type {{name: string, label: string, missing: string[]}[]} */
  formats: [],
  /** @type {number | null} */
  chosen: null,
  /** Numbers, the latest choice last. @type {number[]} */
  compared: [],
  /** @type {import("./models_compare.js").Comparison | null} */
  comparison: null,
  /** The last of the requests that answer all versions. */
  asking: Promise.resolve(),
  /** How often what is compared was chosen or asked for: an answer to an earlier choice is dropped. */
  compares: 0,
  /** The version that the open dialog asks about. @type {import("./models_table.js").ModelVersion | null} */
  subject: null,
};

const chosen = () => state.models.find((model) => model.number === state.chosen);

function render() {
  const hasModels = state.models.length > 0;
  byId("table-frame").hidden = byId("keys-line").hidden = !hasModels;
  renderTable(state.models, state.chosen, state.compared, { onChoose: choose, onCompare: (number) => void compare(number) });
  renderChosen(chosen(), { activate, export: askExport, remove: askDelete, openErrors: () => void openErrors() });
  renderComparison(state.comparison, () => void measure());
}

/** What the server answers about all versions. @param {any} answer */
function take({ models, formats, problems }) {
  Object.assign(state, { models, formats });
  byId("empty").hidden = models.length + problems.length > 0;
  setText(byId("damaged"), problems.join("\n"));
  byId("damaged").hidden = problems.length === 0;
  const numbers = models.map((/** @type {any} */ model) => model.number);
  if (!numbers.includes(state.chosen)) state.chosen = numbers[0] ?? null;
  state.compared = state.compared.filter((number) => numbers.includes(number));
  if (state.compared.length < 2) state.comparison = null;
  render();
}

/** Do something that may be refused, and say why it was. @param {() => Promise<void>} work */
async function attempt(work) {
  setText(byId("problem"), "");
  try {
    await work();
  } catch (error) {
    setText(byId("problem"), error instanceof Error ? error.message : String(error));
  }
  byId("problem").hidden = !byId("problem").textContent;
}

/**
 * Ask for all versions, or change one; one request after the other, so that none shows what was before another.
 *
 * @param {() => Promise<any>} request @param {string} [said] once it is answered
 */
function ask(request, said = "") {
  state.asking = state.asking.then(() =>
    attempt(async () => {
      take(await request());
      if (said) setText(byId("live"), said);
    }),
  );
  return state.asking;
}

const load = () => ask(() => api.get("/api/models"));

/** @param {number} number */
function choose(number) {
  if (state.chosen === number) return;
  state.chosen = number;
  render();
}

/** @param {number} number */
async function compare(number) {
  const others = state.compared.filter((one) => one !== number);
  state.compared = others.length < state.compared.length ? others : [...others, number].slice(-2);
  state.comparison = null;
  state.compares += 1;
  render();
  if (state.compared.length === 2) await readComparison();
}

const pair = () => [...state.compared].sort((a, b) => a - b);

const readComparison = () =>
  attempt(async () => {
    const asked = ++state.compares;
    const [first, second] = pair();
    const comparison = await api.get(`/api/models/compare?first=${first}&second=${second}`);
    if (asked !== state.compares) return;
    state.comparison = comparison;
    render();
    setText(byId("live"), `v${first} against v${second}`);
  });

const measure = oneAtATime(() => attempt(async () => void panel.take((await api.post("/api/models/measure", { numbers: pair() })).job)));

function activate() {
  const model = chosen();
  if (model) void ask(() => api.post(`/api/models/${model.number}/activate`, {}), `${model.name} is active: it proposes next.`);
}

const openErrors = () =>
  attempt(async () => {
    await api.post("/api/pools/open", { name: chosen()?.errors_pool });
    location.href = "/";
  });

function askExport() {
  const model = chosen();
  if (!model) return;
  state.subject = model;
  setText(byId("export-title"), `Export ${model.name}`);
  const options = state.formats.map(({ name, label, missing }) => {
    const option = new Option(missing.length ? `${label} (needs ${missing.join(", ")})` : label, name);
    option.disabled = missing.length > 0;
    return option;
  });
  byId("export-format").replaceChildren(...options);
  /** @type {HTMLInputElement} */ (byId("export-imgsz")).value = String(model.metrics.imgsz);
  const missing = state.formats.find((format) => format.missing.length)?.missing ?? [];
  setText(byId("export-needs"), missing.length ? `Formats in grey need packages first, as in: pip install ${missing.join(" ")}` : "");
  exportDialog.returnValue = "";
  exportDialog.showModal();
}

const exportIt = () =>
  attempt(async () => {
    const format = /** @type {HTMLSelectElement} */ (byId("export-format")).value;
    const imgsz = Number(/** @type {HTMLInputElement} */ (byId("export-imgsz")).value) || null;
    panel.take((await api.post(`/api/models/${state.subject?.number}/export`, { format, imgsz })).job);
  });

function askDelete() {
  const model = chosen();
  if (!model) return;
  if (model.is_active) {
    void attempt(async () => {
      throw new Error(`${model.name} is the active version, which is never deleted. Make another active first.`);
    });
    return;
  }
  state.subject = model;
  setText(byId("delete-title"), `Delete ${model.name}?`);
  const exports = model.files.length > 1 ? ` and ${model.files.length - 1} exported` : "";
  setText(byId("delete-text"), `Its weights${exports} are removed for good, and its number is not given again. Verdicts and data sets stay.${model.is_best ? " It is the best one so far." : ""}`);
  deleteDialog.returnValue = "";
  deleteDialog.showModal();
}

async function deleteIt() {
  const { number, name } = /** @type {import("./models_table.js").ModelVersion} */ (state.subject);
  await ask(() => api.delete(`/api/models/${number}`), `${name} is deleted.`);
  document.getElementById(`version-${state.chosen}`)?.focus();
}

/** @param {import("./job_feed.js").Job} job */
function takeJob(job) {
  if (panel.take(job) && KINDS.includes(job.kind)) void load().then(() => (state.compared.length === 2 ? readComparison() : undefined));
}

/** @param {string} name @returns {boolean} whether the key means something here */
function press(name) {
  if (!state.models.length) return false;
  if (name in MOVES) move(MOVES[/** @type {keyof MOVES} */ (name)]);
  else if (name === "Space" && state.chosen !== null) void compare(state.chosen);
  else if (name === "a") activate();
  else if (name === "e") askExport();
  else if (name === "Delete") askDelete();
  else return false;
  return true;
}

/** @param {number} by */
function move(by) {
  const here = state.models.findIndex((model) => model.number === state.chosen);
  const next = state.models[Math.min(Math.max(0, here + by), state.models.length - 1)];
  choose(next.number);
  byId(`version-${next.number}`).focus();
}

function openKeys() {
  const actions = actionsByKey(config.keys);
  const rows = KEYS.map(([key, label, text]) => element(html`<tr><td><kbd>${key}</kbd></td><th scope="row">${label}</th><td>${text}</td></tr>`));
  byId("help-rows").prepend(...rows);
  document.addEventListener("keydown", (event) => {
    const name = keyName(event);
    if (deleteDialog.open && name === "y") deleteDialog.close("delete");
    if (exportDialog.open || deleteDialog.open || belongsElsewhere(event)) return;
    if (actions.get(name) === "help") help.toggle();
    else if (help.isOpen() || !press(name)) return;
    event.preventDefault();
  });
  exportDialog.addEventListener("close", () => exportDialog.returnValue && void exportIt());
  deleteDialog.addEventListener("close", () => deleteDialog.returnValue && void deleteIt());
}

openHeader(api, config, storage);
openKeys();
api.addEventListener("reachable", () => api.isReachable && void load());
void readModel(api);
void load();
openJobFeed({ onJob: takeJob });
