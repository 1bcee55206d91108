// @ts-check
/** The nearest accepted and rejected items. */
export class Exemplars {
  /** @param {{api: import("./api.js").Api, session: import("./session.js").Session}} parts */
  constructor(parts) {
    this.parts = parts;
  }
  toggle() {}
  /** Called after the paint with the item on screen. @param {import("./types.js").Item | null} item */
  show(item) {}
}
