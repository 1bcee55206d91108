// @ts-check
/** Presses that make something new: a second one on the way there, as a double click gives it, makes no second thing. */

/**
 * @template {any[]} Arguments
 * @param {(...given: Arguments) => Promise<unknown>} work reports its own failure
 * @returns {(...given: Arguments) => Promise<void>} does nothing while it is already on its way
 */
export function oneAtATime(work) {
  let isGoing = false;
  return async (...given) => {
    if (isGoing) return;
    isGoing = true;
    try {
      await work(...given);
    } finally {
      isGoing = false;
    }
  };
}

/** The second half of a double click on a control does nothing. @param {HTMLElement} control */
export function ignoreDoubleClicks(control) {
  control.addEventListener(
    "click",
    (event) => {
      if (event.detail < 2) return;
      event.preventDefault();
      event.stopImmediatePropagation();
    },
    { capture: true },
  );
}
