// @ts-check
/** What an audit says, in sentences. */
import { html } from "./dom.js";

/**
 * @typedef {{side: "accept" | "reject", candidates: number, audit: number | null}} Offer
 * @typedef {{items: number, threshold: number, wrong_max: number, is_widest: boolean}} Decision
 * @typedef {{side: "accept" | "reject", candidates: number, threshold: number, look: number, looks: number, size: number,
 *   judged: number, wrong: number | null, decision: Decision | null,
 *   next_look: {look: number, verdicts: number, wrong_max: number} | null}} Side
 * @typedef {{seq: number, positive: number, negative: number, annotator: string, created_at: number, reason: string}} Applied
 * @typedef {{number: number, target: number, confidence: number, model_version: number, is_complete: boolean,
 *   can_go_on: boolean, sides: Side[], items: import("./types.js").Item[], left: number, applied: Applied | null}} Audit
 */

/** @param {number} n @returns {string} */
export function count(n) {
  return n.toLocaleString("en");
}

/** @param {number} n @param {string} one @param {string} many */
function counted(n, one, many) {
  return `${count(n)} ${n === 1 ? one : many}`;
}

/** @param {number} share @returns {string} */
export function percent(share) {
  return `${Number((100 * share).toFixed(2))} %`;
}

/** @param {Offer} offer @param {number} target */
export function offerWords({ candidates, audit }, target) {
  if (candidates === 0) return "no open item";
  const items = counted(candidates, "open item", "open items");
  if (audit === null) return `${items}: to prove ${percent(target)} of so few, judging them by hand is as quick`;
  return `${items}; it takes ${counted(audit, "verdict", "verdicts")} if none is wrong`;
}

/** @param {Audit} audit @returns {number} how many items the model may decide */
export function decidable({ sides }) {
  return sides.reduce((sum, { decision }) => sum + (decision?.items ?? 0), 0);
}

/** @param {Audit} audit @returns {string} */
export function title(audit) {
  if (audit.applied) return `The model decided ${counted(audit.applied.positive + audit.applied.negative, "item", "items")}`;
  const n = decidable(audit);
  return n ? `The model may decide ${counted(n, "item", "items")}` : "The audit does not prove enough";
}

/** @param {Audit} audit @returns {string} what going on takes, empty where it cannot help */
export function moreWords({ sides }) {
  const look = Math.max(...sides.map(({ next_look }) => next_look?.look ?? 1));
  const verdicts = sides.reduce((sum, { next_look }) => sum + (next_look?.look === look ? next_look.verdicts : 0), 0);
  return verdicts ? `Judge ${count(verdicts)} more` : "";
}

/** One side as a card. @param {Side} side @param {Audit} audit */
export function sideCard(side, audit) {
  const [sign, word, tone] = side.side === "accept" ? ["+", "Accept", "positive"] : ["−", "Reject", "negative"];
  return html`<section class="auto-card" aria-label="${word}"><h3 class="${tone}"><span aria-hidden="true">${sign}</span> ${word}</h3>
    <p>${audit.applied ? decidedWords(side, audit.applied) : claim(side, audit)}</p>
    <p class="muted">Audited ${counted(side.size, "item", "items")} of ${count(side.candidates)}, drawn at random: ${count(side.wrong ?? 0)} wrong${side.wrong ? " (a skip counts as wrong)" : ""}. Look ${side.look} of ${side.looks}.</p></section>`;
}

/** @param {Side} side @param {Applied} applied */
function decidedWords({ side }, { positive, negative, annotator }) {
  return side === "accept" ? `${count(positive)} accepted, as ${annotator} allowed.` : `${count(negative)} rejected, as ${annotator} allowed.`;
}

/** @param {Side} side @param {Audit} audit @returns {string} */
function claim({ side, candidates, decision, next_look }, { target, confidence }) {
  if (!decision) return `Not proved to be ${percent(target)} right. ${next_look ? whatItTakes(next_look) : "No further look can prove it: start a new audit, which looks at fewer, more certain items. The model has learnt from these verdicts."}`;
  const bound = `at most ${count(decision.wrong_max)} wrong, that is ${percent(1 - decision.wrong_max / decision.items)} right or more`;
  const which = `${counted(decision.items, "item", "items")} with a probability of ${decision.threshold.toFixed(3)} or ${side === "accept" ? "more" : "less"}`;
  const rest = decision.is_widest ? "" : ` The less certain of the ${count(candidates)} stay open.${next_look ? ` ${whatItTakes(next_look)}` : ""}`;
  return `${which}: ${bound}, with ${percent(confidence)} confidence.${rest}`;
}

/** @param {{verdicts: number, wrong_max: number}} next */
function whatItTakes({ verdicts, wrong_max }) {
  const wrong = wrong_max === 0 ? "none of them is wrong" : `at most ${count(wrong_max)} of them ${wrong_max === 1 ? "is" : "are"} wrong`;
  return `${count(verdicts)} more verdicts prove all of it, if ${wrong}.`;
}
