// @ts-check
/** Many items at once: look-alikes of the last one, or the next of the queue. */
export class GridMode {
  /** @param {{api: import("./api.js").Api, session: import("./session.js").Session, notices: import("./notice.js").Notices, config: import("./types.js").Config, onPress: () => void}} parts */
  constructor(parts) {
    this.parts = parts;
  }
  isOpen = false;
  sweep() {}
  grid() {}
  /** A key pressed while it is open. @param {KeyboardEvent} event @param {string | undefined} action */
  press(event, action) {}
}
