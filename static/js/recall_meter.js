// @ts-check
/** The recall meter. */
export class RecallMeter {
  /** @param {{api: import("./api.js").Api, notices: import("./notice.js").Notices}} parts */
  constructor(parts) {
    this.parts = parts;
  }
  toggle() {}
  /** Called after the paint whenever verdicts arrived. */
  refreshSoon() {}
}
