// @ts-check
/** The export page: what there is to take, and why some of it is not there yet. */
import { Api } from "./api.js";
import { byId, openStorage, readConfig, setText } from "./dom.js";
import { openHeader, readModel } from "./header.js";
import { openableHelp } from "./help.js";
import { actionsByKey, belongsElsewhere, keyName } from "./keys.js";
import { Notices } from "./notice.js";
import { Outbox } from "./outbox.js";

const config = readConfig();
const storage = openStorage();
const api = new Api();
const notices = new Notices();

/** Answers that another page left unsent belong in the export, so they are delivered first. */
const outbox = new Outbox({
  api,
  storage,
  place: config.pool.name,
  onAnswer: () => outbox.size || void render(),
  onRefused: (_, refusal) => notices.showRefusal(`An answer was not accepted: ${refusal.message}`),
});

async function render() {
  const queue = await readModel(api);
  if (!queue) return;
  const { labeled, positive, negative, skipped, total } = queue.progress;
  showHead(positive > 0 && negative > 0);
  for (const [id, count] of Object.entries({ labeled, positive, negative, skipped, "pool-total": total })) {
    setText(byId(id), count.toLocaleString("en"));
  }
}

/** @param {boolean} isThere */
function showHead(isThere) {
  for (const link of document.querySelectorAll("[data-needs='head'] a")) {
    if (isThere) link.removeAttribute("aria-disabled");
    else link.setAttribute("aria-disabled", "true");
  }
  byId("reason").hidden = isThere;
}

function openLinks() {
  document.addEventListener("click", (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest("a[aria-disabled='true']");
    if (!link) return;
    event.preventDefault();
    notices.say(byId("reason").textContent ?? "");
  });
}

function openKeys() {
  const help = openableHelp(config.keys, ["help"]);
  const actions = actionsByKey(config.keys);
  document.addEventListener("keydown", (event) => {
    if (!belongsElsewhere(event) && actions.get(keyName(event)) === "help") help.toggle();
  });
}

function openOutbox() {
  const show = () => notices.showOutage(api.isReachable ? outbox.problem : "", outbox.size);
  outbox.addEventListener("change", show);
  api.addEventListener("reachable", () => {
    show();
    if (api.isReachable) void render();
  });
  void outbox.open();
}

openHeader(api, config, storage);
openLinks();
openKeys();
openOutbox();
void render();
