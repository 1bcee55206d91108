// @ts-check
/** How verdicts are put into words and signs. */

/** @typedef {import("./types.js").Verdict} Verdict */

export const LABELS = /** @type {const} */ ({
  negative: { label: 0, sign: "−", word: "Negative" },
  skip: { label: null, sign: "◇", word: "Skip" },
  positive: { label: 1, sign: "+", word: "Positive" },
});
const THUMBNAIL_PX = 256;
const UNITS = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([
  ["day", 86_400],
  ["hour", 3600],
  ["minute", 60],
]);
const relative = new Intl.RelativeTimeFormat("en", { style: "narrow" });

/** @param {number | null} label @returns {"positive" | "negative" | "skipped"} */
export function labelName(label) {
  return label === null ? "skipped" : label === 1 ? "positive" : "negative";
}

/** @param {Verdict} verdict @returns {string} why it was rejected, in words; empty where nothing was said */
export function reasonWords({ reason, class_name }) {
  const words = (reason ?? "").replace("_", " ");
  return class_name ? `${words || "as"}: ${class_name}` : words;
}

/** @param {Verdict} verdict @returns {string} what an undo took back */
export function takenWord({ kind, label, strategy }) {
  if (kind === "auto") return "what the model decided";
  if (kind === "miss") return "the mark that an object is missed";
  if (kind === "reject" || (kind === "complete" && strategy === "review")) return "the review of an image's prediction";
  if (kind === "complete") return "the mark that an image is complete";
  return strategy === "correction" ? "a box drawn by hand" : labelName(label);
}

/** @param {number} created_at seconds since 1970 @returns {string} */
export function ago(created_at) {
  const seconds = Date.now() / 1000 - created_at;
  const unit = UNITS.find(([, length]) => seconds >= length);
  return unit ? relative.format(-Math.floor(seconds / unit[1]), unit[0]) : "just now";
}

/** @param {Verdict} verdict @returns {string} */
export function exactly(verdict) {
  const at = new Date(1000 * verdict.created_at).toLocaleString();
  const took = verdict.elapsed_ms === null ? "" : ` in ${(verdict.elapsed_ms / 1000).toFixed(1)} s`;
  const why = reasonWords(verdict);
  return `${labelName(verdict.label)}${why && ` (${why})`} by ${verdict.annotator}, ${at}${took}`;
}

/** @param {import("./types.js").Item} item @returns {string} a small picture of what was judged */
export function thumbnail(item) {
  const url = new URL(item.crop_url, location.href);
  url.searchParams.set("size", String(THUMBNAIL_PX));
  return url.pathname + url.search;
}
