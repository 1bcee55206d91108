// @ts-check
/** Whether near-duplicates of labelled items are shown. */
export class NearDuplicates {
  /** @param {{api: import("./api.js").Api, notices: import("./notice.js").Notices, onChange: () => void}} parts */
  constructor(parts) {
    this.parts = parts;
  }
  toggle() {}
}
