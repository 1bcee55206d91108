// @ts-check
/** Where to start while there is no model: like an example, the unusual first, or a tour of the pool's groups. */
import { byId, element, html, setText, uuid } from "./dom.js";
import { InTurn } from "./in_turn.js";
import { NowAndThen } from "./now_and_then.js";
import { percent } from "./recall_words.js";
import { PictureCrop } from "./start_crop.js";
import { base64, listenForPictures } from "./start_pictures.js";

/** @typedef {import("./types_goals.js").Start} Start */

const EACH_MS = 1000;
/** @type {Record<Start["state"], string>} */
const WAITS = { ready: "", building: "The groups of the pool are still being worked out: until then, a bit of everything.", encoding: "The pictures are being read…" };
const NO_EXAMPLE = "There is no example yet: drop a picture on the page, or take the image on screen.";
const MOST_BYTES = 11_000_000; // in base 64 this is what one request may carry

export class StartPanel {
  #ways = byId("start-ways");
  #crop = new PictureCrop();
  #asking = new NowAndThen(() => this.#read(), EACH_MS);
  #choices = new InTurn();
  #adding = Promise.resolve();
  /** Why one of the choices on their way was not taken. */
  #refusal = "";
  /** @type {Start | null} */
  #now = null;

  /**
   * @param {{api: import("./api.js").Api, session: import("./session.js").Session, notices: import("./notice.js").Notices,
   *   panel: import("./panel_view.js").PanelView, onChange: () => void}} parts
   */
  constructor({ api, session, notices, panel, onChange }) {
    this.api = api;
    this.session = session;
    this.notices = notices;
    this.panel = panel;
    this.onChange = onChange;
    byId("start-this").addEventListener("click", () => this.#addItem());
    byId("start-examples").addEventListener("click", (event) => {
      const id = /** @type {HTMLElement} */ (event.target).closest("button")?.dataset.example;
      if (id) this.#send(() => this.api.delete(`/api/start/examples/${id}`));
    });
    this.#ways.addEventListener("change", (event) => this.#choose(/** @type {HTMLInputElement} */ (event.target).value));
    this.#ways.addEventListener("click", (event) => event.detail > 0 && /** @type {HTMLElement} */ (document.activeElement)?.blur());
    byId("start").addEventListener("keydown", (event) => event.key === "Escape" && this.#leave());
    listenForPictures((files) => this.#addPictures(files));
  }

  toggle() {
    this.panel.toggle("start");
    if (this.panel.now === "start") void this.#read().then(() => this.#checked()?.focus({ preventScroll: true }));
    else this.#leave();
  }

  /** Verdicts may have arrived: the tour goes on. */
  refreshSoon() {
    if (this.panel.now === "start") this.#asking.soon();
  }

  #leave() {
    this.panel.show("work");
    /** @type {HTMLElement | null} */ (document.activeElement)?.blur(); // the keys go back to the page
  }

  async #read() {
    const isStill = this.#choices.watch();
    const start = await this.api.get("/api/start").catch(() => null);
    if (start && isStill()) this.#take(start);
  }

  /** @param {string} way */
  #choose(way) {
    if (way !== "example" || this.#now?.examples.length) return this.#send(() => this.api.put("/api/start", { way }));
    for (const radio of this.#radios()) radio.checked = radio.value === this.#now?.way;
    return this.#tell(NO_EXAMPLE);
  }

  #addItem() {
    const item = this.session.current;
    if (item) this.#send(() => this.api.post("/api/start/examples", { key: uuid(), item_id: item.id }));
  }

  /** One after the other, also those of another drop, each with the question which part is meant. @param {File[]} files */
  #addPictures(files) {
    this.panel.show("start");
    if (!files.length) this.#tell("That is no picture.");
    for (const file of files) this.#adding = this.#adding.then(() => this.#addPicture(file));
  }

  /** @param {File} file */
  async #addPicture(file) {
    if (file.size > MOST_BYTES) return this.#tell(`${file.name} is larger than ${MOST_BYTES / 1e6} MB: make it smaller, or cut out the part that counts.`);
    let part, picture;
    try {
      part = await this.#crop.ask(file);
      picture = part && (await base64(file));
    } catch {
      return this.#tell(`${file.name} cannot be read as a picture.`);
    }
    if (!part) return undefined;
    const box = part.box_xyxy ? { box_xyxy: part.box_xyxy } : {};
    return this.#send(() => this.api.post("/api/start/examples", { key: uuid(), picture, name: file.name.slice(0, 200), ...box }));
  }

  /** @param {() => Promise<Start>} call */
  #send(call) {
    byId("start").setAttribute("aria-busy", "true");
    this.#choices.add(async () => {
      const start = await call().catch((error) => void (this.#refusal = error instanceof Error ? error.message : String(error)));
      if (start && this.#choices.underWay === 1) this.#take(start); // none waits behind it
    }, () => void this.#settle());
  }

  /** Once none of the choices is on its way. */
  async #settle() {
    if (this.#choices.underWay) return;
    const refusal = this.#refusal;
    this.#refusal = "";
    byId("start").removeAttribute("aria-busy");
    if (refusal) await this.#read();
    if (refusal) this.#tell(refusal);
    this.onChange();
  }

  /** @param {Start} start */
  #take(start) {
    const isDrawnAnew = this.#ways.childElementCount !== start.available.length;
    if (isDrawnAnew) this.#ways.replaceChildren(...start.available.map((way) => element(wayMarkup(way))));
    for (const radio of this.#radios()) radio.checked = radio.value === start.way;
    if (JSON.stringify(start.examples) !== JSON.stringify(this.#now?.examples)) {
      byId("start-examples").replaceChildren(...start.examples.map((example, place) => element(exampleMarkup(example, place))));
    }
    const hasCome = start.state === "ready" && this.#now !== null && this.#now.state !== "ready";
    this.#now = start;
    this.#showCoverage(start.coverage);
    this.#tell(start.problem ?? WAITS[start.state]);
    if (hasCome) this.onChange();
    if (start.state !== "ready") this.#asking.soon();
  }

  /** @param {Start["coverage"]} coverage */
  #showCoverage(coverage) {
    byId("start-coverage").hidden = !coverage;
    if (!coverage) return;
    const { seen, total, share_of_items } = coverage;
    byId("start-bar").style.setProperty("--seen", `${(100 * seen) / Math.max(1, total)}%`);
    byId("start-bar").setAttribute("aria-valuemax", String(total));
    byId("start-bar").setAttribute("aria-valuenow", String(seen));
    setText(byId("start-covered"), `${seen} of ${total} groups seen; they hold ${percent(share_of_items)} of all items`);
  }

  /** @param {string} text */
  #tell(text) {
    setText(byId("start-problem"), text);
  }

  #radios() {
    return /** @type {NodeListOf<HTMLInputElement>} */ (this.#ways.querySelectorAll("input"));
  }

  #checked() {
    return [...this.#radios()].find((radio) => radio.checked) ?? this.#radios()[0];
  }
}

/** @param {import("./types.js").Strategy} way */
function wayMarkup({ name, label, help }) {
  return html`<label class="choice-line"><input type="radio" name="start" value="${name}"><b>${label}</b><span>${help}</span></label>`;
}

/** @param {Start["examples"][number]} example @param {number} place */
function exampleMarkup({ id, kind, url }, place) {
  const what = `Example ${place + 1}, ${kind === "item" ? "an item of the pool" : "a picture"}`;
  return html`<li><img src="${url}" alt="${what}"><button type="button" data-example="${id}" aria-label="Remove: ${what}">×</button></li>`;
}
