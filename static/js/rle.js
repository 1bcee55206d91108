// @ts-check
/**
 * Masks as run lengths in COCO's compressed form, as pycocotools writes them: runs of 0 and 1 in turn, column by column.
 *
 * @typedef {{size: [number, number], counts: string}} Rle size: height, width in pixels of the image
 * @typedef {{x: number, y: number, width: number, height: number, bits: Uint8Array}} Region part of an image at x, y;
 *   bits: 0 or 1, row by row
 * @typedef {[number, number, number, number]} Box x1, y1, x2, y2 in pixels; x2 and y2 are the first outside
 */

/** @param {Rle} rle @returns {number[]} lengths of the runs; throws RangeError where they do not cover the image */
export function runsOf({ size: [height, width], counts }) {
  /** @type {number[]} */
  const runs = [];
  let covered = 0;
  for (let at = 0; at < counts.length; ) {
    let value = 0;
    let shift = 0;
    let bits = 0;
    do {
      bits = counts.charCodeAt(at++) - 48;
      if (!(bits >= 0 && bits < 64) || shift > 30) throw new RangeError("The mask's run lengths are cut short or not COCO's.");
      value |= (bits & 31) << shift;
      shift += 5;
    } while (bits & 32);
    if (bits & 16 && shift < 32) value |= -1 << shift;
    // From the fourth run on, what is written is the difference to the last but one.
    const run = runs.length > 2 ? value + runs[runs.length - 2] : value;
    if (run < 0) throw new RangeError("The mask has a run of negative length.");
    runs.push(run);
    covered += run;
  }
  if (covered !== height * width) {
    throw new RangeError(`The mask's runs cover ${covered} pixels, its size ${height} × ${width} has others.`);
  }
  return runs;
}

/** @param {number[]} runs @returns {string} COCO's text */
export function countsOf(runs) {
  /** @type {string[]} */
  const text = [];
  for (let i = 0; i < runs.length; i++) {
    let value = i > 2 ? runs[i] - runs[i - 2] : runs[i];
    let isMore = true;
    while (isMore) {
      const bits = value & 31;
      value >>= 5;
      isMore = bits & 16 ? value !== -1 : value !== 0;
      text.push(String.fromCharCode((isMore ? bits | 32 : bits) + 48));
    }
  }
  return text.join("");
}

/** @param {number[]} runs @returns {number} pixels of the mask */
export function areaOf(runs) {
  let area = 0;
  for (let i = 1; i < runs.length; i += 2) area += runs[i];
  return area;
}

/** @param {number[]} runs @param {number} height of the image @returns {Box | null} null for an empty mask */
export function boxOf(runs, height) {
  let [x1, y1, x2, y2] = [Infinity, height, 0, 0];
  eachRun(runs, (start, end) => {
    const [first, last] = [Math.floor(start / height), Math.floor((end - 1) / height)];
    x1 = Math.min(x1, first);
    x2 = Math.max(x2, last + 1);
    y1 = Math.min(y1, first === last ? start % height : 0);
    y2 = Math.max(y2, first === last ? ((end - 1) % height) + 1 : height);
  });
  return x2 ? [x1, y1, x2, y2] : null;
}

/**
 * The pixels of the mask in a box; nothing outside the box is decoded.
 *
 * @param {Rle} rle @param {Box} [box] whole pixels inside the image; by default the mask's own box
 * @returns {Region} of no size for an empty mask
 */
export function regionOf(rle, box) {
  const runs = runsOf(rle);
  const height = rle.size[0];
  const [x1, y1, x2, y2] = box ?? boxOf(runs, height) ?? [0, 0, 0, 0];
  const width = x2 - x1;
  const bits = new Uint8Array(width * (y2 - y1));
  eachRun(runs, (start, end) => {
    const last = Math.min(Math.floor((end - 1) / height), x2 - 1);
    for (let x = Math.max(Math.floor(start / height), x1); x <= last; x++) {
      const top = Math.max(start - x * height, y1);
      const bottom = Math.min(end - x * height, y2);
      for (let y = top, at = (top - y1) * width + x - x1; y < bottom; y++, at += width) bits[at] = 1;
    }
  });
  return { x: x1, y: y1, width, height: y2 - y1, bits };
}

/** @param {Region} region inside the image @param {[number, number]} size height, width of the image @returns {Rle} */
export function rleOf({ x, y, width, height, bits }, size) {
  const rows = size[0];
  /** @type {number[]} where the value changes, counted column by column */
  const changes = [];
  for (let column = 0; column < width; column++) {
    const top = (x + column) * rows + y;
    let last = 0;
    for (let row = 0, at = column; row < height; row++, at += width) {
      if (bits[at] !== last) changes.push(top + row);
      last = bits[at];
    }
    if (last) changes.push(top + height);
  }
  return { size, counts: countsOf(lengthsOf(changes, rows * size[1])) };
}

/** @param {number[]} changes in order; one that comes twice is none @param {number} end @returns {number[]} */
function lengthsOf(changes, end) {
  const runs = [];
  let from = 0;
  for (let i = 0; i < changes.length; i++) {
    if (changes[i] === changes[i + 1]) {
      i++;
      continue;
    }
    runs.push(changes[i] - from);
    from = changes[i];
  }
  if (from < end || !runs.length) runs.push(end - from);
  return runs;
}

/** @param {number[]} runs @param {(start: number, end: number) => void} take each run of ones that has a length */
function eachRun(runs, take) {
  let at = 0;
  for (let i = 0; i < runs.length; i++) {
    if (i % 2 && runs[i]) take(at, at + runs[i]);
    at += runs[i];
  }
}
