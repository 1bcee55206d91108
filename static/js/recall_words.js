// @ts-check
/** What the recall meter says, in words that claim no more than the numbers do. Pure: numbers in, sentences out. */

/** @typedef {import("./types_goals.js").Recall} Recall */

/** What each meter is built from. @type {Record<string, string>} */
export const METHODS = { ranked: "Ranked and random looks", random: "Random looks alone" };

/** A bound below this says nothing. */
export const LEAST_SAID = 0.001;
/** From so many random looks on an estimate is worth saying; before, only its interval is. */
const LOOKS_TO_ESTIMATE = 10;

/**
 * A share that is at least reached: rounded down, so that it is never said to be more.
 *
 * @param {number} share
 */
export function atLeast(share) {
  const scale = share > 0.99 || share < 0.1 ? 10 : 1;
  return `${Math.floor(100 * share * scale + 1e-9) / scale}\u00a0%`;
}

/** A target as it was set. @param {number} share */
export function targetWord(share) {
  return `${Number((100 * share).toFixed(1))}\u00a0%`;
}

/** An estimate; small ones keep a digit. @param {number} share */
export function percent(share) {
  return `${(100 * share).toFixed(share > 0 && share < 0.0995 ? 1 : 0)}\u00a0%`;
}

/** @param {number} count */
export function number(count) {
  return count.toLocaleString("en");
}

/** @param {number} count @param {string} one @param {string} [many] */
export function counted(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** @param {Recall} recall @returns {string} "61 found." */
export function foundWords({ found }) {
  return found === 0 ? "Nothing found yet." : `${number(found)} found.`;
}

/** @param {Recall} recall @returns {string} what the number found is worth */
export function boundWords({ found, bound, at_most, confidence }) {
  const sure = `With ${targetWord(confidence)} confidence`;
  if (found === 0) return at_most === null ? "" : `${sure} there are at most ${number(at_most)}.`;
  return bound === null || bound < LEAST_SAID ? "How much of all that is cannot be said yet." : `${sure} that is at least ${atLeast(bound)} of all.`;
}

/** @param {Recall} recall @returns {string} what to do about it */
export function nextWords({ is_reached, looks_to_target, target, refused, prevalence }) {
  if (is_reached) return `The target of ${targetWord(target)} is reached: you may stop.`;
  if (looks_to_target !== null) return `${counted(looks_to_target, "more look")} without a hit would make it ${targetWord(target)}.`;
  if (refused.length) return refused[refused.length - 1].why; // what random looks lack: the least that the meter needs
  return prevalence ? prevalenceWords({ prevalence }) : "";
}

/** @param {Pick<Recall, "prevalence">} recall @returns {string} */
export function prevalenceWords({ prevalence }) {
  if (!prevalence) return "Unknown: no item was drawn at random yet.";
  const { estimate, low, high, looks } = prevalence;
  const from = `from ${counted(looks, "random look")}.`;
  if (looks < LOOKS_TO_ESTIMATE) return `Between ${percent(low)} and ${percent(high)} (95\u00a0%), ${from}`;
  return `About ${percent(estimate)} (95\u00a0%: ${percent(low)} to ${percent(high)}), ${from}`;
}

/** @param {Recall} recall @returns {string} */
export function headWords({ head }) {
  if (!head || head.looks === 0) return "Unknown: no random item was judged while there was a model.";
  const { looks, errors, error_rate, low, high } = head;
  return `Wrong on ${number(errors)} of ${counted(looks, "random item")}: ${percent(error_rate)} (95\u00a0%: ${percent(low)} to ${percent(high)}).`;
}

/** @param {Recall} recall @returns {string} one short line, for a phone and a status bar */
export function shortWords({ found, bound }) {
  if (found === 0) return "";
  return bound === null || bound < LEAST_SAID ? `${number(found)} found` : `${number(found)} found, at least ${atLeast(bound)}`;
}
