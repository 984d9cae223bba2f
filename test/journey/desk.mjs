// @ts-check
/* desk.mjs TORIMORI: two operators at their own host, from the administrator's code to a letter for a
 * customer: every step on the pages themselves. */
import assert from "node:assert/strict";
import { atEnd, test } from "../tap.mjs";
import { addAuthenticator, axe, complaints, newPage, stands } from "../web/browser.mjs";
import { openBrowser, openWorld, Person } from "./story.mjs";

const [torimori] = process.argv.slice(2);
const world = await openWorld(torimori, { staff: false });
atEnd(world.close);
const { desk, pages } = world.places;
const { browser, close } = await openBrowser(world.places.ca);
atEnd(close);

/** Every signature and every proposal ends here. @param {import("playwright-core").Page} page */
async function atApprovals(page) {
    await page.waitForURL(`${desk}/`);
    await page.getByRole("heading", { level: 1, name: "承認", exact: true }).waitFor();
}

/** An operator at a browser of their own, with a passkey. @param {string} ref @param {string} name */
async function operator(ref, name) {
    const code = await world.ask("operator", ref, name);
    const { page } = await newPage(browser, { locale: "ja-JP" });
    await addAuthenticator(page);
    const said = complaints(page);
    await page.goto(`${desk}/enrol`);
    await page.locator("#operator").fill(ref);
    await page.keyboard.press("Enter");
    await stands(page.locator("#code"));
    await page.locator("#code").fill(code);
    await page.keyboard.press("Enter");
    await page.locator("#make-form button.primary").click();
    await page.locator("#continue").click();
    await page.waitForURL(`${desk}/`);
    await page.goto(`${desk}/login`);
    await page.locator("button[data-post]").click();
    await atApprovals(page);
    assert.deepEqual(await axe(page), []);
    return { page, said };
}

const first = await operator("op-1", "見本 係長");
const second = await operator("op-2", "例示 課長");
const who = await world.ask("person", 3);

/** @param {import("playwright-core").Page} page */
async function sign(page) {
    await page.goto(`${desk}/`);
    await page.locator('button[data-post$="/sign"]').first().click();
    await page.waitForURL((url) => url.pathname.startsWith("/i/"));
    assert.deepEqual(await axe(page), []);
    const shown = await page.locator(".signed").innerText();
    await page.locator("#go").click();
    await atApprovals(page);
    return shown;
}

/** @param {import("playwright-core").Page} page */
async function find(page) {
    await page.goto(`${desk}/desk`);
    await page.locator("input[data-name=ref]").fill(who.customer);
    await page.keyboard.press("Enter");
    await stands(page.getByRole("heading", { name: `顧客 ${who.customer}` }));
    assert.deepEqual(await axe(page), []);
}

/* ENROL-01, ENROL-06 */
test("proofing_and_two_signatures_bring_a_letter", async () => {
    const { page } = first;
    await find(page);
    await page.getByText("身元確認を記録する").click();
    await page.locator("input[data-name=checked]").first().fill("見本の運転免許証、下 4 桁 0000");
    await page.getByRole("button", { name: "記録して承認に回す" }).click();
    await atApprovals(page);
    assert.match(await sign(page), new RegExp(who.customer));
    assert.equal(await page.locator('button[data-post$="/sign"]').count(), 0, "nobody signs twice");
    assert.match(await sign(second.page), /enrol\.open/);
    const person = await new Person(world, browser, who).sitDown();
    await person.enrol(await world.ask("letter", who.customer, who.user));
    await person.login();
    assert.ok((await person.cash()) > 0);
    await person.leave();
});

/* LOCK-06 */
test("the_desk_locks_at_once_and_opens_by_two", async () => {
    const { page } = first;
    await find(page);
    await page.getByRole("button", { name: "停止する" }).click();
    await stands(page.getByRole("button", { name: "再開を申請する" }));
    await page.locator("section.stop input[data-name=checked]").fill("見本の運転免許証、下 4 桁 0000");
    await page.getByRole("button", { name: "再開を申請する" }).click();
    await atApprovals(page);
    await sign(page);
    await find(page);
    assert.equal(await page.getByRole("button", { name: "停止する" }).count(), 0, "one signature opens nothing");
    await sign(second.page);
    await find(page);
    await page.getByRole("button", { name: "停止する" }).waitFor();
});

test("a_customer_s_page_is_not_there_and_nobody_complained", async () => {
    const answer = await first.page.goto(`${desk}/me`);
    assert.equal(answer?.status(), 404);
    const other = await second.page.goto(`${pages}/desk`);
    assert.equal(other?.status(), 404);
    const said = [...first.said, ...second.said].filter((line) => !/status of 40[14]/.test(line));
    assert.deepEqual(said, []);
});
