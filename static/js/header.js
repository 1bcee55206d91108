// @ts-check
/** What stands on top of every page: model state, connection, who judges, light or dark. */
import { byId, setText } from "./dom.js";

const THEMES = ["auto", "light", "dark"];
const NAME = "winnow.annotator";
const CALM_MS = 600;

/** @param {import("./types.js").Model} model @returns {string} */
export function modelState({ state, version, labels }) {
  const known = `Model v${version} · ${labels.toLocaleString("en")} ${labels === 1 ? "label" : "labels"}`;
  return (
    { cold: "No labels yet", one_class: "Need both classes", fitting: "Learning…", exhausted: `${known} · all judged` }[state] ??
    known
  );
}

/**
 * Show the model's state; "Learning…" only when it takes a while, so that the header does not flicker at every verdict.
 *
 * @param {import("./types.js").Model} model
 */
export function showModel(model) {
  const line = byId("model-state");
  const isShown = line.dataset.state === model.state && model.state === "fitting";
  line.dataset.state = model.state;
  if (model.state !== "fitting") setText(line, modelState(model));
  else if (!isShown) setTimeout(() => line.dataset.state === "fitting" && setText(line, modelState(model)), CALM_MS);
}

/** For pages that have no other use for the queue. @param {import("./api.js").Api} api */
export async function readModel(api) {
  const queue = await api.get("/api/queue?n=1").catch(() => null);
  if (queue) showModel(queue.model);
  return queue;
}

/**
 * Wire the header up.
 *
 * @param {import("./api.js").Api} api @param {import("./types.js").Config} config @param {Storage} storage
 */
export function openHeader(api, config, storage) {
  document.querySelector(".top-pages [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
  openThemeSwitch(storage);
  openName(api, config, storage);
  const dot = byId("connection");
  const show = () => {
    dot.dataset.state = api.isReachable ? "on" : "off";
    setText(byId("connection-text"), api.isReachable ? "Connected" : "Not connected");
  };
  api.addEventListener("reachable", show);
  api.startHeartbeat();
  show();
}

/** @param {Storage} storage */
function openThemeSwitch(storage) {
  const button = byId("theme");
  const show = () => {
    const theme = document.documentElement.dataset.theme ?? "auto";
    button.setAttribute("aria-label", `Theme: ${theme}`);
    button.title = `Theme: ${theme}`;
    button.dataset.theme = theme;
  };
  button.addEventListener("click", () => {
    const now = THEMES.indexOf(document.documentElement.dataset.theme ?? "auto");
    const next = THEMES[(now + 1) % THEMES.length];
    if (next === "auto") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = next;
    storage.setItem("winnow.theme", next);
    document.dispatchEvent(new Event("themechange"));
    show();
  });
  show();
}

/** @param {import("./api.js").Api} api @param {import("./types.js").Config} config @param {Storage} storage */
function openName(api, config, storage) {
  const field = /** @type {HTMLInputElement} */ (byId("annotator"));
  field.placeholder = config.annotator;
  field.value = api.annotator = storage.getItem(NAME) ?? "";
  field.addEventListener("change", () => {
    api.annotator = field.value.trim();
    storage.setItem(NAME, api.annotator);
  });
  field.addEventListener("keydown", (event) => {
    if (event.key === "Enter" || event.key === "Escape") field.blur();
  });
}
