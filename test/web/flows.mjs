// @ts-check
/* flows.mjs PREVIEW: the modules at work on the rendered pages, with a virtual authenticator and answers
 * that each case gives. What the real server says to all this is the matter of the journeys. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd, test } from "../tap.mjs";
import { addAuthenticator, complaints, launch, newPage } from "./browser.mjs";
import { serve } from "./serve.mjs";

const [preview] = process.argv.slice(2);
const rendered = mkdtempSync(join(tmpdir(), "torimori-flows-"));
execFileSync(preview, [rendered]);
const site = await serve(rendered);
const { browser, close } = await launch();
atEnd(close);
atEnd(site.close);
atEnd(() => rmSync(rendered, { recursive: true }));

const RP = "torimori.localhost";
const b64u = (/** @type {string} */ text) => Buffer.from(text).toString("base64url");
let challenges = 0;

const assertionOptions = () => ({
    publicKey: { challenge: b64u(`assertion ${++challenges}`), rpId: RP, userVerification: "required", timeout: 60_000 },
    expires_at: new Date(Date.now() + 60_000).toISOString(),
});
const creationOptions = () => ({
    publicKey: {
        challenge: b64u(`creation ${++challenges}`),
        rp: { id: RP, name: "みほん証券" },
        user: { id: b64u("handle of thirty-two bytes, truly"), name: "U-1", displayName: "見本 花子" },
        pubKeyCredParams: [-8, -7, -257].map((alg) => ({ type: "public-key", alg })),
        authenticatorSelection: { residentKey: "required", userVerification: "required" },
        excludeCredentials: [],
        attestation: "none",
        timeout: 60_000,
    },
    expires_at: new Date(Date.now() + 60_000).toISOString(),
});
const refuse = (/** @type {number} */ status, /** @type {string} */ code, field = "") => ({
    status,
    body: { type: "about:blank", title: `refused: ${code}`, status, code, field },
});
/** @param {any} body */
const clientData = (body) => JSON.parse(Buffer.from(body.response.clientDataJSON, "base64url").toString());

/* The key of the passkey that a flow begins with. */
const { privateKey } = await crypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
const KEY = Buffer.from(await crypto.subtle.exportKey("pkcs8", privateKey)).toString("base64");

/** @param {{cdp: import("playwright-core").CDPSession, authenticatorId: string}} device */
const givePasskey = ({ cdp, authenticatorId }) =>
    cdp.send("WebAuthn.addCredential", {
        authenticatorId,
        credential: {
            credentialId: Buffer.from("a passkey").toString("base64"),
            isResidentCredential: true,
            rpId: RP,
            privateKey: KEY,
            userHandle: Buffer.from("handle").toString("base64"),
            signCount: 1,
        },
    });

/**
 * @param {string} name
 * @param {import("./serve.mjs").Answer} answer
 * @param {(page: import("playwright-core").Page, authenticator: any) => Promise<void>} act
 * @param {{passkey?: boolean, authenticator?: object | null}} [with_]
 */
async function flow(name, answer, act, { passkey = true, authenticator = {} } = {}) {
    const { context, page } = await newPage(browser, { locale: "en-GB" });
    const said = complaints(page);
    const device = authenticator ? await addAuthenticator(page, authenticator) : undefined;
    site.world.asked.length = 0;
    site.world.answer = answer;
    if (passkey && device) {
        await givePasskey(device);
    }
    await page.goto(site.url(name));
    await act(page, device);
    /* Refusals are told on the console by the browser itself. */
    assert.deepEqual(said.filter((line) => !/status of 4\d\d|ERR_FAILED/.test(line)), []);
    await context.close();
}

const asked = (/** @type {string} */ end) => site.world.asked.filter(({ path }) => path.endsWith(end));
/** @param {import("playwright-core").Page} page */
const arrived = (page) => page.waitForURL("**/p/over-done.en*");
const NEXT = { body: { next: "/p/over-done.en" } };

test("conditional_ui_logs_in_by_itself", () =>
    flow("login.en", ({ path }) => (path.endsWith("/proof") ? NEXT : { body: assertionOptions() }), async (page) => {
        await arrived(page);
        const [proof] = asked("/proof");
        assert.deepEqual(Object.keys(proof.body).sort(), ["id", "rawId", "response", "type"]);
        assert.equal(proof.body.type, "public-key");
        assert.equal(clientData(proof.body).type, "webauthn.get");
        assert.equal(clientData(proof.body).challenge, b64u(`assertion ${challenges}`));
    }));

test("one_button_logs_in_on_request", () =>
    flow("login.en", ({ path }) => (path.endsWith("/proof") ? NEXT : { body: assertionOptions() }), async (page, device) => {
        await page.getByRole("button", { name: "Log in with a passkey" }).waitFor();
        await givePasskey(device);
        await page.keyboard.press("Tab");
        await page.locator("#go").focus();
        await page.keyboard.press("Enter");
        await arrived(page);
    }, { passkey: false }));

test("a_late_answer_is_asked_for_once_more", () => {
    let late = true;
    return flow("confirm.en", ({ path }) => {
        if (!path.endsWith("/proof")) {
            return { body: assertionOptions() };
        }
        const answer = late ? refuse(403, "proof_expired") : NEXT;
        late = false;
        return answer;
    }, async (page) => {
        await page.locator("#go").click();
        await arrived(page);
        const proofs = asked("/proof");
        assert.equal(proofs.length, 2);
        assert.notEqual(clientData(proofs[0].body).challenge, clientData(proofs[1].body).challenge);
    });
});

test("an_answer_late_twice_is_told", () =>
    flow("confirm.en", ({ path }) =>
        path.endsWith("/proof") ? refuse(403, "proof_expired") : { body: assertionOptions() },
    async (page) => {
        await page.locator("#go").click();
        await page.getByRole("alert").filter({ hasText: "refused: proof_expired" }).waitFor();
        assert.equal(asked("/proof").length, 2);
        assert.equal(await page.locator("#go").getAttribute("aria-disabled"), null);
    }));

test("confirm_waits_for_the_press", () =>
    flow("confirm.en", () => ({ body: assertionOptions() }), async (page) => {
        await page.waitForTimeout(700);
        assert.equal(asked("/proof").length, 0);
    }));

test("a_final_refusal_ends_the_page", () =>
    flow("confirm.en", ({ path }) =>
        path.endsWith("/proof") ? refuse(403, "locked") : { body: assertionOptions() },
    async (page) => {
        await page.locator("#go").click();
        await page.getByRole("alert").filter({ hasText: "refused: locked" }).waitFor();
        assert.equal(await page.locator("#go").getAttribute("aria-disabled"), "true");
        await page.locator("#go").dispatchEvent("click");
        await page.waitForTimeout(300);
        assert.equal(asked("/proof").length, 1);
    }));

test("a_refusing_authenticator_is_explained", () =>
    flow("confirm.en", () => ({ body: assertionOptions() }), async (page) => {
        await page.locator("#go").click();
        await page.getByRole("alert").filter({ hasText: "Not confirmed" }).waitFor();
        assert.equal(await page.locator("#go").getAttribute("aria-disabled"), null);
    }, { passkey: false }));

test("cancel_goes_back_without_proof", () =>
    flow("confirm.en", ({ path }) => (path.endsWith("/cancel") ? NEXT : { body: assertionOptions() }), async (page) => {
        await page.locator("#cancel").click();
        await arrived(page);
        assert.equal(asked("/proof").length, 0);
        assert.deepEqual(asked("/cancel")[0].body, {});
    }));

/** @param {import("playwright-core").Page} page @param {string} code */
async function typeCode(page, code) {
    await page.getByLabel("Registration code").fill(code);
    await page.keyboard.press("Enter");
}

test("enrolment_by_keyboard_alone", () =>
    flow("enrol.en", ({ path }) => {
        if (path.endsWith("/code")) {
            return { body: creationOptions() };
        }
        return path.endsWith("/credential") ? NEXT : { body: {} };
    }, async (page) => {
        await typeCode(page, "ａｂｃｄ-2345 efgh");
        await page.getByLabel("Name of the passkey").waitFor();
        assert.deepEqual(asked("/code")[0].body, { code: "ABCD2345EFGH" });
        assert.match(await page.evaluate(() => document.activeElement?.textContent ?? ""), /Make the passkey/);
        await page.keyboard.press("Tab");
        await page.keyboard.type("Computer at home");
        await page.keyboard.press("Enter");
        await page.getByText("of the device-bound kind").waitFor();
        assert.ok(await page.getByText("of the synced kind").isHidden());
        const [made] = asked("/credential");
        assert.deepEqual(Object.keys(made.body).sort(), ["id", "label", "rawId", "response", "type"]);
        assert.deepEqual(Object.keys(made.body.response).sort(), ["attestationObject", "clientDataJSON", "transports"]);
        assert.equal(made.body.label, "Computer at home");
        assert.equal(clientData(made.body).type, "webauthn.create");
        await page.getByRole("link", { name: "Continue" }).press("Enter");
        await arrived(page);
    }, { passkey: false }));

test("a_synced_passkey_is_called_so", () =>
    flow("enrol.en", ({ path }) => ({ body: path.endsWith("/code") ? creationOptions() : {} }), async (page) => {
        await typeCode(page, "ABCD2345");
        await page.getByRole("button", { name: "Make the passkey" }).click();
        await page.getByText("of the synced kind").waitFor();
    }, { passkey: false, authenticator: { defaultBackupEligibility: true, defaultBackupState: true } }));

test("a_wrong_code_stands_at_its_field", () =>
    flow("enrol.en", () => refuse(403, "enrol_code_wrong"), async (page) => {
        await typeCode(page, "WRONG");
        await page.locator("#code-error").filter({ hasText: "refused: enrol_code_wrong" }).waitFor();
        const input = page.getByLabel("Registration code");
        assert.equal(await input.getAttribute("aria-invalid"), "true");
        assert.equal(await input.inputValue(), "WRONG");
        assert.ok(await input.evaluate((e) => e === document.activeElement));
    }));

test("without_the_module_a_code_goes_nowhere", async () => {
    const { context, page } = await newPage(browser, { locale: "en-GB" });
    await page.route("**/web/visit.js", (route) => route.abort());
    site.world.asked.length = 0;
    await page.goto(site.url("enrol.en"));
    await typeCode(page, "ABCD2345");
    await page.getByRole("button", { name: "Next" }).click();
    await page.waitForTimeout(300);
    assert.equal(page.url(), site.url("enrol.en"));
    assert.equal(site.world.asked.length, 0);
    await context.close();
});

test("an_empty_code_is_not_sent", () =>
    flow("enrol.en", () => ({ body: {} }), async (page) => {
        await typeCode(page, " - ");
        await page.getByText("Please enter the code").waitFor();
        assert.equal(asked("/code").length, 0);
    }));

test("a_late_registration_keeps_the_name", () => {
    let late = true;
    return flow("enrol.en", ({ path }) => {
        if (path.endsWith("/credential")) {
            const answer = late ? refuse(403, "proof_expired") : { body: { next: "/p/over-done.en" } };
            late = false;
            return answer;
        }
        return { body: creationOptions() };
    }, async (page) => {
        await typeCode(page, "ABCD2345");
        await page.getByLabel("Name of the passkey").fill("Key");
        await page.getByRole("button", { name: "Make the passkey" }).click();
        await page.getByText("of the device-bound kind").waitFor();
        assert.deepEqual(asked("/credential").map(({ body }) => body.label), ["Key", "Key"]);
        assert.equal(asked("/challenge").length, 1);
    }, { passkey: false });
});

test("a_further_passkey_begins_without_a_code", () =>
    flow("make.en", ({ path }) => ({ body: path.endsWith("/challenge") ? creationOptions() : {} }), async (page) => {
        await page.getByRole("button", { name: "Make the passkey" }).click();
        await page.getByText("of the device-bound kind").waitFor();
        assert.equal(asked("/code").length, 0);
    }, { passkey: false }));

test("without_webauthn_the_page_explains", async () => {
    const { context, page } = await newPage(browser, { locale: "en-GB" });
    await page.addInitScript(() => Reflect.deleteProperty(window, "PublicKeyCredential"));
    site.world.asked.length = 0;
    await page.goto(site.url("login-demo.en"));
    await page.getByRole("heading", { name: "This browser cannot use passkeys" }).waitFor();
    assert.equal(await page.locator("#go").getAttribute("aria-disabled"), "true");
    assert.equal(site.world.asked.length, 0);
    await context.close();
});

test("without_an_authenticator_the_demo_shows_the_virtual_one", () =>
    flow("login-demo.en", () => ({ body: assertionOptions() }), async (page) => {
        await page.getByText("Enable virtual authenticator environment").waitFor();
    }, { authenticator: null }));

test("the_emergency_stop_asks_back_and_works_by_keyboard", () =>
    flow("centre.en", () => ({ body: { next: "/p/centre-locked.en" } }), async (page) => {
        const button = page.getByRole("button", { name: "Stop the account" });
        await button.focus();
        await page.keyboard.press("Enter");
        const dialog = page.getByRole("dialog", { name: "Stop the account?" });
        await dialog.waitFor();
        assert.match(await page.evaluate(() => document.activeElement?.textContent ?? ""), /Cancel/);
        await page.keyboard.press("Escape");
        await dialog.waitFor({ state: "hidden" });
        assert.ok(await button.evaluate((e) => e === document.activeElement));
        assert.equal(site.world.asked.length, 0);
        await page.keyboard.press("Enter");
        await page.keyboard.press("Tab");
        await page.keyboard.press("Enter");
        await page.waitForURL("**/p/centre-locked.en");
        assert.deepEqual(site.world.asked, [{ path: "/v1/me/lock", body: {} }]);
    }));

test("not_me_names_its_notice", () =>
    flow("centre.en", () => ({ body: {} }), async (page) => {
        await page.getByRole("button", { name: "This was not me" }).nth(1).click();
        const dialog = page.getByRole("dialog");
        await dialog.getByText("Log-in", { exact: true }).waitFor();
        await Promise.all([
            page.waitForResponse((response) => response.url().endsWith("/not-me")),
            dialog.getByRole("button", { name: "It was not me" }).click(),
        ]);
        assert.match(site.world.asked[0].path, /^\/v1\/me\/notices\/[\w-]{24}\/not-me$/);
    }));

test("a_label_too_long_is_not_sent", () =>
    flow("centre.en", () => ({ body: {} }), async (page) => {
        await page.getByLabel("Name of the new passkey").fill("あ".repeat(22));
        await page.keyboard.press("Enter");
        await page.getByText("The name is too long").waitFor();
        assert.equal(site.world.asked.length, 0);
    }));

test("a_problem_stands_at_the_field_it_names", () =>
    flow("desk-customer.en", () => refuse(400, "bad_field", "checked"), async (page) => {
        await page.getByText("Record an identity proofing").click();
        const input = page.getByLabel("What was checked");
        await input.fill("x");
        await page.keyboard.press("Enter");
        await page.locator("#checked-1-error").filter({ hasText: "refused: bad_field" }).waitFor();
        assert.deepEqual(Object.keys(site.world.asked[0].body).sort(), ["checked", "customer", "kind", "user"]);
        assert.equal(site.world.asked[0].body.kind, "document");
    }));

test("an_operator_signs_what_he_reads", () =>
    flow("desk-approvals.en", () => ({ body: { next: "/p/desk-approve.en" } }), async (page) => {
        await page.getByRole("button", { name: "Review and sign" }).click();
        await page.waitForURL("**/p/desk-approve.en");
        assert.match(site.world.asked[0].path, /^\/v1\/approvals\/[\w-]{24}\/sign$/);
    }));

test("no_connection_is_told", () =>
    flow("centre.en", () => ({ body: {} }), async (page) => {
        await page.route("**/v1/me/logout", (route) => route.abort());
        await page.getByRole("button", { name: "Log out", exact: true }).click();
        await page.getByRole("alert").filter({ hasText: "No connection" }).waitFor();
    }));
