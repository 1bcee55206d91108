// @ts-check
/**
 * The shapes of goals, the recall meter, the start, likeness and the self-check.
 *
 * @typedef {{name: string, label: string, help: string, strategy: string, is_blind: boolean}} Goal
 * @typedef {{low: number, high: number, mean_probability: number, share: number, count: number}} Bin
 * @typedef {{looks: number, errors: number, error_rate: number, low: number, high: number, brier: number, bins: Bin[]}} Head
 * @typedef {{estimate: number, low: number, high: number, looks: number}} Prevalence
 * @typedef {{population: number, found: number, looked: number, open: number, set_aside: number, auto: number,
 *   at_most: number | null, bound: number | null, bound_method: "ranked" | "random" | null, bound_random: number | null, confidence: number,
 *   target: number, is_reached: boolean, looks_to_target: number | null, refused: {method: string, why: string}[],
 *   prevalence: Prevalence | null, head: Head | null, seq: number}} Recall
 * @typedef {{way: string, available: import("./types.js").Strategy[],
 *   coverage: {seen: number, total: number, share_of_items: number} | null,
 *   examples: {id: string, kind: "item" | "picture", url: string}[], state: "ready" | "building" | "encoding", problem: string | null}} Start
 * @typedef {import("./types.js").Item & {likeness: number}} Like
 * @typedef {{is_shown: boolean, set_aside: number, likeness: number, state: "off" | "building" | "ready"}} NearDuplicates
 * @typedef {{repeats: number, agreed: number, agreement: {low: number, high: number} | null, hasty: number, share: number}} SelfCheck
 */
export {};
