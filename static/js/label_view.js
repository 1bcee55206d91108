// @ts-check
/** Writes the state of the label page into the document. */
import { byId, setText } from "./dom.js";

/** @typedef {import("./types.js").Item} Item */
/** @typedef {"negative" | "positive" | "skip" | "undo"} Light */

const WORDS = { negative: "Negative", positive: "Positive", skip: "Skipped", undo: "Taken back" };
const PROBABILITY = "winnow.probability";
const WAIT_MS = 400;
const LIGHT_MS = 140;

export class LabelView {
  #frame = byId("frame");
  #glow = byId("glow");
  /** @type {Item | null} */
  #item = null;
  /** What is let through, as it was read. @type {import("./types.js").FilterInForce | null} */
  filter = null;
  /** Whether the goal hides what the model and the detector think. */
  isBlind = false;
  #isProbabilityShown = readFlag();
  /** What the counts show. @type {import("./types.js").Progress | null} */
  #progress = null;
  #broken = 0;
  /** @type {import("./types.js").FilterInForce | null} */
  #shownFilter = null;
  #lit_at = -Infinity;
  #wait = 0;

  /** @param {number} seconds */
  constructor(seconds) {
    byId("countdown").style.setProperty("--seconds", `${seconds}s`);
    this.#showProbability();
  }

  /** @param {Item | null} item @param {boolean} isBlind */
  showItem(item, isBlind) {
    this.#item = item;
    this.isBlind = isBlind;
    setText(byId("item-path"), item?.path ?? "");
    this.#frame.dataset.item = item?.id ?? "";
    this.#showClaims();
    clearTimeout(this.#wait);
    byId("message").hidden = true;
  }

  /** A blind goal was chosen while an item is on screen; the other way round, the item stays blind until it is judged. */
  hideClaims() {
    if (this.isBlind) return;
    this.isBlind = true;
    this.#showClaims();
  }

  /** What the detector and the model say of the item, where it is not hidden. */
  #showClaims() {
    const claimed = this.#item && !this.isBlind ? claim(this.#item) : "";
    setText(byId("item-claim"), claimed);
    byId("item-claim").hidden = !claimed;
    this.#frame.setAttribute("aria-label", this.#item ? this.#described(this.#item) : "No image");
    byId("bench").dataset.blind = String(this.isBlind);
    this.#showProbability();
  }

  /** @param {Item} item @returns {string} */
  #described(item) {
    return item.path + (item.class_name && !this.isBlind ? `, class ${claim(item)}` : "");
  }

  /** Light the edge of the frame, and the button, in the colour of what was pressed. @param {Light} light */
  light(light) {
    this.#glow.dataset.light = light;
    this.#lit_at = performance.now();
  }

  /** Put the light out once it has been seen. @returns {boolean} whether it is out */
  darken() {
    if (performance.now() - this.#lit_at < LIGHT_MS) return false;
    if (this.#glow.dataset.light) delete this.#glow.dataset.light;
    return true;
  }

  /** While a finger swipes. @param {Light | null} light what a release does @param {boolean} isFar @param {number} x @param {number} y */
  follow(light, isFar, x, y) {
    this.#frame.dataset.swipe = light ?? "";
    this.#frame.dataset.far = String(isFar);
    byId("picture").style.translate = light ? `${x}px ${y}px` : "";
  }

  toggleProbability() {
    this.#isProbabilityShown = !this.#isProbabilityShown;
    sessionStorage.setItem(PROBABILITY, String(this.#isProbabilityShown));
    this.#showProbability();
  }

  #showProbability() {
    const p = this.#item?.probability;
    const known = p === null || p === undefined ? "no model yet" : `P(positive) ${p.toFixed(2)}`;
    setText(byId("item-probability"), this.isBlind ? "blind" : this.#isProbabilityShown && this.#item ? known : "");
    byId("probability-button").setAttribute("aria-pressed", String(this.#isProbabilityShown && !this.isBlind));
  }

  /** For screen readers. @param {Light} light @param {Item | null} next @param {{reason?: string, class_name?: string}} [why] */
  announce(light, next, { reason, class_name } = {}) {
    const because = [reason?.replace("_", " "), class_name].filter(Boolean).map((word) => `, ${word}`);
    setText(byId("live"), `${WORDS[light]}${because.join("")}. ${next ? `Next: ${this.#described(next)}` : "Waiting for the next image"}`);
  }

  /** For screen readers. */
  announceMark() {
    setText(byId("live"), "Marked: an object is missed on this image.");
  }

  /** @param {import("./session.js").Session} session */
  render(session) {
    const { server, lineup } = session;
    const isNews = server?.progress !== this.#progress || lineup.brokenCount !== this.#broken || this.filter !== this.#shownFilter;
    if (server && isNews) {
      this.#progress = server.progress;
      this.#broken = lineup.brokenCount;
      this.#shownFilter = this.filter;
      this.#showProgress(server.progress, lineup.brokenCount);
    }
    this.#frame.toggleAttribute("data-waits", session.isTakingBack);
    this.#showMessage(session);
  }

  /** @param {import("./types.js").Progress} progress @param {number} broken */
  #showProgress({ labeled, positive, negative, skipped, total, unreadable, invalid }, broken) {
    const cannotShow = Math.max(unreadable, broken);
    const { hidden = 0, open: openThen = 0, judged: judgedThen = 0 } = this.filter ?? {};
    const left = hidden ? openThen - (labeled + skipped - judgedThen) : total - labeled - skipped - cannotShow - invalid;
    const open = Math.max(0, left);
    for (const [name, count] of Object.entries({ positive, negative, skipped, open })) setText(byId(`count-${name}`), number(count));
    const reached = { positive, negative: labeled, skipped: labeled + skipped };
    for (const [name, count] of Object.entries(reached)) {
      byId("meter").style.setProperty(`--to-${name}`, `${(100 * count) / Math.max(1, total)}%`);
    }
    byId("meter").setAttribute("aria-valuemax", String(total));
    byId("meter").setAttribute("aria-valuenow", String(labeled + skipped));
    setText(byId("status-counts"), `${number(labeled)} of ${number(total)} labelled`);
    setText(byId("status-signs"), `+ ${number(positive)}  − ${number(negative)}  ◇ ${number(skipped)}`);
    const leftOut = [cannotShow && `${number(cannotShow)} unreadable`, invalid && `${number(invalid)} without features`].filter(Boolean);
    setText(byId("status-problems"), leftOut.join(" · "));
  }

  /** @param {import("./session.js").Session} session */
  #showMessage(session) {
    if (session.current) return;
    clearTimeout(this.#wait);
    if (session.isFinished) {
      this.#showFinished(session.server?.goal === "clean");
      return;
    }
    this.#wait = window.setTimeout(() => {
      setText(byId("message"), session.api.isReachable ? "Waiting for the next image…" : "The next images come when the server is back.");
      byId("message").hidden = false;
    }, WAIT_MS);
  }

  /** @param {boolean} isClean whether what is finished are the labels in doubt, not the pool */
  #showFinished(isClean) {
    byId("message").replaceChildren(/** @type {HTMLTemplateElement} */ (byId(isClean ? "finished-clean" : "finished")).content.cloneNode(true));
    byId("message").hidden = false;
    if (isClean) return;
    byId("finished-filter").hidden = !this.filter?.hidden;
    byId("finished-near").hidden = !Number(byId("near-button").dataset.aside);
  }

  /** @param {import("./paint_clock.js").PaintClock} clock */
  showPaintTime({ last_ms, p95_ms }) {
    if (last_ms === null || p95_ms === null) return;
    setText(byId("status-paint"), `key to paint ${ms(last_ms)} · p95 ${ms(p95_ms)}`);
  }

  /** @param {import("./auto_mode.js").AutoMode} auto */
  showAuto(auto) {
    const bar = byId("countdown");
    const beat = `${auto.state}-${this.#item?.id}`;
    if (bar.dataset.beat !== beat) {
      bar.dataset.state = this.#item ? auto.state : "off";
      bar.dataset.turn = bar.dataset.turn === "0" ? "1" : "0";
      bar.dataset.beat = beat;
    }
    byId("auto-button").setAttribute("aria-pressed", String(auto.state === "running"));
    const words = { off: "", running: `auto: negative in ${auto.left_s.toFixed(1)} s`, paused: "auto mode paused" };
    setText(byId("status-auto"), words[auto.state]);
  }
}

function readFlag() {
  return sessionStorage.getItem(PROBABILITY) === "true";
}

/** @param {Item} item @returns {string} what a detector said about it */
function claim({ class_name, score }) {
  return [class_name, score === null ? null : score.toFixed(2)].filter(Boolean).join(" ");
}

/** @param {number} count */
function number(count) {
  return count.toLocaleString("en");
}

/** @param {number} time_ms @returns {string} of one width, so that nothing beside it moves */
function ms(time_ms) {
  return `${time_ms.toFixed(1).padStart(5, "\u2007")} ms`;
}
