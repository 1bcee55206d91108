// @ts-check
/** What the batch came to, whether a training would learn from it, and its results as a folder of files. */
import { byId, setText } from "./dom.js";
import { openJobFeed } from "./job_feed.js";
import { JobPanel } from "./job_panel.js";
import { showProblem } from "./predict_folders.js";
import { pair } from "./results_panel.js";

/**
 * @typedef {{model_version: number | null, since_seq: number, accepted: number, refined: number, rejected: number,
 *   changed_objects: number, missed: number, open: number, is_changed: boolean, message: string}} Batch
 */

export const FOLDER_KIND = "results";

export class ResultBatch {
  #panel;
  /** Jobs that this page asked for. @type {Set<number>} */
  #started = new Set();
  #asked = 0;

  /** @param {import("./api.js").Api} api */
  constructor(api) {
    this.api = api;
    this.#panel = new JobPanel({ api, kinds: [FOLDER_KIND] });
    byId("write-folder").addEventListener("click", () => void this.#write());
    openJobFeed({ onJob: (job) => this.#takeJob(job) });
  }

  /** How it stands now; null where that is not known, or was asked again since. */
  async read() {
    const asked = ++this.#asked;
    try {
      const batch = /** @type {Batch} */ (await this.api.get("/api/results/batch"));
      if (asked !== this.#asked) return null;
      setText(byId("batch-line"), `${inWords(batch)} ${batch.message}`);
      return batch;
    } catch (error) {
      if (asked === this.#asked) setText(byId("batch-line"), `The batch cannot be counted: ${error instanceof Error ? error.message : error}`);
      return null;
    }
  }

  /** What stands at the end of the images. */
  async showEnd() {
    setText(byId("end-title"), "The last image is behind you");
    setText(byId("end-message"), "…");
    const reading = this.read();
    const asked = this.#asked;
    const batch = await reading;
    if (asked !== this.#asked) return;
    const isNoChange = batch && !batch.is_changed && batch.accepted > 0;
    setText(byId("end-title"), isNoChange ? "No change, no retrain" : batch?.open ? "The end of this list" : "Every image is reviewed");
    setText(byId("end-message"), batch?.message ?? byId("batch-line").textContent ?? "");
    if (batch) byId("end-figures").replaceChildren(...figures(batch).flatMap(([name, value]) => pair(name, value)));
  }

  async #write() {
    showProblem(byId("folder-problem"), "");
    byId("folder-done").hidden = true;
    try {
      const { job } = await this.api.post("/api/results-folder", {});
      this.#started.add(job.number);
      this.#takeJob(this.#panel.get(job.number) ?? job); // the feed may have told of its end before this answer came
    } catch (error) {
      showProblem(byId("folder-problem"), error);
    }
  }

  /** @param {import("./job_feed.js").Job} job */
  #takeJob(job) {
    this.#panel.take(job);
    if (job.ended_at === null || !this.#started.delete(job.number) || job.state !== "completed") return;
    byId("folder-done").hidden = false;
    setText(byId("folder-done"), `Written: ${job.result.folder ?? job.text}`);
  }
}

/** @param {Batch} batch @returns {[string, string][]} */
function figures({ accepted, refined, rejected, changed_objects, missed, open }) {
  const counts = { "Accepted as they are": accepted, Corrected: refined, Rejected: rejected, "Objects changed": changed_objects };
  const more = { ...counts, ...(missed ? { "Images with missed objects": missed } : {}), "Still open": open };
  return Object.entries(more).map(([name, n]) => [name, n.toLocaleString("en")]);
}

/** @param {Batch} batch */
function inWords({ model_version, accepted, refined, rejected, open }) {
  const since = model_version === null ? "So far" : `Since model v${model_version}`;
  return `${since}: ${accepted} accepted, ${refined} corrected, ${rejected} rejected, ${open.toLocaleString("en")} open.`;
}
