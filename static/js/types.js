// @ts-check
/**
 * The shapes that travel between server and page.
 *
 * @typedef {{id: string, index: number, path: string, image_url: string, crop_url: string,
 *   box_xyxy: number[] | null, view_xyxy: number[] | null, class_name: string | null, score: number | null,
 *   probability: number | null, strategy: string, model_version?: number}} Item
 * @typedef {{labeled: number, positive: number, negative: number, skipped: number, total: number,
 *   unreadable: number, invalid: number}} Progress
 * @typedef {{version: number, labels: number, state: string}} Model
 * @typedef {{items: Item[], progress: Progress, model: Model, strategy: string, goal: string | null, is_blind: boolean}} Queue
 * @typedef {{seq: number, item_id: string, label: number, probability: number | null, brier: number | null,
 *   brier_mean: number | null, error_rate: number | null}} MetricsPoint
 * @typedef {{seq: number, item_id: string, label: number | null, annotator: string, created_at: number,
 *   elapsed_ms: number | null, probability: number | null, model_version: number | null, strategy: string | null,
 *   kind: "verdict" | "miss" | "complete" | "reject" | "auto", reason: string | null, class_name: string | null}} Verdict
 * @typedef {{verdict: Verdict, item: Item | null, progress: Progress, metrics: MetricsPoint | null, queue: Queue,
 *   verdicts?: number, left_out?: number}} Answer `verdicts` and `left_out` answer a bulk press
 * @typedef {"sweep" | "grid" | "lasso"} Way how many items were labelled together
 * @typedef {{name: string, label: string, help: string}} Strategy
 * @typedef {{name: string, label: string, help: string, holds_object: boolean}} Reason
 * @typedef {{classes: string[], score_min: number, score_max: number, set_aside: string[], images: string[]}} Filter
 * @typedef {Filter & {shown: number, hidden: number, open: number, judged: number, has_boxes: boolean,
 *   available: {name: string, count: number}[], named: string[]}} FilterInForce
 * @typedef {{keys: Record<string, string[]>, auto_seconds: number, annotator: string, strategies: Strategy[], goals: import("./types_goals.js").Goal[], is_goal_chosen: boolean,
 *   reasons: Reason[], pool: {name: string, total: number, duplicates: number, has_boxes: boolean}, encoder: string}} Config
 * @typedef {{kind: "verdict" | "bulk" | "audit" | "undo" | "miss" | "complete" | "correction" | "review", key: string, annotator: string, at: number,
 *   item_id?: string, label?: number | null, reason?: string, class_name?: string, elapsed_ms?: number,
 *   model_version?: number, strategy?: string, box_xyxy?: number[], is_replaced?: boolean, path?: string,
 *   outcome?: "accept" | "reject" | "correct", kept?: string[], drawn?: object[], deleted?: string[], based_on?: number | null,
 *   way?: Way, items?: {item_id: string, label: number}[], number?: number}} Press
 */
export {};
