// @ts-check
/** The Auto page: draw an audit, judge its sample blind, read it, let the model decide; all of it by keyboard too. */
import { Api } from "./api.js";
import { Sample } from "./auto_page_sample.js";
import { count, decidable, moreWords, offerWords, sideCard, title } from "./auto_page_words.js";
import { byId, element, openStorage, readConfig, setText, uuid } from "./dom.js";
import { openHeader, readModel, showModel } from "./header.js";
import { openableHelp } from "./help.js";
import { actionsByKey, belongsElsewhere, keyName, writeKeyHints } from "./keys.js";
import { NewestWins } from "./newest_wins.js";
import { Notices } from "./notice.js";
import { Outbox } from "./outbox.js";
import { LABELS, takenWord } from "./verdict_words.js";

const FEW = 6;
const OPENED = ["setup", "judging", "result"];

const config = readConfig();
const storage = openStorage();
const api = new Api();
const notices = new Notices();
const sample = new Sample((url) => api.look(url));
const help = openableHelp(config.keys, ["negative", "positive", "skip", "undo", "help"]);
const outbox = new Outbox({ api, storage, place: config.pool.name, onAnswer: take, onRefused: takeRefusal });
/** @type {NewestWins<{target: number, chosen: string[]}, import("./auto_page_words.js").Offer[]>} */
const offers = new NewestWins(
  ({ target, chosen }) => api.get(`/api/auto/offers?target=${target}${chosen.map((side) => `&sides=${side}`).join("")}`),
  { onAnswer: takeOffers, onError: (_, error) => takeNoOffers(error) },
);
/** @type {import("./auto_page_words.js").Audit | null} */
let audit = null;
let changes = 0; // answers to questions asked before the newest press or step of the audit are dropped
let isAsking = false; // a step of the audit is on its way: whatever comes next is about what it answers
let applyKey = uuid(); // the same until it is answered, so that a lost answer decides nothing twice

const DO = { apply, more, undo: takeBack, leave };

/** @param {keyof typeof LABELS} answer */
function judge(answer) {
  const judged = view() === "judging" && !isAsking ? sample.judge() : null;
  if (!judged || !audit) return;
  const { label, word } = LABELS[answer];
  setText(byId("live"), `${word}: ${judged.item.path}`);
  byId("frame").dataset.light = answer;
  send({ kind: "audit", number: audit.number, item_id: judged.item.id, label, elapsed_ms: judged.elapsed_ms });
  showCourse();
}

function takeBack() {
  if (isAsking) return;
  sample.takeBack();
  byId("frame").dataset.light = "undo";
  send({ kind: "undo" });
  showCourse();
}

/** @param {Omit<import("./types.js").Press, "key" | "annotator" | "at">} what */
function send(what) {
  changes += 1;
  outbox.add({ ...what, key: uuid(), annotator: api.annotator, at: Date.now() });
  void outbox.send();
}

/** @param {import("./types.js").Press} press @param {import("./types.js").Answer} answer */
function take(press, { verdict, queue }) {
  showModel(queue.model);
  if (press.kind === "undo") notices.say(`Taken back: ${takenWord(verdict)}`);
  if (press.kind === "undo" || sample.length < FEW) void refresh();
}

/** @param {import("./types.js").Press} press @param {import("./api.js").Refused} refusal */
function takeRefusal(press, refusal) {
  if (refusal.code === "nothing_to_undo") notices.say("There is nothing to take back.");
  else notices.showRefusal(`${press.kind === "undo" ? "Taking back" : "An answer"} was not accepted: ${refusal.message}`);
  void refresh();
}

/** Ask where the audit stands; never while presses are on their way: their answers ask again. */
async function refresh() {
  const asked = changes;
  const answer = outbox.size === 0 && !isAsking ? await api.get("/api/auto").catch(() => null) : null;
  if (answer && asked === changes && outbox.size === 0) show(answer);
}

/** @param {{audit: import("./auto_page_words.js").Audit | null}} answer */
function show({ audit: now }) {
  if (now?.number !== audit?.number) sample.forget();
  audit = now;
  sample.take(now?.items ?? []);
  const before = byId("main").dataset.view;
  byId("main").dataset.view = view();
  for (const id of OPENED) byId(id).hidden = id !== view();
  if (view() === "setup") showOffers();
  else if (view() === "judging") showCourse();
  else showResult(before !== "result");
}

/** @returns {"setup" | "judging" | "result"} */
function view() {
  if (!audit) return "setup";
  return audit.is_complete || audit.applied ? "result" : "judging";
}

function showCourse() {
  if (!audit) return;
  const size = audit.sides.reduce((sum, side) => sum + side.size, 0);
  const known = new Set(audit.items.map(({ id }) => id)).size;
  const done = size - audit.left + (known - Math.min(sample.length, known));
  setText(byId("course"), `Audit ${audit.number}: ${count(done)} of ${count(size)} judged`);
  Object.assign(byId("course-bar"), { max: size, value: done });
}

/** @param {boolean} isNew */
function showResult(isNew) {
  if (!audit) return;
  const n = decidable(audit);
  setText(byId("result-title"), title(audit));
  const now = audit;
  byId("sides").replaceChildren(...now.sides.map((side) => element(sideCard(side, now))));
  setText(byId("apply-text"), `Let the model decide ${count(n)} ${n === 1 ? "item" : "items"}`);
  button("apply").hidden = n === 0 || audit.applied !== null;
  setText(byId("more-text"), moreWords(audit));
  button("more").hidden = !audit.can_go_on || audit.applied !== null;
  setText(byId("live"), title(audit));
  const next = [button("apply"), button("more"), byId("result-title")].find((one) => !one.hidden); // never what ends the audit
  if (isNew || document.activeElement === document.body) next?.focus({ preventScroll: true });
}

/** Ask what the chosen sides take; while one question is on its way only the newest of the others is kept. */
function showOffers() {
  offers.ask({ target: Number(field("target").value), chosen: sides() });
}

/** @param {{target: number, chosen: string[]}} wish @param {import("./auto_page_words.js").Offer[]} answer */
function takeOffers({ target, chosen }, answer) {
  for (const offer of answer) setText(byId(`offer-${offer.side}`), offerWords(offer, target));
  setText(byId("setup-note"), "");
  const proving = new Set(answer.filter(({ audit: least }) => least !== null).map(({ side }) => side));
  drawButton().disabled = chosen.length === 0 || !chosen.every((side) => proving.has(side));
}

/** @param {unknown} error */
function takeNoOffers(error) {
  setText(byId("setup-note"), error instanceof Error ? error.message : String(error));
  drawButton().disabled = true;
}

function drawButton() {
  return /** @type {HTMLButtonElement} */ (byId("draw"));
}

/** @returns {string[]} */
function sides() {
  const boxes = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll("[name=side]:checked"));
  return [...boxes].map(({ value }) => value);
}

/** @param {() => Promise<{audit: import("./auto_page_words.js").Audit | null}>} call @param {string} what */
async function ask(call, what) {
  if (isAsking) return;
  isAsking = true;
  const problem = await call().then(show, (error) => `${what}: ${error instanceof Error ? error.message : error}`);
  changes += 1;
  isAsking = false;
  if (!problem) return;
  notices.showRefusal(problem);
  await refresh();
}

function draw() {
  const wanted = Number(field("audit").value);
  const wish = { sides: sides(), target: Number(field("target").value), audit: wanted || null };
  void ask(() => api.post("/api/auto", wish), "No audit was drawn");
}

function apply() {
  if (!audit || outbox.size > 0) return;
  const path = `/api/auto/${audit.number}/apply`;
  const decided = async () => {
    const answer = await api.post(path, { key: applyKey });
    applyKey = uuid();
    return answer;
  };
  void ask(decided, "Nothing was decided");
}

function more() {
  if (!audit) return;
  const { number, sides: read } = audit;
  const look = Math.max(...read.map(({ next_look }) => next_look?.look ?? 1));
  void ask(() => api.put(`/api/auto/${number}/look`, { look }), "The audit did not go on");
}

function leave() {
  if (audit) void ask(() => api.delete(`/api/auto/${audit?.number}`), "The audit was not given up");
}

/** @param {string} id */
function field(id) {
  return /** @type {HTMLInputElement | HTMLSelectElement} */ (byId(id));
}

/** @param {string} what */
function button(what) {
  return /** @type {HTMLElement} */ (document.querySelector(`.auto-actions [data-do="${what}"]`));
}

function openKeys() {
  const actions = actionsByKey(config.keys);
  writeKeyHints(config.keys);
  document.addEventListener("keydown", (event) => {
    const action = actions.get(keyName(event)) ?? "";
    if (belongsElsewhere(event) || (help.isOpen() && action !== "help")) return;
    if (action === "help") help.toggle();
    else if (action === "undo" && view() !== "setup") takeBack();
    else if (action in LABELS && !event.repeat && view() === "judging") judge(/** @type {keyof typeof LABELS} */ (action));
    else return;
    event.preventDefault();
  });
}

function openControls() {
  for (const one of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-answer]"))) {
    one.addEventListener("mousedown", (event) => event.preventDefault()); // the keys stay with the page
    one.addEventListener("click", () => (one.dataset.answer === "undo" ? takeBack() : judge(/** @type {keyof typeof LABELS} */ (one.dataset.answer))));
  }
  for (const one of /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll("[data-do]"))) {
    one.addEventListener("click", () => DO[/** @type {keyof typeof DO} */ (one.dataset.do)]());
  }
  byId("keys").addEventListener("click", () => help.toggle());
  byId("setup").addEventListener("change", showOffers);
  byId("setup").addEventListener("submit", (event) => {
    event.preventDefault();
    draw();
  });
}

async function open() {
  const showOutage = () => notices.showOutage(api.isReachable ? outbox.problem : "", outbox.size);
  outbox.addEventListener("change", showOutage);
  api.addEventListener("reachable", () => {
    showOutage();
    if (api.isReachable) void refresh();
  });
  await outbox.open();
  await refresh();
  await readModel(api);
}

openHeader(api, config, storage);
openKeys();
openControls();
void open();
