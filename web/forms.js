// @ts-check
/* Buttons with data-post and forms with data-form post JSON and go on where the answer says. A button
 * with data-ask asks back in a dialog first. */
import { post, Problem } from "./api.js";
import { byId, complain, goOn, inWords, isBusy, mark, say, setBusy, word } from "./page.js";
import { byteLength } from "./text.js";

/**
 * @param {string} path
 * @param {object} body
 * @param {HTMLElement} button
 * @param {{told?: (problem: Problem) => boolean, next?: string}} [how]  told: true when the problem was shown
 *     elsewhere; next: where to go when the answer does not say
 */
async function send(path, body, button, { told, next } = {}) {
    if (isBusy(button)) {
        return;
    }
    complain("");
    say(word("working"));
    setBusy([button], true);
    try {
        const { data } = await post(path, body);
        goOn(data.next ?? next);
    } catch (error) {
        setBusy([button], false);
        say("");
        if (!(error instanceof Problem && told?.(error))) {
            complain(inWords(error));
        }
    }
}

/**
 * Asks back; the answer comes when the dialog closes.
 *
 * @param {HTMLDialogElement} dialog
 * @param {string} about  what it concerns, in the page's own words
 * @returns {Promise<boolean>}
 */
function ask(dialog, about) {
    const place = dialog.querySelector(".about");
    if (place) {
        place.textContent = about;
    }
    dialog.returnValue = "no";
    dialog.showModal();
    return new Promise((resolve) => {
        dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    });
}

/** @param {HTMLElement} button */
async function press(button) {
    const dialog = button.dataset.ask ? byId(`ask-${button.dataset.ask}`) : null;
    const about = button.dataset.about ? (byId(button.dataset.about)?.textContent ?? "") : "";
    if (dialog instanceof HTMLDialogElement && !(await ask(dialog, about))) {
        return;
    }
    await send(button.dataset.post ?? "", {}, button);
}

/**
 * @param {HTMLInputElement} input
 * @returns {string} what is wrong with it, in words; empty: nothing
 */
function fault(input) {
    const value = input.value.trim();
    if (input.required && value === "" && input.dataset.empty) {
        return word(input.dataset.empty);
    }
    if (input.dataset.bytes && input.dataset.long && byteLength(value) > Number(input.dataset.bytes)) {
        return word(input.dataset.long);
    }
    return "";
}

/**
 * @param {HTMLFormElement} form
 * @returns {HTMLInputElement[]}
 */
const inputs = (form) => [...form.elements].filter((e) => e instanceof HTMLInputElement);

/**
 * Inputs have no name of the browser's own kind, so that nothing they hold can get into an address.
 * Radio buttons need one to be a group.
 *
 * @param {HTMLInputElement} input
 */
const nameOf = (input) => input.dataset.name ?? input.name;

/** @param {HTMLFormElement} form */
async function submit(form) {
    const button = form.querySelector("button");
    const fields = inputs(form);
    /** @type {HTMLInputElement | undefined} */
    let first;
    for (const input of fields) {
        const wrong = fault(input);
        mark(input, wrong);
        first ??= wrong ? input : undefined;
    }
    if (first || !button) {
        first?.focus();
        return;
    }
    const chosen = fields.filter((input) => input.type !== "radio" || input.checked);
    const body = Object.fromEntries(chosen.map((input) => [nameOf(input), input.value.trim()]));
    await send(form.dataset.form ?? "", body, button, {
        next: form.dataset.next,
        told: (problem) => {
            const wrong = fields.find((input) => input.type === "text" && nameOf(input) === problem.field);
            if (wrong) {
                mark(wrong, problem.message);
            }
            return wrong !== undefined;
        },
    });
}

for (const button of document.querySelectorAll("button[data-post]")) {
    button.addEventListener("click", () => press(/** @type {HTMLElement} */ (button)));
}
for (const form of document.querySelectorAll("form[data-form]")) {
    form.addEventListener("submit", (event) => {
        event.preventDefault();
        submit(/** @type {HTMLFormElement} */ (form));
    });
}
for (const button of document.querySelectorAll("dialog [data-answer]")) {
    button.addEventListener("click", () => {
        const dialog = button.closest("dialog");
        dialog?.close(/** @type {HTMLElement} */ (button).dataset.answer);
    });
}
