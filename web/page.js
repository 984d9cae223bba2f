// @ts-check
/* What the modules of all pages share: words, the two voices, going on. Text enters the page as text
 * only; no module of ours writes markup. */
import { Problem } from "./api.js";
import { nextAddress } from "./text.js";

/**
 * @param {string} id
 * @returns {HTMLElement | null}
 */
export const byId = (id) => document.getElementById(id);

/**
 * A text that the page brought along.
 *
 * @param {string} key
 * @returns {string}
 */
export function word(key) {
    const words = /** @type {HTMLTemplateElement | null} */ (byId("words"));
    return words?.content.querySelector(`[data-key="${key}"]`)?.textContent ?? "";
}

/** @param {string} text  says what is going on, without taking the focus */
export function say(text) {
    const status = byId("status");
    if (status) {
        status.textContent = text;
    }
}

/** @param {string} text  says what went wrong; empty: takes it back */
export function complain(text) {
    const problem = byId("problem");
    if (problem) {
        problem.textContent = text;
    }
    if (text) {
        say("");
    }
}

/**
 * @param {unknown} error
 * @returns {string} for a person
 */
export function inWords(error) {
    if (error instanceof Problem) {
        return error.code === "offline" ? word("offline") : error.message || word("offline");
    }
    return word("refused") || word("offline");
}

/**
 * Marks an input as wrong and says why; empty: takes it back.
 *
 * @param {HTMLInputElement} input
 * @param {string} text
 */
export function mark(input, text) {
    const place = byId(`${input.id}-error`);
    if (place) {
        place.textContent = text;
    }
    if (text) {
        input.setAttribute("aria-invalid", "true");
        input.focus();
    } else {
        input.removeAttribute("aria-invalid");
    }
}

/**
 * While something is on its way a button stays where it is, keeps the focus, and does nothing.
 *
 * @param {Iterable<HTMLElement>} buttons
 * @param {boolean} busy
 */
export function setBusy(buttons, busy) {
    for (const button of buttons) {
        if (busy) {
            button.setAttribute("aria-disabled", "true");
        } else {
            button.removeAttribute("aria-disabled");
        }
    }
}

/**
 * @param {HTMLElement} button
 * @returns {boolean}
 */
export const isBusy = (button) => button.getAttribute("aria-disabled") === "true";

/**
 * Goes where the answer says, or opens this page anew.
 *
 * @param {string | undefined} next
 */
export function goOn(next) {
    say(word("going"));
    const to = next ? nextAddress(next, location.href) : location.href;
    if (to && to !== location.href) {
        location.assign(to);
    } else {
        location.reload();
    }
}
