// @ts-check
/** What a point's colour and sign say, by the colouring chosen; the legend is made from the same tables. */
import { KIND, NO_PROBABILITY } from "./map_points.js";
import { SIGN } from "./map_paint.js";

/** @typedef {import("./map_points.js").Points} Points */
/** @typedef {import("./map_points.js").State} State */
/** @typedef {import("./map_paint.js").Look} Look */
/** @typedef {"label" | "probability" | "cluster"} Colouring */

export const COLOURINGS = /** @type {Record<Colouring, string>} */ ({ label: "Label", probability: "Probability", cluster: "Cluster" });
export const HUES = 8;
/** By the bytes of KIND: sign, colour's name, words; points that rank higher are drawn over the others. */
export const KINDS = [
  { sign: SIGN.minus, colour: "negative", mark: "−", words: "negative", rank: 3 },
  { sign: SIGN.plus, colour: "positive", mark: "+", words: "positive", rank: 4 },
  { sign: SIGN.diamond, colour: "skipped", mark: "◇", words: "skipped", rank: 2 },
  { sign: SIGN.dot, colour: "open", mark: "●", words: "open", rank: 1 },
  { sign: SIGN.faint, colour: "faint", mark: "·", words: "not shown now", rank: 0 },
  { sign: SIGN.minus, colour: "auto-negative", mark: "−", words: "negative by the model", rank: 2 },
  { sign: SIGN.plus, colour: "auto-positive", mark: "+", words: "positive by the model", rank: 2 },
];
const RANKS = 5;

/** Reads the colours of this theme from the stylesheet. */
export class Palette {
  /** @type {Map<string, number>} */
  #known = new Map();

  forget() {
    this.#known.clear();
  }

  /** @param {string} name of `.probe--NAME` @returns {number} a pixel: alpha, blue, green, red */
  pixel(name) {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const pixel = toPixel(this.css(name));
    this.#known.set(name, pixel);
    return pixel;
  }

  /** @param {string} name @returns {string} as rgb(…) */
  css(name) {
    const probe = document.createElement("span");
    probe.hidden = true;
    probe.className = `probe--${name}`;
    document.body.append(probe);
    const { color } = getComputedStyle(probe);
    probe.remove();
    return color;
  }

  /** Pixels by a probability's byte: orange over grey to blue. */
  ramp() {
    const [low, middle, high] = ["negative", "ramp-middle", "positive"].map((name) => this.pixel(name));
    return Uint32Array.from({ length: 256 }, (_, byte) => {
      const p = byte / 254;
      if (byte === NO_PROBABILITY) return this.pixel("faint");
      return p < 0.5 ? mixed(low, middle, 2 * p) : mixed(middle, high, 2 * p - 1);
    });
  }
}

/**
 * Colours, signs and order of all points.
 *
 * @param {Points} points @param {State} state @param {Colouring} colouring @param {Palette} palette
 * @param {Uint8Array} hues of each cluster, 0 to 7 @returns {Look}
 */
export function lookOf(points, state, colouring, palette, hues) {
  const colours = new Uint32Array(points.count);
  const signs = new Uint8Array(points.count);
  const byKind = KINDS.map(({ colour }) => palette.pixel(colour));
  const byHue = Array.from({ length: HUES }, (_, hue) => palette.pixel(`cluster-${hue}`));
  const ramp = palette.ramp();
  for (let i = 0; i < points.count; i += 1) {
    const kind = state.kind[i];
    const isFaint = kind === KIND.hidden;
    signs[i] = colouring === "label" || isFaint ? KINDS[kind].sign : SIGN.dot;
    if (colouring === "label" || isFaint) colours[i] = byKind[kind];
    else if (colouring === "probability") colours[i] = ramp[state.probability[i]];
    else colours[i] = points.cluster[i] < 0 ? byKind[KIND.hidden] : byHue[hues[points.cluster[i]]];
  }
  return { colours, signs, order: ranked(state.kind, colouring), ring: palette.pixel("selected") };
}

/** Places by the rank of their kind, what is most telling last. @param {Uint8Array} kinds @param {Colouring} colouring */
function ranked(kinds, colouring) {
  const rankOf = KINDS.map(({ rank }) => (colouring === "label" ? rank : Math.min(rank, 1)));
  const starts = new Uint32Array(RANKS + 1);
  for (const kind of kinds) starts[rankOf[kind] + 1] += 1;
  for (let rank = 0; rank < RANKS; rank += 1) starts[rank + 1] += starts[rank];
  const order = new Uint32Array(kinds.length);
  for (let i = 0; i < kinds.length; i += 1) order[starts[rankOf[kinds[i]]]++] = i;
  return order;
}

/**
 * The middle of each cluster, as (x, y) of the plane: means of its points.
 *
 * @param {Points} points @returns {{x: number, y: number, size: number}[]}
 */
export function middlesOf(points) {
  const middles = Array.from({ length: points.clusters }, () => ({ x: 0, y: 0, size: 0 }));
  for (let i = 0; i < points.count; i += 1) {
    const middle = middles[points.cluster[i]];
    if (!middle) continue;
    middle.x += points.x[i];
    middle.y += points.y[i];
    middle.size += 1;
  }
  for (const middle of middles) {
    middle.x /= Math.max(1, middle.size);
    middle.y /= Math.max(1, middle.size);
  }
  return middles;
}

/**
 * A hue for each cluster, of eight: the largest first, each in the hue whose clusters lie farthest away.
 *
 * @param {{x: number, y: number, size: number}[]} middles @returns {Uint8Array}
 */
export function huesOf(middles) {
  const hues = new Uint8Array(middles.length);
  /** @type {number[][]} */
  const placed = Array.from({ length: HUES }, () => []);
  const away = (/** @type {number} */ one, /** @type {number} */ other) => Math.hypot(middles[one].x - middles[other].x, middles[one].y - middles[other].y);
  const bySize = middles.map((_, cluster) => cluster).sort((one, other) => middles[other].size - middles[one].size);
  for (const cluster of bySize) {
    const room = placed.map((others) => Math.min(Infinity, ...others.map((other) => away(cluster, other))));
    hues[cluster] = room.indexOf(Math.max(...room));
    placed[hues[cluster]].push(cluster);
  }
  return hues;
}

/** @param {string} colour as rgb(…) @returns {number} */
function toPixel(colour) {
  const [red, green, blue] = (colour.match(/[\d.]+/g) ?? []).map(Number);
  return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
}

/** @param {number} one @param {number} other @param {number} share of the other */
function mixed(one, other, share) {
  const channel = (/** @type {number} */ shift) => {
    const [from, to] = [(one >> shift) & 255, (other >> shift) & 255];
    return Math.round(from + share * (to - from)) << shift;
  };
  return ((255 << 24) | channel(16) | channel(8) | channel(0)) >>> 0;
}
