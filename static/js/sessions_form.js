// @ts-check
/** A training session's settings as a form: what is changed is saved at once. */
import { byId } from "./dom.js";

const NUMBERS = ["epochs", "batch", "imgsz", "lr", "freeze"];
const RANKING_NUMBERS = ["min_uncertainty", "max_images"];
const WEIGHTS = ["weight_confidence", "weight_variance", "weight_entropy"];
const KINDS = { version: "Model versions", weights: "Weights files", nothing: "From nothing" };

export class SessionForm {
  #form = /** @type {HTMLFormElement} */ (byId("settings"));

  /** @param {() => void} onChange called when every field is valid */
  constructor(onChange) {
    this.#form.addEventListener("change", () => this.#form.reportValidity() && onChange());
    this.#form.addEventListener("submit", (event) => event.preventDefault());
  }

  /** @param {any} session @param {{name: string, label: string, kind: string}[]} bases */
  show({ name, base, settings }, bases) {
    const { ranking } = settings;
    this.#showBases(base, bases);
    const values = { name, base, ...settings, ...ranking };
    WEIGHTS.forEach((weight, i) => (values[weight] = ranking.weights[i]));
    for (const field of this.#fields()) {
      if (field.type === "checkbox") /** @type {HTMLInputElement} */ (field).checked = Boolean(values[field.name]);
      else if (field !== document.activeElement) field.value = String(values[field.name] ?? "");
    }
  }

  /** What the form says, as PATCH takes it. */
  get values() {
    const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (this.#form.elements.namedItem(name));
    const number = (/** @type {string} */ name) => (field(name).value === "" ? null : Number(field(name).value));
    const pick = (/** @type {string[]} */ names) => Object.fromEntries(names.map((name) => [name, number(name)]));
    return {
      name: field("name").value,
      base: field("base").value,
      settings: {
        ...pick(NUMBERS),
        device: field("device").value,
        partial: field("partial").checked,
        rejects: field("rejects").value,
        ranking: {
          ...pick(RANKING_NUMBERS),
          weights: WEIGHTS.map(number),
          diversity: field("diversity").value,
          class_balance: field("class_balance").checked,
        },
      },
    };
  }

  /** Set one field, as a suggestion says. @param {string} name @param {any} value */
  set(name, value) {
    const field = /** @type {HTMLInputElement} */ (this.#form.elements.namedItem(name));
    if (field.type === "checkbox") field.checked = value;
    else {
      if (name === "base" && ![.../** @type {any} */ (field).options].some((option) => option.value === value)) field.append(new Option(value, value));
      field.value = String(value);
    }
    field.dispatchEvent(new Event("change", { bubbles: true }));
  }

  /** @param {string} chosen @param {{name: string, label: string, kind: string}[]} bases */
  #showBases(chosen, bases) {
    const select = /** @type {HTMLSelectElement} */ (this.#form.elements.namedItem("base"));
    const groups = Object.entries(KINDS).map(([kind, label]) => {
      const group = document.createElement("optgroup");
      group.label = label;
      group.append(...bases.filter((base) => base.kind === kind).map((base) => new Option(base.label, base.name)));
      return group;
    });
    select.replaceChildren(...groups.filter((group) => group.children.length));
    if (!bases.some((base) => base.name === chosen)) select.append(new Option(`${chosen} (not there)`, chosen));
  }

  #fields() {
    return /** @type {HTMLInputElement[]} */ ([...this.#form.elements].filter((field) => field.getAttribute("name")));
  }
}
