// @ts-check
/** The server's jobs as they go on; the connection comes back by itself and misses nothing. */

/**
 * @typedef {{number: number, kind: string, title: string, arguments: string[], session: number | null, state: string,
 *   created_at: number, started_at: number | null, ended_at: number | null, done: number, total: number, text: string,
 *   error: string | null, result: Record<string, any>}} Job
 * @typedef {{job: number, seq: number, kind: string, at: number, [name: string]: any}} JobEvent
 */

const RETRY_MS = 2000;
export const LIVE = ["queued", "running", "stopping"];

/**
 * Listen from now on. At first every job is told once, then each change; events from the start of a job that goes on.
 *
 * @param {{onJob?: (job: Job) => void, onEvent?: (event: JobEvent) => void, onProblem?: (detail: string) => void,
 *   onReachable?: (isReachable: boolean) => void}} listeners
 * @returns {{close: () => void}}
 */
export function openJobFeed({ onJob, onEvent, onProblem, onReachable }) {
  /** @type {EventSource} */
  let source;
  let timer = 0;
  /** Job → the newest event told: a connection opened anew begins again. @type {Map<number, number>} */
  const told = new Map();
  /** @param {JobEvent} event */
  const tell = (event) => {
    if (event.seq <= (told.get(event.job) ?? 0)) return;
    told.set(event.job, event.seq);
    onEvent?.(event);
  };
  const open = () => {
    source = new EventSource("/api/jobs/events");
    source.addEventListener("open", () => onReachable?.(true));
    source.addEventListener("job", (message) => onJob?.(JSON.parse(message.data)));
    source.addEventListener("event", (message) => tell(JSON.parse(message.data)));
    source.addEventListener("problem", (message) => onProblem?.(JSON.parse(message.data).detail));
    source.addEventListener("error", () => {
      onReachable?.(false);
      // The browser comes back by itself, with the last id, after a lost connection, but not after a refusal.
      if (source.readyState === EventSource.CLOSED) timer = window.setTimeout(open, RETRY_MS);
    });
  };
  const close = () => {
    clearTimeout(timer);
    source.close();
  };
  open();
  // A page in the back-forward cache would keep one of the browser's six connections.
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  return { close };
}
