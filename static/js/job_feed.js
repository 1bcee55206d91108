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
 * @param {{onJob?: (job: Job) => void, onEvent?: (event: JobEvent) => void,
 *   onReachable?: (isReachable: boolean) => void}} listeners
 * @returns {{close: () => void}}
 */
export function openJobFeed({ onJob, onEvent, onReachable }) {
  /** @type {EventSource | null} */
  let source = null;
  let timer = 0;
  let place = ""; // of the last message, as the server counts
  /** Job → the newest event told: a server that does not know the place begins again. @type {Map<number, number>} */
  const told = new Map();
  /** @param {JobEvent} event */
  const tell = (event) => {
    if (event.seq <= (told.get(event.job) ?? 0)) return;
    told.set(event.job, event.seq);
    onEvent?.(event);
  };
  /** @param {string} kind @param {(content: any) => void} take */
  const listen = (kind, take) =>
    source?.addEventListener(kind, (message) => {
      place = message.lastEventId;
      take(JSON.parse(message.data));
    });
  const open = () => {
    close();
    source = new EventSource(`/api/jobs/events?after=${encodeURIComponent(place)}`);
    source.addEventListener("open", () => onReachable?.(true));
    listen("job", (job) => onJob?.(job));
    listen("event", tell);
    source.addEventListener("error", () => {
      onReachable?.(false);
      // The browser comes back by itself after a lost connection, but not after a refusal.
      if (source?.readyState === EventSource.CLOSED) timer = window.setTimeout(open, RETRY_MS);
    });
  };
  const close = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
  };
  open();
  // A browser has six connections to one address: pages that nobody looks at shall not hold them.
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => event.persisted && open());
  return { close };
}
