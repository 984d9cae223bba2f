// @ts-check
/* WebAuthn's options and answers between JSON and the browser. Browsers of today do it themselves
 * (WebAuthn L3 §5.1.8, §5.1.9); for older ones there is the small own way. */
import { decode, encode } from "./base64url.js";

/** @returns {boolean} */
export function canUsePasskeys() {
    return typeof PublicKeyCredential === "function" && !!navigator.credentials;
}

/** @returns {Promise<boolean>} whether this device can hold or unlock a passkey by itself */
export async function hasAuthenticator() {
    try {
        return await PublicKeyCredential.isUserVerifyingPlatformAuthenticatorAvailable();
    } catch {
        return false;
    }
}

/** @returns {Promise<boolean>} */
export async function canOfferQuietly() {
    try {
        return await PublicKeyCredential.isConditionalMediationAvailable();
    } catch {
        return false;
    }
}

/**
 * @param {any[] | undefined} list
 * @returns {PublicKeyCredentialDescriptor[]}
 */
function descriptors(list) {
    return (list ?? []).map((item) => ({ ...item, id: decode(item.id) }));
}

/**
 * @param {any} json
 * @returns {PublicKeyCredentialRequestOptions}
 */
export function requestOptions(json) {
    if (typeof PublicKeyCredential.parseRequestOptionsFromJSON === "function") {
        return PublicKeyCredential.parseRequestOptionsFromJSON(json);
    }
    return { ...json, challenge: decode(json.challenge), allowCredentials: descriptors(json.allowCredentials) };
}

/**
 * @param {any} json
 * @returns {PublicKeyCredentialCreationOptions}
 */
export function creationOptions(json) {
    if (typeof PublicKeyCredential.parseCreationOptionsFromJSON === "function") {
        return PublicKeyCredential.parseCreationOptionsFromJSON(json);
    }
    return {
        ...json,
        challenge: decode(json.challenge),
        user: { ...json.user, id: decode(json.user.id) },
        excludeCredentials: descriptors(json.excludeCredentials),
    };
}

/**
 * What the server takes of an assertion: the members that it checks and no other.
 *
 * @param {PublicKeyCredential} credential
 */
export function assertionBody(credential) {
    const response = /** @type {AuthenticatorAssertionResponse} */ (credential.response);
    const body = {
        clientDataJSON: encode(response.clientDataJSON),
        authenticatorData: encode(response.authenticatorData),
        signature: encode(response.signature),
    };
    const handle = response.userHandle ? { userHandle: encode(response.userHandle) } : {};
    return { id: credential.id, rawId: encode(credential.rawId), type: credential.type, response: { ...body, ...handle } };
}

/**
 * @param {PublicKeyCredential} credential
 * @param {string} label
 */
export function registrationBody(credential, label) {
    const response = /** @type {AuthenticatorAttestationResponse} */ (credential.response);
    const transports = typeof response.getTransports === "function" ? response.getTransports() : [];
    return {
        id: credential.id,
        rawId: encode(credential.rawId),
        type: credential.type,
        response: {
            clientDataJSON: encode(response.clientDataJSON),
            attestationObject: encode(response.attestationObject),
            transports,
        },
        label,
    };
}

/**
 * Whether a new passkey is of the synced kind: the flag BE of its authenticator data (WebAuthn L3 §6.1).
 *
 * @param {PublicKeyCredential} credential
 * @returns {boolean | undefined} undefined where the browser does not show the data
 */
export function isSynced(credential) {
    const response = /** @type {AuthenticatorAttestationResponse} */ (credential.response);
    if (typeof response.getAuthenticatorData !== "function") {
        return undefined;
    }
    return (new Uint8Array(response.getAuthenticatorData())[32] & 0x08) !== 0;
}
