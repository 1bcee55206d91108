// @ts-check
/** The page while the app is not ready: looks now and then, and goes on by itself. */
import { Api } from "./api.js";
import { byId, openStorage, readConfig, setText } from "./dom.js";
import { openHeader } from "./header.js";

const LOOK_MS = 700;
const api = new Api();

async function look() {
  const health = await api.get("/healthz").catch(() => null);
  if (health?.ready) return location.reload();
  setText(byId("waiting"), health ? "This page goes on by itself as soon as the pool is ready." : "The server does not answer; start it again and this page goes on by itself.");
  setTimeout(look, LOOK_MS);
}

function openCopyButton() {
  const button = document.getElementById("copy");
  button?.addEventListener("click", async () => {
    getSelection()?.selectAllChildren(byId("command"));
    const isCopied = await navigator.clipboard?.writeText(byId("command").textContent ?? "").then(() => true, () => false);
    setText(button, isCopied ? "Copied" : "Selected: press Ctrl+C");
  });
}

openHeader(api, readConfig(), openStorage());
setText(byId("model-state"), "Not ready");
openCopyButton();
void look();
