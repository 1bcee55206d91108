// @ts-check
/** Where the pictures of a grid come from: the nearest of one item, or the next of the queue. */
import { isBulk } from "./lineup.js";

/** @typedef {import("./grid_batch.js").Item} Item */
/** @typedef {import("./grid_batch.js").Mark} Mark */
/** @typedef {{items: Item[], model_version: number, title: string, help: string, usual: (item: Item) => Mark}} Filling */
/**
 * @typedef {object} Source
 * @property {"sweep" | "grid"} way
 * @property {boolean} isEndless whether the next pictures come after Enter
 * @property {string} title while the pictures are on their way
 * @property {string} nothing what is said when there are none
 * @property {Item | null} anchor what the pictures are like
 * @property {(n: number, isAgain: boolean) => Promise<Filling>} load
 */

const ONE_BY_ONE = new Set(["random", "repeat", "disagreement"]); // they measure: nothing is said of them in passing
const RECENT = 20;
const QUEUE_MOST = 200;
const NEIGHBOURS_MOST = 200;
const PATIENCE = 8;
const PAUSE_MS = 150;

/**
 * The item that this person labelled last, on this page or before it was opened; skips and grids aside.
 *
 * @param {import("./session.js").Session} session @param {string} usual who judges unless the page says otherwise
 * @returns {Promise<{item: Item, label: number} | null>}
 */
export async function lastLabelled({ api, annotator, lineup }, usual) {
  if (lineup.lastLabelled) return lineup.lastLabelled;
  const name = encodeURIComponent(annotator() || usual);
  const { rows } = await api.get(`/api/review?order=newest&annotator=${name}&limit=${RECENT}`);
  const last = rows.find((/** @type {any} */ { verdict }) => verdict.label !== null && !isBulk(verdict));
  return last ? { item: last.item, label: last.verdict.label } : null;
}

/**
 * The open items nearest to one that was labelled, marked as it is.
 *
 * @param {import("./session.js").Session} session @param {{item: Item, label: number}} anchor @returns {Source}
 */
export function lookAlikes({ api, outbox }, { item, label }) {
  const name = item.path.split("/").at(-1);
  const word = label === 1 ? "positive" : "negative";
  return {
    way: "sweep",
    isEndless: false,
    title: `Look-alikes of ${name}`,
    nothing: "Nothing like it is open.",
    anchor: item,
    load: async (n) => {
      const { items, version } = await api.get(`/api/items/${item.id}/neighbours?n=${Math.min(n + outbox.size, NEIGHBOURS_MOST)}`);
      return {
        items: without(items, outbox.itemIds()),
        model_version: version,
        title: `Look-alikes of ${name}`,
        help: `Nearest first, all marked ${word}. Turn the exceptions.`,
        usual: () => (label === 1 ? 1 : 0),
      };
    },
  };
}

/** The next items of the queue, marked as the model thinks. @param {import("./session.js").Session} session @returns {Source} */
export function nextOfQueue({ api, outbox }) {
  return {
    way: "grid",
    isEndless: true,
    title: "The next pictures",
    nothing: "Nothing is left here: what the queue still has is looked at one by one.",
    anchor: null,
    load: async (n, isAgain) => {
      const waiting = outbox.itemIds();
      const queue = await settledQueue(api, Math.min(n + waiting.size, QUEUE_MOST), isAgain ? PATIENCE : 0);
      const isMarked = !queue.is_blind && queue.items.some((/** @type {Item} */ item) => item.probability !== null);
      return {
        items: together(without(queue.items, waiting)),
        model_version: queue.model.version,
        title: "The next pictures",
        help: isMarked ? "Marked as the model thinks. Turn the exceptions." : unmarkedHelp(queue.is_blind),
        usual: (item) => (isMarked && item.probability !== null ? (item.probability >= 0.5 ? 1 : 0) : null),
      };
    },
  };
}

/** @param {boolean} isBlind @returns {string} */
function unmarkedHelp(isBlind) {
  const why = isBlind ? "This goal is judged without the model's word" : "No model yet";
  return `${why}: nothing is marked. Mark all, then turn the exceptions.`;
}

/**
 * The queue, where asked once the model knows what was labelled just now.
 *
 * @param {import("./api.js").Api} api @param {number} n @param {number} patience how often it is asked again
 */
async function settledQueue(api, n, patience) {
  for (let asked = 0; ; asked += 1) {
    const queue = await api.get(`/api/queue?n=${n}`);
    if (queue.model.state !== "fitting" || asked >= patience) return queue;
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}

/** @param {Item[]} items @param {Set<string>} ids @returns {Item[]} */
function without(items, ids) {
  return items.filter((item) => !ids.has(item.id));
}

/** Without the random looks and second looks among others; a queue that is all random keeps them. @param {Item[]} items @returns {Item[]} */
function together(items) {
  const isAudit = items.every(({ strategy }) => strategy === "random");
  return isAudit ? items : items.filter(({ strategy }) => !ONE_BY_ONE.has(strategy));
}
