// @ts-check
/* The page of an interaction: gets challenges, asks the authenticator, brings the answer. A late answer
 * is asked for once more with a new challenge; what was typed stays. */
import { post, Problem } from "./api.js";
import { Keeper } from "./challenge.js";
import { byId, complain, goOn, inWords, isBusy, mark, say, setBusy, word } from "./page.js";
import { byteLength, plainCode } from "./text.js";
import * as webauthn from "./webauthn.js";

const visit = /** @type {HTMLElement} */ (byId("visit"));
const base = `/v1/i/${visit.dataset.id}`;
const step = visit.dataset.step;
const keeper = new Keeper(() => post(`${base}/challenge`, {}), () => performance.now());

/** The quiet offer of conditional UI, while it is pending. @type {AbortController | undefined} */
let offer;

/** After these nothing can be done here any more. */
const FINAL = new Set([
    "interaction_unknown",
    "interaction_state",
    "interaction_other_browser",
    "operation_expired",
    "operation_state",
    "locked",
    "enrol_code_spent",
    "enrol_closed",
]);

/** @returns {HTMLElement[]} the buttons that begin a ceremony */
const starters = () => [...visit.querySelectorAll("button.primary")].map((b) => /** @type {HTMLElement} */ (b));

/** @param {unknown} error */
function show(error) {
    setBusy(starters(), false);
    const name = error instanceof DOMException ? error.name : "";
    if (name === "InvalidStateError") {
        complain(word("exists"));
    } else if (name === "NotSupportedError" || name === "ConstraintError") {
        complain(word("unsuitable"));
    } else {
        complain(inWords(error));
    }
    if (error instanceof Problem && FINAL.has(error.code)) {
        setBusy(starters(), true);
        stopOffering();
    }
}

function stopOffering() {
    offer?.abort();
    offer = undefined;
}

/**
 * @param {any} publicKey
 * @param {AbortSignal} [signal]  given for the quiet offer only
 * @returns {Promise<PublicKeyCredential>}
 */
async function getAssertion(publicKey, signal) {
    const options = { publicKey: webauthn.requestOptions(publicKey) };
    const quiet = signal ? { signal, mediation: /** @type {const} */ ("conditional") } : {};
    const got = await navigator.credentials.get({ ...options, ...quiet });
    return /** @type {PublicKeyCredential} */ (got);
}

/** @param {PublicKeyCredential} credential */
async function bringProof(credential) {
    keeper.forget();
    const { data } = await post(`${base}/proof`, webauthn.assertionBody(credential));
    return data.next;
}

/** Asks the authenticator and brings its answer; once more when that came too late. */
async function prove() {
    const first = await getAssertion((await keeper.fresh()).publicKey);
    say(word("working"));
    try {
        return await bringProof(first);
    } catch (error) {
        if (!(error instanceof Problem) || error.code !== "proof_expired") {
            throw error;
        }
    }
    say(word("again"));
    const second = await getAssertion((await keeper.renew()).publicKey);
    return bringProof(second);
}

async function pressGo() {
    const go = /** @type {HTMLElement} */ (byId("go"));
    if (isBusy(go)) {
        return;
    }
    stopOffering();
    complain("");
    say(word("waiting"));
    setBusy([go], true);
    try {
        goOn(await prove());
    } catch (error) {
        show(error);
        offerQuietly();
    }
}

/** Conditional UI: the browser offers passkeys by itself until the button is pressed. */
async function offerQuietly() {
    if (step !== "login" || offer || document.hidden || !(await webauthn.canOfferQuietly())) {
        return;
    }
    const mine = new AbortController();
    offer = mine;
    try {
        const { publicKey } = await keeper.fresh();
        const credential = await getAssertion(publicKey, mine.signal);
        setBusy(starters(), true);
        say(word("working"));
        goOn(await bringProof(credential));
    } catch (error) {
        if (mine.signal.aborted) {
            return;
        }
        offer = undefined;
        setBusy(starters(), false);
        say("");
        if (error instanceof Problem) {
            show(error);
        }
    }
}

/** Renews the challenge while the page is open and seen, and the quiet offer with it. */
function keepFresh() {
    setTimeout(async () => {
        const go = byId("go");
        if (!document.hidden && go && !isBusy(go)) {
            try {
                await keeper.renew();
                if (offer) {
                    stopOffering();
                    offerQuietly();
                }
            } catch {
                /* The next press asks again and tells. */
                keeper.forget();
            }
        }
        keepFresh();
    }, Math.max(keeper.renewInMs(), 1_000));
}

/** @param {"code" | "make" | "done"} name */
function showStep(name) {
    for (const section of visit.querySelectorAll("section[id^=step-]")) {
        /** @type {HTMLElement} */ (section).hidden = section.id !== `step-${name}`;
    }
    let past = true;
    for (const item of document.querySelectorAll(".steps li")) {
        const here = item.getAttribute("data-for") === name;
        past = past && !here;
        item.toggleAttribute("data-past", past || name === "done");
        if (here) {
            item.setAttribute("aria-current", "step");
        } else {
            item.removeAttribute("aria-current");
        }
    }
    /** @type {HTMLElement | null} */ (visit.querySelector(`#step-${name} h2`))?.focus();
}

/**
 * The creation options: of the code's answer the first time, afterwards asked for anew.
 *
 * @type {any}
 */
let creation;

/** @param {HTMLFormElement} form */
async function bringCode(form) {
    const input = /** @type {HTMLInputElement} */ (byId("code"));
    const code = plainCode(input.value);
    const button = /** @type {HTMLElement} */ (form.querySelector("button.primary"));
    if (isBusy(button)) {
        return;
    }
    complain("");
    mark(input, code ? "" : word("code_empty"));
    if (!code) {
        return;
    }
    setBusy([button], true);
    try {
        creation = (await post(`${base}/code`, { code })).data.publicKey;
        showStep("make");
    } catch (error) {
        if (error instanceof Problem && (error.code === "enrol_code_wrong" || error.field === "code")) {
            mark(input, error.message);
        } else {
            show(error);
        }
    } finally {
        setBusy([button], false);
    }
}

/** @param {string} label */
async function register(label) {
    const publicKey = creation ?? (await keeper.renew()).publicKey;
    creation = undefined;
    const made = await navigator.credentials.create({ publicKey: webauthn.creationOptions(publicKey) });
    const credential = /** @type {PublicKeyCredential} */ (made);
    say(word("working"));
    const { data } = await post(`${base}/credential`, webauthn.registrationBody(credential, label));
    return { synced: webauthn.isSynced(credential), next: data.next };
}

/** @param {string} label */
async function registerWithin(label) {
    try {
        return await register(label);
    } catch (error) {
        if (!(error instanceof Problem) || error.code !== "proof_expired") {
            throw error;
        }
    }
    say(word("again"));
    return register(label);
}

/**
 * @param {{synced: boolean | undefined, next: string | undefined}} made
 */
function showMade(made) {
    say("");
    for (const kind of visit.querySelectorAll("[data-kind]")) {
        const synced = kind.getAttribute("data-kind") === "synced";
        /** @type {HTMLElement} */ (kind).hidden = made.synced === undefined || synced !== made.synced;
    }
    byId("continue")?.addEventListener("click", (event) => {
        event.preventDefault();
        goOn(made.next);
    });
    showStep("done");
}

/** @param {HTMLFormElement} form */
async function makePasskey(form) {
    const input = /** @type {HTMLInputElement} */ (byId("label"));
    const label = input.value.trim();
    const button = /** @type {HTMLElement} */ (form.querySelector("button.primary"));
    if (isBusy(button)) {
        return;
    }
    const wrong = label === "" ? "label_empty" : byteLength(label) > 64 ? "label_long" : "";
    complain("");
    mark(input, wrong ? word(wrong) : "");
    if (wrong) {
        return;
    }
    say(word("waiting"));
    setBusy([button], true);
    try {
        showMade(await registerWithin(label));
    } catch (error) {
        show(error);
    }
}

/** @param {HTMLElement} button */
async function cancel(button) {
    if (isBusy(button)) {
        return;
    }
    stopOffering();
    setBusy([button], true);
    try {
        goOn((await post(`${base}/cancel`, {})).data.next);
    } catch (error) {
        if (error instanceof Problem && FINAL.has(error.code)) {
            goOn(undefined); /* The page itself knows how it ended. */
            return;
        }
        setBusy([button], false);
        show(error);
    }
}

function expire() {
    stopOffering();
    setBusy(starters(), true);
    complain(word("over"));
}

async function explain() {
    if (!webauthn.canUsePasskeys()) {
        /** @type {HTMLElement} */ (byId("no-webauthn")).hidden = false;
        setBusy(starters(), true);
        return false;
    }
    if (!(await webauthn.hasAuthenticator())) {
        /** @type {HTMLElement} */ (byId("no-authenticator")).hidden = false;
        byId("virtual")?.setAttribute("open", "");
    }
    return true;
}

/**
 * @param {string} id
 * @param {(form: HTMLFormElement) => void} act
 */
function onSubmit(id, act) {
    byId(id)?.addEventListener("submit", (event) => {
        event.preventDefault();
        act(/** @type {HTMLFormElement} */ (event.target));
    });
}

async function begin() {
    byId("go")?.addEventListener("click", pressGo);
    for (const button of visit.querySelectorAll("#cancel")) {
        button.addEventListener("click", () => cancel(/** @type {HTMLElement} */ (button)));
    }
    onSubmit("code-form", bringCode);
    onSubmit("make-form", makePasskey);
    setTimeout(expire, Math.min(Number(visit.dataset.leftMs), 0x7fffffff));
    if ((await explain()) && byId("go")) {
        await keeper.fresh().catch(show);
        offerQuietly();
        keepFresh();
        document.addEventListener("visibilitychange", offerQuietly);
    }
}

begin();
