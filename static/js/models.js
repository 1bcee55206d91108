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
};
/** Jobs that were seen before they ended. @type {Set<number>} */
const watched = new Set();

const chosen = () => state.models.find((model) => model.number === state.chosen);

function render() {
  const hasModels = state.models.length > 0;
  byId("table-frame").hidden = byId("keys-line").hidden = !hasModels;
  renderTable(state.models, state.chosen, state.compared, { onChoose: choose, onCompare: (number) => void compare(number) });
  renderChosen(chosen(), { activate: () => void activate(), export: askExport, remove: askDelete, openErrors: () => void openErrors() });
  renderComparison(state.comparison, () => void measure());
}

/** What the server answers about all versions. @param {any} answer */
function take({ models, formats }) {
  Object.assign(state, { models, formats });
  byId("empty").hidden = models.length > 0;
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

const load = () => attempt(async () => take(await api.get("/api/models")));

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
  render();
  if (state.compared.length === 2) await readComparison();
}

const pair = () => [...state.compared].sort((a, b) => a - b);

const readComparison = () =>
  attempt(async () => {
    const [first, second] = pair();
    const comparison = await api.get(`/api/models/compare?first=${first}&second=${second}`);
    if (!state.compared.includes(first) || !state.compared.includes(second)) return;
    state.comparison = comparison;
    render();
    setText(byId("live"), `v${first} against v${second}`);
  });

const measure = () => attempt(async () => panel.take((await api.post("/api/models/measure", { numbers: pair() })).job));

const activate = () =>
  attempt(async () => {
    const model = chosen();
    if (!model || model.is_active) return;
    take(await api.post(`/api/models/${model.number}/activate`, {}));
    setText(byId("live"), `${model.name} is active: it proposes next.`);
  });

const openErrors = () =>
  attempt(async () => {
    await api.post("/api/pools/open", { name: chosen()?.errors_pool });
    location.href = "/";
  });

function askExport() {
  const model = chosen();
  if (!model) return;
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
    panel.take((await api.post(`/api/models/${state.chosen}/export`, { format, imgsz })).job);
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
  setText(byId("delete-title"), `Delete ${model.name}?`);
  const exports = model.files.length > 1 ? ` and ${model.files.length - 1} exported` : "";
  setText(byId("delete-text"), `Its weights${exports} are removed for good, and its number is not given again. Verdicts and data sets stay.${model.is_best ? " It is the best one so far." : ""}`);
  deleteDialog.returnValue = "";
  deleteDialog.showModal();
}

const deleteIt = () =>
  attempt(async () => {
    const { name } = /** @type {any} */ (chosen());
    take(await api.delete(`/api/models/${state.chosen}`));
    setText(byId("live"), `${name} is deleted.`);
    byId(`version-${state.chosen}`).focus();
  });

/** @param {import("./job_feed.js").Job} job */
function takeJob(job) {
  panel.take(job);
  if (!KINDS.includes(job.kind)) return;
  if (job.ended_at === null) watched.add(job.number);
  else if (watched.delete(job.number)) void load().then(() => state.compared.length === 2 && readComparison());
}

/** @param {string} name @returns {boolean} whether the key means something here */
function press(name) {
  if (!state.models.length) return false;
  if (name in MOVES) move(MOVES[/** @type {keyof MOVES} */ (name)]);
  else if (name === "Space" && state.chosen !== null) void compare(state.chosen);
  else if (name === "a") void activate();
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
void readModel(api);
void load();
openJobFeed({ onJob: takeJob });
