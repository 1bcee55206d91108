// @ts-check
/** The jobs of a page: the one that runs with its progress and its Stop, those that wait, and how the others ended. */
import { byId, element, html, setText } from "./dom.js";
import { LIVE } from "./job_feed.js";
import { duration, timeAgo } from "./time_words.js";

/** @typedef {import("./job_feed.js").Job} Job */

const STATES = {
  queued: "waits for its turn",
  running: "runs",
  stopping: "is stopping",
  stopped: "stopped",
  completed: "done",
  failed: "failed",
};
const TICK_MS = 1000;
const SHOWN = 6;
const JUST_BEFORE_S = 30;

/** Wants templates/_jobs.html on the page. */
export class JobPanel {
  /** @type {Map<number, Job>} */
  #jobs = new Map();
  /** @type {Map<number, HTMLElement>} */
  #cards = new Map();
  /** Server time minus this clock's, in seconds: the two may differ. */
  #clockAhead = 0;
  /** What ended after this may be missing in what the page read when it opened. */
  #openedAt = performance.timeOrigin / 1000 - JUST_BEFORE_S;
  #isRendering = false;
  #isShowingAll = false;

  /**
   * @param {{api: import("./api.js").Api, kinds?: string[], onAgain?: (job: Job) => void, againKinds?: string[]}} options
   *   kinds: those to show, all by default (live ones of other kinds are always shown: they are what is waited for)
   *   onAgain: what "Go on" does for a stopped or failed job of againKinds
   */
  constructor({ api, kinds, onAgain, againKinds = [] }) {
    this.api = api;
    this.kinds = kinds;
    this.onAgain = onAgain;
    this.againKinds = againKinds;
    setInterval(() => this.#tick(), TICK_MS);
    byId("jobs-more").addEventListener("click", () => {
      this.#isShowingAll = true;
      this.#render();
    });
  }

  /**
   * A job as it now stands; give it every `job` message, and every answer that tells of a job.
   *
   * @param {Job} job @returns {boolean} whether it has ended since the page was opened, told the first time
   */
  take(job) {
    const known = this.#jobs.get(job.number);
    if (known && isOvertaken(job, known)) return false;
    const newest = Math.max(job.created_at, job.started_at ?? 0, job.ended_at ?? 0);
    this.#clockAhead = Math.max(this.#clockAhead, newest - Date.now() / 1000);
    this.#jobs.set(job.number, job);
    this.#renderSoon();
    return job.ended_at !== null && (known ? known.ended_at === null : job.ended_at > this.#openedAt);
  }

  /** @param {number} number @returns {Job | undefined} as it was told last */
  get(number) {
    return this.#jobs.get(number);
  }

  /** The job that runs, if one does. @returns {Job | undefined} */
  get running() {
    return [...this.#jobs.values()].find((job) => job.state === "running" || job.state === "stopping");
  }

  /** Stop the job that runs; for a page's key. */
  async stopRunning() {
    if (this.running) await this.#stop(this.running.number);
  }

  #renderSoon() {
    if (this.#isRendering) return;
    this.#isRendering = true; // a feed that opens tells of many at once
    queueMicrotask(() => {
      this.#isRendering = false;
      this.#render();
    });
  }

  #shown() {
    const all = [...this.#jobs.values()].filter((job) => LIVE.includes(job.state) || !this.kinds || this.kinds.includes(job.kind));
    return all.sort((a, b) => rank(a) - rank(b) || (a.state === "queued" ? a.number - b.number : b.number - a.number));
  }

  #render() {
    const all = this.#shown();
    const shown = this.#isShowingAll ? all : all.slice(0, Math.max(SHOWN, all.filter((job) => LIVE.includes(job.state)).length));
    byId("jobs").hidden = all.length === 0;
    byId("jobs-more").hidden = shown.length === all.length;
    const list = byId("jobs-list");
    const cards = shown.map((job) => this.#card(job));
    // Only what is out of place moves, so that the focus stays where it is.
    cards.forEach((card, i) => list.children[i] !== card && list.insertBefore(card, list.children[i] ?? null));
    while (list.children.length > cards.length) list.lastElementChild?.remove();
  }

  /** @param {Job} job */
  #card(job) {
    const card = this.#cards.get(job.number) ?? this.#newCard(job);
    if (card.dataset.state !== job.state) {
      setText(byId("jobs-live"), `${job.title}: ${stateWord(job)}. ${job.error ?? ""}`);
      void this.#readLog(job.number, card); // its last words come with its end
    }
    card.dataset.state = job.state;
    const isLive = LIVE.includes(job.state);
    part(card, "state").textContent = stateWord(job);
    const bar = /** @type {HTMLProgressElement} */ (part(card, "progress"));
    bar.hidden = job.state !== "running" && job.state !== "stopping";
    if (job.total) Object.assign(bar, { max: job.total, value: job.done });
    else bar.removeAttribute("value");
    setText(part(card, "text"), job.text);
    part(card, "text").hidden = !job.text;
    setText(part(card, "error"), job.error ?? "");
    part(card, "error").hidden = !job.error;
    const stop = /** @type {HTMLButtonElement} */ (part(card, "stop"));
    stop.hidden = !isLive;
    stop.disabled = job.state === "stopping";
    part(card, "again").hidden = isLive || job.state === "completed" || !this.onAgain || !this.againKinds.includes(job.kind);
    setText(part(card, "again"), job.state === "failed" ? "Try again" : "Go on");
    setText(part(card, "time"), this.#timeOf(job));
    return card;
  }

  /** @param {Job} job @returns {HTMLElement} */
  #newCard(job) {
    const card = element(html`<li class="job" aria-label="Job ${job.number}: ${job.title}">
      <div class="job-head"><strong data-part="title">${job.title}</strong> <span class="job-state" data-part="state"></span></div>
      <progress data-part="progress" aria-label="Progress of job ${job.number}"></progress>
      <p class="small" data-part="text"></p>
      <p class="problem" data-part="error"></p>
      <div class="job-foot"><span class="muted small" data-part="time"></span>
        <button type="button" data-part="again">Go on</button>
        <button type="button" data-part="stop">Stop</button></div>
      <details><summary class="small">Command and log</summary>
        <pre class="job-command"><code>python -m winnow ${job.arguments.map(quoted).join(" ")}</code></pre>
        <pre class="job-log" tabindex="0" aria-label="Log of job ${job.number}" data-part="log">…</pre></details>
    </li>`);
    card.dataset.state = job.state;
    part(card, "stop").addEventListener("click", () => void this.#stop(job.number));
    part(card, "again").addEventListener("click", () => this.onAgain?.(/** @type {Job} */ (this.#jobs.get(job.number))));
    card.querySelector("details")?.addEventListener("toggle", () => void this.#readLog(job.number, card));
    this.#cards.set(job.number, card);
    return card;
  }

  /** @param {number} number */
  async #stop(number) {
    try {
      this.take(await this.api.post(`/api/jobs/${number}/stop`, {}));
    } catch (error) {
      this.#say(number, error);
    }
  }

  /** @param {number} number @param {HTMLElement} card */
  async #readLog(number, card) {
    if (!card.querySelector("details")?.open) return;
    const log = part(card, "log");
    try {
      setText(log, (await this.api.get(`/api/jobs/${number}/log`)).text || "Nothing was printed yet.");
      log.scrollTop = log.scrollHeight;
    } catch (error) {
      setText(log, `The log cannot be read: ${error instanceof Error ? error.message : error}`);
    }
  }

  /** @param {number} number @param {unknown} error */
  #say(number, error) {
    const card = this.#cards.get(number);
    if (!card) return;
    part(card, "error").hidden = false;
    setText(part(card, "error"), `Not stopped: ${error instanceof Error ? error.message : error}`);
  }

  #tick() {
    for (const [number, card] of this.#cards) {
      const job = this.#jobs.get(number);
      if (!job || !card.isConnected) continue;
      setText(part(card, "time"), this.#timeOf(job));
      if (LIVE.includes(job.state)) void this.#readLog(number, card);
    }
  }

  /** @param {Job} job @returns {string} */
  #timeOf(job) {
    const now = Date.now() / 1000 + this.#clockAhead;
    if (job.state === "queued") return `since ${duration(now - job.created_at)}`;
    if (job.ended_at !== null) {
      const took = job.started_at === null ? "" : `, took ${duration(job.ended_at - job.started_at)}`;
      return `${timeAgo(job.ended_at)}${took}`;
    }
    const elapsed = now - (job.started_at ?? now);
    if (!job.total || !job.done) return `${duration(elapsed)} so far`;
    const count = `${job.done.toLocaleString("en")} of ${job.total.toLocaleString("en")}`;
    return `${count} · ${duration(elapsed)} so far · about ${duration((elapsed / job.done) * (job.total - job.done))} left`;
  }
}

/** Whether an answer was on its way while the feed told of what came after. @param {Job} job @param {Job} known */
function isOvertaken(job, known) {
  const stage = (/** @type {Job} */ { state }) => LIVE.indexOf(state) + 1 || Infinity;
  return job.created_at === known.created_at && stage(job) < stage(known);
}

/** What runs comes first, then what waits, in its order, then the newest. @param {Job} job @returns {number} */
function rank({ state }) {
  return state === "queued" ? 1 : LIVE.includes(state) ? 0 : 2;
}

/** @param {Job} job @returns {string} */
function stateWord(job) {
  return STATES[/** @type {keyof STATES} */ (job.state)] ?? job.state;
}

/** @param {HTMLElement} card @param {string} name @returns {HTMLElement} */
function part(card, name) {
  return /** @type {HTMLElement} */ (card.querySelector(`[data-part="${name}"]`));
}

/** As a shell takes it. @param {string} argument @returns {string} */
export function quoted(argument) {
  return /^[\w@%+=:,./-]+$/.test(argument) ? argument : `'${argument.replaceAll("'", "'\\''")}'`;
}
