// @ts-check
/** The triage page: groups, classes and scores that the label page takes or leaves out, all by keyboard. */
import { Api } from "./api.js";
import { boxOverlay } from "./box_overlay.js";
import { byId, element, html, openStorage, readConfig, setText } from "./dom.js";
import { openHeader, readModel } from "./header.js";
import { openableHelp } from "./help.js";
import { actionsByKey, belongsElsewhere, keyName } from "./keys.js";
import { Notices } from "./notice.js";
import { SentFilter } from "./triage_filter.js";
import { thumbnail } from "./verdict_words.js";

/** @typedef {import("./types.js").Item} Item */
/** @typedef {{name: string, label: string, help: string, rule: string, count: number, thumbs: Item[]}} Group */
/** @typedef {{state: string, seconds: number, problem: string | null, total: number, groups: Group[],
 *   histogram: number[], without_score: number, filter: import("./types.js").FilterInForce}} Triage */

const POLL_MS = 500;
const BAR_WIDTH = 10;
const BAR_HEIGHT = 60;

const config = readConfig();
const storage = openStorage();
const api = new Api();
const notices = new Notices();
const help = openableHelp(config.keys, ["help"]);
const sent = new SentFilter(api, notices);
/** @type {Triage | null} */
let triage = null;

async function load() {
  const answer = await api.get("/api/triage").catch((error) => void notices.showRefusal(error.message));
  if (!answer) return window.setTimeout(load, 4 * POLL_MS);
  const isFirst = triage === null;
  triage = answer;
  if (isFirst) sent.take(answer.filter);
  drawGroups(answer);
  if (isFirst) drawSide(answer);
  render();
  return answer.state === "computing" ? window.setTimeout(load, POLL_MS) : undefined;
}

/** @param {Triage} answer */
function drawGroups({ state, seconds, problem, total, groups }) {
  byId("none").hidden = total > 0;
  byId("body").hidden = total === 0;
  if (state === "ready") byId("groups").replaceChildren(...groups.map(group));
  else if (state === "failed") setText(byId("computing"), `${problem} Reload the page to try again.`);
  else setText(byId("computing"), `Sorting ${number(total)} proposals into groups… ${Math.round(seconds)} s. Classes and scores work already.`);
}

/** @param {Group} found @param {number} place */
function group({ name, label, help: meaning, rule, count, thumbs }, place) {
  const pictures = thumbs.map((item) => html`<span class="triage-thumb"><img src="${thumbnail(item)}" alt="" loading="lazy" decoding="async">${boxOverlay(item)}</span>`);
  return element(html`<article class="group" data-group="${name}">
    <button type="button" class="group-switch" data-stop data-name="${name}" aria-label="${label}, ${number(count)}">
      <kbd>${place + 1}</kbd><span class="group-name">${label}</span><b>${number(count)}</b><span class="group-state"></span></button>
    <p class="muted small">${meaning} <span class="group-rule">Rule: ${rule}.</span></p>
    <div class="triage-thumbs" aria-hidden="true">${pictures}</div>
  </article>`);
}

/** @param {Triage} answer */
function drawSide({ histogram, without_score, filter }) {
  const most = Math.max(1, ...histogram);
  const bars = histogram.map((count, bin) => {
    const height = count ? Math.max(1, (BAR_HEIGHT * count) / most) : 0;
    return html`<rect data-bin="${bin}" x="${bin * BAR_WIDTH + 0.5}" y="${BAR_HEIGHT - height}" width="${BAR_WIDTH - 1}" height="${height}"><title>${(bin / 20).toFixed(2)}–${((bin + 1) / 20).toFixed(2)}: ${number(count)}</title></rect>`;
  });
  const drawn = element(html`<svg>${bars}</svg>`);
  byId("histogram").replaceChildren(...drawn.children);
  byId("histogram").setAttribute("aria-label", `Proposals by score, from 0 in steps of 0.05: ${histogram.join(", ")}`);
  setText(byId("without-score"), without_score ? `${number(without_score)} without a score always pass.` : "");
  byId("classes").replaceChildren(...filter.available.map(({ name, count }) => element(html`<li>
    <button type="button" data-stop data-class="${name}"><span class="class-mark" aria-hidden="true"></span><span class="class-name">${name}</span><b>${number(count)}</b></button>
    <button type="button" class="only" data-only="${name}" tabindex="-1" aria-label="Only ${name}">Only</button></li>`)));
  byId("all-classes").hidden = filter.available.length < 2;
}

function render() {
  const { chosen, answer, isSending } = sent;
  if (!triage || !chosen || !answer) return;
  const counts = `${number(answer.shown)} shown · ${number(answer.hidden)} set aside`;
  setText(byId("shown"), isSending ? `${counts} …` : counts);
  byId("go").toggleAttribute("data-empty", answer.shown === 0);
  for (const card of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-group]"))) {
    const isAside = chosen.set_aside.includes(card.dataset.group ?? "");
    card.toggleAttribute("data-aside", isAside);
    card.querySelector("button")?.setAttribute("aria-pressed", String(isAside));
    setText(/** @type {HTMLElement} */ (card.querySelector(".group-state")), isAside ? "Set aside" : "Shown");
  }
  for (const button of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-class]"))) {
    button.setAttribute("aria-pressed", String(sent.hasClass(button.dataset.class ?? "")));
  }
  for (const bar of /** @type {NodeListOf<SVGElement>} */ (document.querySelectorAll("[data-bin]"))) {
    const middle = (Number(bar.dataset.bin) + 0.5) / 20;
    bar.toggleAttribute("data-out", middle < chosen.score_min || middle > chosen.score_max);
  }
  for (const side of /** @type {const} */ (["min", "max"])) {
    const field = /** @type {HTMLInputElement} */ (byId(`score-${side}`));
    if (field !== document.activeElement) field.value = String(Number(chosen[`score_${side}`].toFixed(3)));
  }
  byId("images").hidden = chosen.images.length === 0;
  setText(byId("images-text"), chosen.images.length === 1 ? `Only the proposals of ${chosen.images[0]}.` : `Only the proposals of ${number(chosen.images.length)} images.`);
}

/** @param {string} name */
function toggleGroup(name) {
  const found = triage?.groups.find((one) => one.name === name);
  if (!found) return;
  const isAside = sent.toggleGroup(name);
  notices.say(`${found.label}: ${isAside ? "set aside" : "back"}`);
}

/** @param {"min" | "max"} side */
function chooseScore(side) {
  const field = /** @type {HTMLInputElement} */ (byId(`score-${side}`));
  const score = Number(field.value);
  if (field.value === "" || !(score >= 0 && score <= 1)) return notices.say("A score is a number from 0 to 1.");
  return sent.chooseScore(side, score);
}

/** On to the label page, once it will show what is chosen here. */
async function go() {
  if (await sent.isInForce()) location.assign(byId("go").getAttribute("href") ?? "/");
}

/** Up and down through everything that can be switched. @param {number} step */
function move(step) {
  const stops = /** @type {HTMLElement[]} */ ([...document.querySelectorAll("[data-stop]")]);
  const now = stops.indexOf(/** @type {HTMLElement} */ (document.activeElement));
  const next = stops[now < 0 ? (step > 0 ? 0 : stops.length - 1) : Math.max(0, Math.min(stops.length - 1, now + step))];
  next?.focus();
  next?.closest("article, li")?.scrollIntoView({ block: "nearest" });
}

/** @param {string} name @param {string | undefined} action @param {KeyboardEvent} event @returns {boolean} whether it was for the page */
function act(name, action, event) {
  const focused = /** @type {HTMLElement} */ (event.target);
  const only = focused.dataset?.class;
  const found = /^[1-9]$/.test(name) ? triage?.groups[Number(name) - 1] : undefined;
  if (name === "ArrowDown" || name === "ArrowUp") move(name === "ArrowDown" ? 1 : -1);
  else if (name === "Enter" && (focused === document.body || "stop" in focused.dataset)) void go();
  else if (belongsElsewhere(event)) return false;
  else if (found && !event.repeat) toggleGroup(found.name);
  else if (name === "o" && only) sent.onlyClass(only);
  else if (action === "help") help.toggle();
  else return false;
  return true;
}

function openKeys() {
  const actions = actionsByKey(config.keys);
  document.addEventListener("keydown", (event) => {
    const isTyping = /** @type {HTMLElement} */ (event.target).matches?.("input, select, textarea");
    if (event.ctrlKey || event.metaKey || event.altKey || isTyping || (help.isOpen() && actions.get(keyName(event)) !== "help")) return;
    if (act(keyName(event), actions.get(keyName(event)), event)) event.preventDefault();
  });
  for (const side of /** @type {const} */ (["min", "max"])) {
    byId(`score-${side}`).addEventListener("change", () => chooseScore(side));
    byId(`score-${side}`).addEventListener("keydown", (event) => event.key === "Enter" && byId(`score-${side}`).blur());
  }
}

function openClicks() {
  byId("groups").addEventListener("click", (event) => {
    const name = /** @type {HTMLElement} */ (event.target).closest("article")?.dataset.group;
    if (name) toggleGroup(name);
  });
  byId("classes").addEventListener("click", (event) => {
    const target = /** @type {HTMLElement} */ (event.target).closest("button");
    if (target?.dataset.only) sent.onlyClass(target.dataset.only);
    else if (target?.dataset.class) sent.toggleClass(target.dataset.class);
  });
  byId("go").addEventListener("click", (event) => {
    if (!sent.isSending || event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    void go();
  });
  byId("all-classes").addEventListener("click", () => sent.allClasses());
  byId("all-images").addEventListener("click", () => sent.allImages());
}

openHeader(api, config, storage);
openKeys();
openClicks();
sent.addEventListener("change", render);
void readModel(api);
void load();

/** @param {number} count */
function number(count) {
  return count.toLocaleString("en");
}
