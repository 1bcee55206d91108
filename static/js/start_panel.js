// @ts-check
/** Where to start without a positive. */
export class StartPanel {
  /** @param {{api: import("./api.js").Api, session: import("./session.js").Session, notices: import("./notice.js").Notices, onChange: () => void}} parts */
  constructor(parts) {
    this.parts = parts;
  }
  isOpen = false;
  toggle() {}
}
