// @ts-check
/** The page of a round's report: what the file has, within the app. */
import { Api } from "./api.js";
import { byId, openStorage, readConfig } from "./dom.js";
import { openHeader, readModel } from "./header.js";
import { openableHelp } from "./help.js";
import { actionsByKey, belongsElsewhere, keyName } from "./keys.js";

const config = readConfig();
const api = new Api();
const help = openableHelp(config.keys, ["help"]);
const actions = actionsByKey(config.keys);

openHeader(api, config, openStorage());
byId("print").addEventListener("click", () => window.print());
document.addEventListener("keydown", (event) => {
  if (!belongsElsewhere(event) && actions.get(keyName(event)) === "help") help.toggle();
});
if (config.pool) void readModel(api);
