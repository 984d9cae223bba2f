// @ts-check
/* late.mjs TORIMORI: challenges that live for fifteen seconds. A page that stays open renews its own, a late
 * answer is asked for once more, and a proof that comes too late moves nothing. */
import assert from "node:assert/strict";
import { atEnd, test } from "../tap.mjs";
import { eventually, openBrowser, openWorld, Person } from "./story.mjs";

const LIFE_MS = 15_000;
const [torimori] = process.argv.slice(2);
const world = await openWorld(torimori, { settings: [`challenge_ttl_ms=${LIFE_MS}`] });
atEnd(world.close);
const { browser, close } = await openBrowser(world.places.ca);
atEnd(close);
await world.ask("policy", "cool_off_ms.withdrawal", 0);

const who = await world.ask("person", 1);
const person = await new Person(world, browser, who).sitDown();
await person.enrol(await world.ask("window", who.customer, who.user));
await person.login();
const wait = (/** @type {number} */ ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What the pages post, by the end of the path. @type {{end: string, body: string}[]} */
const posted = [];
person.at.on("request", (request) => {
    if (request.method() === "POST") {
        posted.push({ end: new URL(request.url()).pathname.split("/").at(-1) ?? "", body: request.postData() ?? "" });
    }
});
const count = (/** @type {string} */ end) => posted.filter((one) => one.end === end).length;

test("an_open_page_renews_its_challenge", async () => {
    const before = await person.cash();
    posted.length = 0;
    await person.askWithdrawal(1_000);
    /* Its first, and two that it asked for by itself. */
    await eventually(async () => count("challenge"), (asked) => asked >= 3);
    assert.equal((await person.confirm()).state, "executed");
    assert.equal(await person.cash(), before - 1_000);
});

test("a_late_answer_is_asked_for_once_more", async () => {
    const before = await person.cash();
    await person.askWithdrawal(2_000);
    posted.length = 0;
    let slow = true;
    await person.at.route("**/proof", async (route) => {
        if (slow) {
            slow = false;
            await wait(LIFE_MS + 1_000);
        }
        await route.continue();
    });
    await person.at.locator("#go").click();
    await person.arrive(`${world.places.broker}/instruction`);
    await person.at.unroute("**/proof");
    assert.equal((await person.result()).state, "executed");
    assert.equal(count("proof"), 2);
    assert.equal(await person.cash(), before - 2_000);
});

/* AUTH-27 */
test("too_late_is_too_late", async () => {
    const before = await person.cash();
    await person.askWithdrawal(3_000);
    posted.length = 0;
    await person.at.route("**/proof", (route) => route.abort());
    await person.at.locator("#go").click();
    await person.at.getByRole("alert").filter({ hasText: /./ }).waitFor();
    await person.at.unroute("**/proof");
    const visit = new URL(person.at.url()).pathname;
    const kept = posted.find((one) => one.end === "proof")?.body ?? "";
    await person.at.goto(`${world.places.pages}/`);
    await wait(LIFE_MS + 1_000);
    const answer = await person.at.evaluate(async ([path, body]) => {
        const headers = { "Content-Type": "application/json" };
        const got = await fetch(path, { method: "POST", headers, body });
        return (await got.json()).code;
    }, [`/v1${visit}/proof`, kept]);
    assert.equal(answer, "proof_expired");
    assert.equal(await person.cash(), before);
});
