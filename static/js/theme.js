// @ts-check
// A classic script on purpose: it runs before the first paint, so that a chosen theme never flashes.
{
  let chosen = null;
  try {
    chosen = localStorage.getItem("winnow.theme");
  } catch {
    // storage is blocked: the system's theme it is
  }
  if (chosen === "light" || chosen === "dark") document.documentElement.dataset.theme = chosen;
}
