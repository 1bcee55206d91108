// @ts-check
/** The rounds page: what reviewing took, and how much of the prediction stood, by round and annotator. */
import { Api } from "./api.js";
import { byId, element, html, openStorage, readConfig, setText } from "./dom.js";
import { openHeader, readModel } from "./header.js";
import { openableHelp } from "./help.js";
import { actionsByKey, belongsElsewhere, keyName } from "./keys.js";
import { RoundCharts, roundName } from "./rounds_charts.js";

/**
 * @typedef {{cases: number, accepted: number, refined: number, rejected: number, acceptance_rate: number | null,
 *   timed: number, untimed: number, seconds_total: number, seconds_median: number | null, seconds_mean: number | null,
 *   hours_saved: number | null, box_iou: number | null, box_pairs: number, mask_iou: number | null,
 *   mask_pairs: number}} Figures
 * @typedef {Figures & {round: number | null, annotator: string | null}} Row
 */

const MINUTES_KEY = "winnow.manual_minutes";
const WAIT_MS = 250; // what is typed in one go is asked for once

const config = readConfig();
const storage = openStorage();
const api = new Api();
const charts = new RoundCharts();
const minutes = /** @type {HTMLInputElement} */ (byId("minutes"));
let timer = 0;
let asked = 0;

async function load() {
  if (!minutes.checkValidity()) return; // its frame says so
  const number = ++asked;
  const query = `?manual_minutes=${encodeURIComponent(minutes.value)}`;
  /** @type {HTMLAnchorElement} */ (byId("csv")).href = `/export/rounds.csv${query}`;
  try {
    const answer = await api.get(`/api/rounds${query}`);
    if (number === asked) render(answer);
  } catch (error) {
    if (number === asked) say(error instanceof Error ? error.message : String(error));
  }
}

/** @param {string} problem none = hide it */
function say(problem) {
  byId("problem").hidden = !problem;
  setText(byId("problem"), problem);
}

/** @param {{manual_minutes: number, rows: Row[], total: Figures, problems: string[]}} answer */
function render({ manual_minutes, rows, total, problems }) {
  say("");
  const isEmpty = rows.length === 0;
  byId("empty").hidden = !isEmpty;
  for (const id of ["total-section", "charts", "rows-section"]) byId(id).hidden = isEmpty;
  if (isEmpty) return;
  byId("total").replaceChildren(...figures(total).map(([name, value]) => element(html`<div><dt>${name}</dt><dd>${value}</dd></div>`)));
  setText(byId("assumption"), assumption(manual_minutes, total));
  byId("rows").replaceChildren(...rows.map(rowOf));
  byId("notes").replaceChildren(...problems.map((problem) => element(html`<li>${problem}</li>`)));
  charts.render(rows.filter((row) => row.annotator === null));
}

/** @param {Figures} total @returns {[string, string][]} */
function figures(total) {
  /** @type {[string, string][]} */
  const found = [
    ["cases", whole(total.cases)],
    ["accepted", whole(total.accepted)],
    ["refined", whole(total.refined)],
    ["rejected", whole(total.rejected)],
    ["stood as it was", percent(total.acceptance_rate)],
    ["median a case", seconds(total.seconds_median)],
    ["mean a case", seconds(total.seconds_mean)],
    ["saved", hours(total.hours_saved)],
  ];
  if (total.box_pairs) found.push([`IoU, changed boxes: ${whole(total.box_pairs)}`, share(total.box_iou)]);
  if (total.mask_pairs) found.push([`IoU, changed masks: ${whole(total.mask_pairs)}`, share(total.mask_iou)]);
  return found;
}

/** What hours saved take for granted. @param {number} manualMinutes @param {Figures} total */
function assumption(manualMinutes, { cases, timed, untimed, seconds_total }) {
  if (!timed) return `Of ${counted(cases)} none has a time, so nothing can be said of the time saved.`;
  const leftOut = untimed ? ` ${counted(untimed)} without a time left out.` : "";
  return (
    `Saved: ${counted(timed)} at ${manualMinutes} min by hand, ${hours((timed * manualMinutes) / 60)}, ` +
    `less ${hours(seconds_total / 3600)} on the page. It takes every case to need that time by hand, and none after the review, ` +
    `also where it was rejected.${leftOut}`
  );
}

/** @param {Row} row */
function rowOf(row) {
  const isAll = row.annotator === null;
  const saved = row.hours_saved !== null && row.hours_saved < 0 ? "n below" : "n";
  return element(html`<tr class="${isAll ? "all" : ""}">
    <th scope="row">${isAll ? roundName(row.round) : ""}</th><td>${row.annotator ?? "all"}</td>
    <td class="n">${whole(row.cases)}</td><td class="n">${whole(row.accepted)}</td><td class="n">${whole(row.refined)}</td>
    <td class="n">${whole(row.rejected)}</td><td class="n">${percent(row.acceptance_rate)}</td>
    <td class="n">${seconds(row.seconds_median)}</td><td class="n">${seconds(row.seconds_mean)}</td>
    <td class="${saved}">${hours(row.hours_saved)}</td><td class="n">${share(row.box_iou)}</td><td class="n">${share(row.mask_iou)}</td>
  </tr>`);
}

/** @param {number} n */
const counted = (n) => `${whole(n)} ${n === 1 ? "case" : "cases"}`;
/** @param {number} value */
const whole = (value) => value.toLocaleString("en");
/** @param {number | null} value */
const percent = (value) => (value === null ? "–" : `${(100 * value).toFixed(0)} %`);
/** @param {number | null} value */
const seconds = (value) => (value === null ? "–" : `${value.toFixed(1)} s`);
/** @param {number | null} value */
const share = (value) => (value === null ? "–" : value.toFixed(3));

/** Small amounts in minutes. @param {number | null} value @returns {string} */
function hours(value) {
  if (value === null) return "–";
  const sign = value < 0 ? "−" : "";
  const size = Math.abs(value);
  return size < 1 ? `${sign}${(60 * size).toFixed(1)} min` : `${sign}${size.toFixed(1)} h`;
}

function openForm() {
  minutes.value = storage.getItem(MINUTES_KEY) ?? minutes.value;
  if (!minutes.checkValidity()) minutes.value = minutes.defaultValue;
  byId("form").addEventListener("submit", (event) => event.preventDefault());
  minutes.addEventListener("input", () => {
    clearTimeout(timer);
    if (minutes.checkValidity()) storage.setItem(MINUTES_KEY, minutes.value);
    timer = window.setTimeout(() => void load(), WAIT_MS);
  });
}

function openKeys() {
  const help = openableHelp(config.keys, ["help"]);
  const actions = actionsByKey(config.keys);
  document.addEventListener("keydown", (event) => {
    if (!belongsElsewhere(event) && actions.get(keyName(event)) === "help") help.toggle();
  });
}

openHeader(api, config, storage);
openForm();
openKeys();
api.addEventListener("reachable", () => api.isReachable && void load());
if (config.pool) void readModel(api);
void load();
