// @ts-check
/** Where example pictures come from: dropped anywhere on the page, pasted, or chosen as files. */
import { byId } from "./dom.js";

/** @param {(files: File[]) => void} take pictures only */
export function listenForPictures(take) {
  const field = /** @type {HTMLInputElement} */ (byId("start-file"));
  byId("start-choose").addEventListener("click", () => field.click());
  field.addEventListener("change", () => {
    take([...(field.files ?? [])]);
    field.value = ""; // the same file may be chosen again
  });
  document.addEventListener("paste", (event) => takePictures(event, event.clipboardData, take));
  document.addEventListener("dragover", (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault(); // else the browser would leave for the file
  });
  document.addEventListener("drop", (event) => takePictures(event, event.dataTransfer, take));
}

/** @param {Event} event @param {DataTransfer | null} carried @param {(files: File[]) => void} take */
function takePictures(event, carried, take) {
  const files = [...(carried?.files ?? [])];
  if (!files.length) return;
  event.preventDefault();
  take(files.filter((file) => file.type.startsWith("image/")));
}

/** @param {Blob} file @returns {Promise<string>} its bytes in base 64 */
export function base64(file) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(String(reader.result).split(",")[1]);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(file);
  });
}
