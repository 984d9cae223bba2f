// @ts-check
/* RFC 4648 §5 without padding, as WebAuthn's JSON has it. */

/**
 * @param {string} text
 * @returns {Uint8Array<ArrayBuffer>}
 */
export function decode(text) {
    const raw = atob(text.replaceAll("-", "+").replaceAll("_", "/"));
    return Uint8Array.from(raw, (c) => c.charCodeAt(0));
}

/**
 * @param {ArrayBuffer} bytes
 * @returns {string}
 */
export function encode(bytes) {
    let raw = "";
    for (const byte of new Uint8Array(bytes)) {
        raw += String.fromCharCode(byte);
    }
    return btoa(raw).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}
