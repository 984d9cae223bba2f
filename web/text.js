// @ts-check
/* What a person types, made into what the server takes. */

/**
 * A code from a letter: full-width letters and digits become narrow, dashes and spaces go, letters
 * become capitals.
 *
 * @param {string} typed
 * @returns {string}
 */
export function plainCode(typed) {
    return typed.normalize("NFKC").replace(/[\s\p{Pd}ー−]/gu, "").toUpperCase();
}

/**
 * @param {string} text
 * @returns {number} bytes of its UTF-8 form
 */
export function byteLength(text) {
    return new TextEncoder().encode(text).length;
}

/**
 * Where to go next: an address of the server's answer, with the language chosen on this page when it
 * stays on this host. Anything that is not http or https is refused.
 *
 * @param {string} next
 * @param {string} here  the address of this page
 * @returns {string | undefined}
 */
export function nextAddress(next, here) {
    let to;
    try {
        to = new URL(next, here);
    } catch {
        return undefined;
    }
    if (to.protocol !== "https:" && to.protocol !== "http:") {
        return undefined;
    }
    const from = new URL(here);
    const lang = from.searchParams.get("lang");
    if (lang && to.origin === from.origin && !to.searchParams.has("lang")) {
        to.searchParams.set("lang", lang);
    }
    return to.href;
}
