// @ts-check
/** Times and durations as people say them. */

const UNITS = /** @type {[Intl.RelativeTimeFormatUnit, number][]} */ ([["day", 86400], ["hour", 3600], ["minute", 60]]);
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });

/** @param {number} seconds @returns {string} such as "12 s", "3 min 20 s", "2 h 5 min" */
export function duration(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return minutes < 10 && whole % 60 ? `${minutes} min ${whole % 60} s` : `${minutes} min`;
  return minutes % 60 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${minutes / 60} h`;
}

/** @param {number} at seconds since 1970 @returns {string} such as "3 minutes ago" */
export function timeAgo(at) {
  const seconds = Date.now() / 1000 - at;
  const [unit, size] = UNITS.find(([, size]) => seconds >= size) ?? ["second", 0];
  return size ? relative.format(-Math.floor(seconds / size), unit) : "just now";
}

/** @param {number} at seconds since 1970 @returns {string} date and time to the second, for a title */
export function exactTime(at) {
  return new Date(at * 1000).toLocaleString();
}
