// @ts-check
/* withdraw.mjs TORIMORI: from the letter to a withdrawal with its own proof, in a real browser over TLS;
 * and the same withdrawal in every way in which it must not happen. */
import assert from "node:assert/strict";
import { atEnd, test } from "../tap.mjs";
import { axe, complaints, newPage } from "../web/browser.mjs";
import { eventually, openBrowser, openWorld, Person } from "./story.mjs";

const [torimori] = process.argv.slice(2);
const world = await openWorld(torimori);
atEnd(world.close);
const { browser, close } = await openBrowser(world.places.ca);
atEnd(close);

/* So that withdrawals are possible at once: a real approval by two operators. One journey keeps 72 h. */
const COOL_OFF = "cool_off_ms.withdrawal";
await world.ask("policy", COOL_OFF, 0);

let next = 1;
/** Somebody new with a passkey, logged in at the broker. */
async function newcomer() {
    const who = await world.ask("person", next++);
    const person = await new Person(world, browser, who).sitDown();
    await person.enrol(await world.ask("window", who.customer, who.user));
    await person.login();
    return person;
}

/** What a page of Torimori's would do. @param {Person} person @param {string} path @param {object} body */
const call = (person, path, body) =>
    person.at.evaluate(async ([to, what]) => {
        const answer = await fetch(/** @type {string} */ (to), {
            method: "POST",
            headers: { "Content-Type": "application/json" },
            body: JSON.stringify(what),
        });
        return { status: answer.status, body: await answer.json() };
    }, /** @type {[string, object]} */ ([path, body]));

/** A correct assertion, made on the page. @param {Person} person @param {object} options */
const assertion = (person, options) =>
    person.at.evaluate(async (json) => {
        const publicKey = PublicKeyCredential.parseRequestOptionsFromJSON(/** @type {any} */ (json));
        const made = /** @type {PublicKeyCredential} */ (await navigator.credentials.get({ publicKey }));
        const { id, rawId, type, response } = made.toJSON();
        const { clientDataJSON, authenticatorData, signature, userHandle } = response;
        return { id, rawId, type, response: { clientDataJSON, authenticatorData, signature, userHandle } };
    }, options);

/** @param {Person} person */
const visitOf = (person) => new URL(person.at.url()).pathname.split("/")[2];

/* AUTH-01, AUTH-02, AUTH-09, NOTIFY-01, NOTIFY-03 */
test("enrol_log_in_withdraw_and_be_told", async () => {
    const hanako = await newcomer();
    const said = complaints(hanako.at);
    const before = await hanako.cash();
    await hanako.askWithdrawal(12_345);
    assert.match((await hanako.at.locator(".signed .amount dd").textContent()) ?? "", /12,345/);
    assert.deepEqual(await axe(hanako.at), []);
    assert.deepEqual(await hanako.confirm(), { state: "executed", reason: null });
    assert.equal(await hanako.cash(), before - 12_345);

    await hanako.centre();
    const inbox = await hanako.at.locator("#inbox ~ ul").innerText();
    assert.match(inbox, /12,345/);
    assert.deepEqual(await axe(hanako.at), []);
    const mails = await eventually(
        () => world.ask("mails", hanako.who.mail),
        (/** @type {any[]} */ all) => all.some((mail) => /12,345/.test(mail.text)));
    assert.ok(mails.length >= 3, mails.map((/** @type {any} */ m) => m.subject).join());
    for (const { subject, text } of mails) {
        assert.doesNotMatch(subject + text, /https?:|www\./i);
    }
    await world.ask("verify");
    assert.deepEqual(said, []);
    await hanako.leave();
});

test("a_login_alone_moves_nothing", async () => {
    const person = await newcomer();
    const before = await person.cash();
    await person.askWithdrawal(1_000);
    await person.at.locator("#cancel").click();
    await person.arrive(`${world.places.broker}/instruction`);
    assert.notEqual((await person.result()).state, "executed");
    assert.equal(await person.cash(), before);
    await person.leave();
});

test("a_proof_counts_once", async () => {
    const person = await newcomer();
    const before = await person.cash();
    await person.askWithdrawal(1_000);
    const visit = person.at.url();
    /** @type {string} */
    let proof = "";
    person.at.on("request", (request) => {
        if (request.url().endsWith("/proof")) {
            proof = request.postData() ?? "";
        }
    });
    assert.equal((await person.confirm()).state, "executed");
    await person.at.goto(visit);
    const again = await call(person, `/v1/i/${new URL(visit).pathname.split("/")[2]}/proof`, JSON.parse(proof));
    assert.equal(again.status, 409, JSON.stringify(again.body));
    assert.equal(await person.cash(), before - 1_000);
    await person.leave();
});

test("a_proof_of_one_withdrawal_is_none_of_another", async () => {
    const person = await newcomer();
    const before = await person.cash();
    await person.askWithdrawal(1_000);
    /* The small one is proved, but the proof is kept back and given to the large one. */
    /** @type {any} */
    let kept;
    await person.at.route("**/proof", async (route) => {
        kept = JSON.parse(route.request().postData() ?? "{}");
        await route.abort();
    });
    await person.at.locator("#go").click();
    await person.at.getByRole("alert").filter({ hasText: /./ }).waitFor();
    await person.at.unroute("**/proof");
    await person.askWithdrawal(900_000);
    await call(person, `/v1/i/${visitOf(person)}/challenge`, {});
    const answer = await call(person, `/v1/i/${visitOf(person)}/proof`, kept);
    assert.equal(answer.body.code, "proof_challenge");
    assert.equal(await person.cash(), before);
    await person.leave();
});

test("another_browser_is_turned_away", async () => {
    const person = await newcomer();
    await person.askWithdrawal(1_000);
    await person.at.locator("#go").waitFor();
    const { context: other, page } = await newPage(browser, { locale: "ja-JP" });
    await page.goto(person.at.url());
    await page.getByRole("heading", { name: "別のブラウザーの手続きです" }).waitFor();
    assert.equal(await page.locator(".signed").count(), 0);
    await other.close();
    await person.leave();
});

test("another_user_s_passkey_does_not_confirm", async () => {
    const person = await newcomer();
    const other = await newcomer();
    const before = await person.cash();
    await person.askWithdrawal(1_000);
    await person.at.locator("#go").waitFor();
    /* The other's passkey is put into this person's authenticator, in place of their own. */
    const theirs = await other.device?.cdp.send("WebAuthn.getCredentials", {
        authenticatorId: other.device.authenticatorId });
    const mine = /** @type {NonNullable<typeof person.device>} */ (person.device);
    await mine.cdp.send("WebAuthn.clearCredentials", { authenticatorId: mine.authenticatorId });
    for (const credential of theirs?.credentials ?? []) {
        await mine.cdp.send("WebAuthn.addCredential", { authenticatorId: mine.authenticatorId, credential });
    }
    await person.at.locator("#go").click();
    await person.at.getByRole("alert").filter({ hasText: /./ }).waitFor();
    assert.equal(await person.cash(), before);
    await other.leave();
    await person.leave();
});

/* LOCK-07, LOCK-08 */
test("after_the_emergency_stop_nothing_goes", async () => {
    const person = await newcomer();
    const before = await person.cash();
    await person.askWithdrawal(1_000);
    const visit = person.at.url();
    await person.centre();
    await person.at.locator('button[data-ask="lock"]').focus();
    await person.at.keyboard.press("Enter");
    await person.at.locator("#ask-lock").waitFor();
    await person.at.keyboard.press("Tab");
    await person.at.keyboard.press("Enter");
    await person.arrive(`${world.places.pages}/locked`);
    assert.deepEqual(await axe(person.at), []);
    await person.at.goto(visit);
    await person.at.getByRole("heading", { name: "口座を停止しています" }).waitFor();
    /* Whoever ignores the page and proves all the same is refused by the server. */
    const challenge = await call(person, `/v1/i/${visitOf(person)}/challenge`, {});
    const answer = await call(person, `/v1/i/${visitOf(person)}/proof`, await assertion(person, challenge.body.publicKey));
    assert.match(answer.body.code, /^(locked|no_session)$/);
    await person.at.goto(`${world.places.broker}/portfolio`);
    assert.equal(await person.at.locator("#cash").count(), 0, "the session at the broker is cut too");
    const journal = await eventually(
        () => world.ask("journal", person.who.customer),
        (/** @type {any[]} */ rows) => rows.some((row) => /lock/.test(JSON.stringify(row))));
    assert.ok(!journal.some((/** @type {any} */ row) => /redeemed/.test(JSON.stringify(row))));
    assert.ok(before > 0);
    await person.leave();
});

test("this_was_not_me_stops_everything", async () => {
    const person = await newcomer();
    await person.centre();
    await person.at.locator('button[data-ask="not-me"]').first().click();
    await person.at.locator('#ask-not-me button[data-answer="yes"]').click();
    await person.arrive(`${world.places.pages}/locked`);
    await person.at.goto(`${world.places.broker}/portfolio`);
    assert.equal(await person.at.locator("#cash").count(), 0);
    await person.leave();
});

/* ENROL-02, ENROL-07, NOTIFY-04 */
test("a_second_passkey_needs_the_first_and_can_go_again", async () => {
    const person = await newcomer();
    await person.centre();
    const cards = person.at.locator("#credentials ~ ul > li");
    assert.equal(await cards.count(), 1);
    /* Another device: a security key beside the built-in authenticator. */
    const key = { protocol: "ctap2", transport: "usb", hasResidentKey: true, hasUserVerification: true,
        isUserVerified: true, automaticPresenceSimulation: true };
    await person.device?.cdp.send("WebAuthn.addVirtualAuthenticator", { options: /** @type {any} */ (key) });
    await person.at.locator("#label").fill("予備の鍵");
    await person.at.keyboard.press("Enter");
    await person.arrive(`${world.places.pages}/i/`);
    assert.match((await person.at.locator(".signed").textContent()) ?? "", /予備の鍵/);
    await person.at.locator("#go").click();
    await person.at.locator("#make-form button.primary").click();
    await person.at.locator("#continue").click();
    await person.arrive(`${world.places.pages}/me`);
    assert.equal(await cards.count(), 2);
    const spare = cards.filter({ hasText: "予備の鍵" });
    await spare.locator("button").click();
    await person.at.locator('#ask-remove button[data-answer="yes"]').click();
    await person.arrive(`${world.places.pages}/i/`);
    await person.at.locator("#go").click();
    await person.arrive(`${world.places.pages}/me`);
    assert.equal(await cards.count(), 1);
    await eventually(
        () => world.ask("mails", person.who.mail),
        (/** @type {any[]} */ all) => all.some((mail) => /削除/.test(mail.subject)));
    await person.leave();
});

/* ENROL-03 */
test("a_new_passkey_waits_before_it_withdraws", async () => {
    await world.ask("policy", COOL_OFF, 72 * 3_600_000);
    const person = await newcomer();
    const before = await person.cash();
    await person.at.goto(`${world.places.broker}/withdrawal`);
    await person.at.locator("#amount").fill("1000");
    await person.press("/withdrawal");
    await person.arrive(`${world.places.broker}/instruction`);
    assert.deepEqual(await person.result(), { state: "denied", reason: "cool_off" });
    assert.equal(await person.cash(), before);
    await person.leave();
});
