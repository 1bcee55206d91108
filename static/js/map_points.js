// @ts-check
/** The map's points and what is known of each, as the server packs them (docs/insight.md); columns, no objects. */

/** What a point is to the person: bytes of the wire. */
export const KIND = /** @type {const} */ ({ negative: 0, positive: 1, skipped: 2, open: 3, hidden: 4, autoNegative: 5, autoPositive: 6 });
export const NO_PROBABILITY = 255;
const MOST_PROBABLE = 254;
const POINTS_MAGIC = 0x50414d57; // "WMAP", little-endian
const STATE_MAGIC = 0x54534d57; // "WMST"
const HEADER_BYTES = 24;

/**
 * @typedef {{key: number, count: number, ids: BigUint64Array, x: Uint16Array, y: Uint16Array, cluster: Int16Array,
 *   clusters: number}} Points x right, y down, 0 to 65,535 on both; cluster −1 = in none
 * @typedef {{key: number, seq: number, version: number, kind: Uint8Array, probability: Uint8Array}} State
 */

/** @param {ArrayBuffer} buffer of GET /api/map @returns {Points} */
export function readPoints(buffer) {
  const [key, count, clusters] = header(buffer, POINTS_MAGIC);
  const ids = new BigUint64Array(buffer, HEADER_BYTES, count);
  const from = HEADER_BYTES + 8 * count;
  const column = (/** @type {number} */ i) => /** @type {[ArrayBuffer, number, number]} */ ([buffer, from + 2 * i * count, count]);
  return { key, count, clusters, ids, x: new Uint16Array(...column(0)), y: new Uint16Array(...column(1)), cluster: new Int16Array(...column(2)) };
}

/** @param {ArrayBuffer} buffer of GET /api/map/state @returns {State} */
export function readState(buffer) {
  const [key, count, seq, version] = header(buffer, STATE_MAGIC);
  return { key, seq, version, kind: new Uint8Array(buffer, HEADER_BYTES, count), probability: new Uint8Array(buffer, HEADER_BYTES + count, count) };
}

/** @param {Points} points @param {number} i @returns {string} the item's id */
export function idOf(points, i) {
  return points.ids[i].toString(16).padStart(16, "0");
}

/** @param {number} byte @returns {number | null} P(label = 1) */
export function probabilityOf(byte) {
  return byte === NO_PROBABILITY ? null : byte / MOST_PROBABLE;
}

/** @param {ArrayBuffer} buffer @param {number} magic @returns {number[]} the header's numbers after the magic */
function header(buffer, magic) {
  const numbers = buffer.byteLength >= HEADER_BYTES ? new Uint32Array(buffer, 0, HEADER_BYTES / 4) : [];
  if (numbers[0] !== magic) throw new RangeError("The map's bytes are not what this page reads; reload the page.");
  return [...numbers.slice(1)];
}
