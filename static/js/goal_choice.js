// @ts-check
/** The choice of a goal. */
export class GoalChoice {
  /** @param {{api: import("./api.js").Api, notices: import("./notice.js").Notices, onChange: () => void}} parts */
  constructor(parts) {
    this.parts = parts;
  }
  next() {}
  /** @param {import("./types.js").Queue} queue the server's newest word */
  show(queue) {}
}
