// @ts-check
/* pages.mjs PREVIEW [RESULTS]: every rendered page in Chromium, under the product's own headers. PREVIEW
 * is the program that renders them; screenshots go to RESULTS (test-results/web). */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { atEnd, test } from "../tap.mjs";
import { axe, complaints, launch, newPage } from "./browser.mjs";
import { serve } from "./serve.mjs";

const [preview, results = "test-results/web"] = process.argv.slice(2);
const rendered = mkdtempSync(join(tmpdir(), "torimori-pages-"));
execFileSync(preview, [rendered]);
mkdirSync(results, { recursive: true });
const names = readdirSync(rendered).filter((f) => f.endsWith(".html")).map((f) => f.slice(0, -5)).sort();

const site = await serve(rendered);
const { browser, close } = await launch();
atEnd(close);
atEnd(site.close);
atEnd(() => rmSync(rendered, { recursive: true }));

/* The modules ask for a challenge at once; here nothing answers them but this. */
site.world.answer = (/** @type {{path: string}} */ { path }) =>
    path.endsWith("/challenge")
        ? { body: { publicKey: { challenge: "AAAAAAAAAAAAAAAAAAAAAA", rpId: "torimori.localhost" }, expires_at: "" } }
        : { body: {} };

/**
 * One page that goes from sample to sample under the same circumstances, and what it said of the last.
 *
 * @typedef {{page: import("playwright-core").Page, said: string[], context: import("playwright-core").BrowserContext}} Eye
 */

/**
 * @param {import("playwright-core").BrowserContextOptions} options
 * @returns {Promise<Eye>}
 */
async function eye(options) {
    const { context, page } = await newPage(browser, options);
    return { context, page, said: complaints(page) };
}

/**
 * Opens one sample, lets `look` look at it, and holds whatever the page said against it.
 *
 * @param {Eye} eye
 * @param {string} name
 * @param {(page: import("playwright-core").Page, name: string) => Promise<void>} look
 */
async function see({ page, said }, name, look) {
    said.length = 0;
    await page.goto(site.url(name), { waitUntil: "load" });
    try {
        await look(page, name);
    } catch (error) {
        throw new Error(`${name}: ${error instanceof Error ? error.message : error}`);
    }
    assert.deepEqual(said, [], name);
}

/**
 * @param {string} name
 * @param {import("playwright-core").BrowserContextOptions} options
 * @param {(page: import("playwright-core").Page, name: string) => Promise<void>} look
 */
async function open(name, options, look) {
    const own = await eye(options);
    await see(own, name, look);
    await own.context.close();
}

/**
 * @param {import("playwright-core").BrowserContextOptions} options
 * @param {(page: import("playwright-core").Page, name: string) => Promise<void>} look
 */
async function eachPage(options, look) {
    assert.ok(names.length >= 60, `${names.length} pages`);
    const own = await eye(options);
    for (const name of names) {
        await see(own, name, look);
    }
    await own.context.close();
}

const wide = { viewport: { width: 1000, height: 800 } };
const narrow = { viewport: { width: 320, height: 640 } };

/** Opens what is folded, so that it is looked at too. @param {import("playwright-core").Page} page */
const unfold = (page) => page.evaluate(() => document.querySelectorAll("details").forEach((d) => (d.open = true)));

/* A11Y-01 */
test("axe_finds_nothing_on_any_page", () =>
    eachPage(wide, async (page, name) => {
        await unfold(page);
        assert.deepEqual(await axe(page), []);
        await page.screenshot({ path: join(results, `${name}.png`), fullPage: true });
    }));

test("axe_finds_nothing_in_the_dark", () =>
    eachPage({ ...wide, colorScheme: "dark" }, async (page) => {
        await unfold(page);
        assert.deepEqual(await axe(page, ["color-contrast"]), []);
    }));

test("axe_finds_something_on_a_broken_page", () =>
    open("login.ja", wide, async (page) => {
        await page.evaluate(() => {
            document.title = "";
            document.querySelector("#go")?.replaceChildren();
        });
        const found = (await axe(page)).map((line) => line.split(":")[0]);
        assert.ok(found.includes("document-title") && found.includes("button-name"), found.join());
    }));

/* WCAG 2.2, 1.4.10 */
test("nothing_runs_over_at_320_px", () =>
    eachPage(narrow, async (page, name) => {
        await unfold(page);
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${over} px too wide`);
        await page.screenshot({ path: join(results, `${name}.320.png`), fullPage: true });
    }));

/* WCAG 2.2, 1.4.4: text of twice the size at the width of a desktop window */
test("text_of_twice_the_size_fits", () =>
    eachPage({ viewport: { width: 640, height: 800 } }, async (page) => {
        const cdp = await page.context().newCDPSession(page);
        await cdp.send("Page.setFontSizes", { fontSizes: { standard: 32, fixed: 26 } });
        await cdp.detach();
        await unfold(page);
        const size = await page.evaluate(() => getComputedStyle(document.documentElement).fontSize);
        assert.equal(size, "32px");
        const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
        assert.ok(over <= 0, `${over} px too wide`);
    }));

/* A11Y-04: 44 px and more, but for links within a sentence */
test("targets_are_large", () =>
    eachPage(narrow, async (page) => {
        await unfold(page);
        const small = await page.evaluate(() =>
            [...document.querySelectorAll("button, a, summary, input[type=text], label.choice")]
                .filter((e) => e instanceof HTMLElement && e.checkVisibility() && !e.closest("li > a, p > a.inline"))
                .filter((e) => !e.matches(".behind, .skip, li > a"))
                .map((e) => ({ box: e.getBoundingClientRect(), what: e.outerHTML.slice(0, 60) }))
                .filter(({ box }) => box.height < 44 || box.width < 44)
                .map(({ what }) => what));
        assert.deepEqual(small, []);
    }));

/**
 * Walks with Tab through the page: what has the focus, in order, and whether it can be seen.
 *
 * @param {import("playwright-core").Page} page
 */
async function walk(page) {
    const seen = [];
    for (let i = 0; i < 60; i++) {
        await page.keyboard.press("Tab");
        const at = await page.evaluate(() => {
            const e = document.activeElement;
            if (!e || e === document.body) {
                return null;
            }
            const style = getComputedStyle(e);
            const all = [...document.querySelectorAll("*")];
            const box = e.getBoundingClientRect();
            return {
                what: e.outerHTML.slice(0, 70),
                place: all.indexOf(e),
                outline: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
                inView: box.bottom > 0 && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
            };
        });
        if (!at || (seen.length > 0 && at.place === seen[0].place)) {
            break;
        }
        seen.push(at);
    }
    return seen;
}

/* WCAG 2.2, 2.1.1, 2.4.3, 2.4.7, 2.4.11 */
test("the_keyboard_reaches_everything_in_order", () =>
    eachPage(wide, async (page) => {
        const wanted = await page.evaluate(() =>
            [...document.querySelectorAll("a[href], button, summary, input")]
                .filter((e) => e instanceof HTMLElement && e.checkVisibility() && e.tabIndex >= 0)
                .filter((e) => !(e instanceof HTMLInputElement && e.type === "radio" && !e.checked)).length);
        const seen = await walk(page);
        assert.match(seen[0].what, /class="skip"/);
        assert.equal(seen.length, wanted, seen.map((s) => s.what).join("\n"));
        for (const [i, at] of seen.entries()) {
            assert.ok(i === 0 || at.place > seen[i - 1].place, `out of order: ${at.what}`);
            assert.ok(at.outline >= 3, `no focus ring: ${at.what}`);
            assert.ok(at.inView, `focus out of view: ${at.what}`);
        }
    }));

test("the_focus_ring_leaves_labels_free", () =>
    open("enrol.ja", narrow, async (page) => {
        await page.focus("#code");
        const gap = await page.evaluate(() => {
            const hint = /** @type {Element} */ (document.querySelector("#code-hint")).getBoundingClientRect();
            return /** @type {Element} */ (document.querySelector("#code")).getBoundingClientRect().top - hint.bottom;
        });
        assert.ok(gap >= 8, `${gap} px`);
        await page.screenshot({ path: join(results, "enrol.ja.focus.png"), fullPage: true });
    }));

test("forced_colours_keep_buttons_and_focus", () =>
    eachPage({ ...wide, forcedColors: "active", reducedMotion: "reduce" }, async (page, name) => {
        const bare = await page.evaluate(() =>
            [...document.querySelectorAll("button, a.primary")]
                .filter((e) => /** @type {HTMLElement} */ (e).checkVisibility())
                .filter((e) => parseFloat(getComputedStyle(e).borderTopWidth) < 1).length);
        assert.equal(bare, 0);
        if (/^(login|confirm|centre)\.ja$/.test(name)) {
            await page.screenshot({ path: join(results, `${name}.forced.png`), fullPage: true });
        }
    }));

test("motion_is_reduced_when_asked", () =>
    open("login.ja", { ...wide, reducedMotion: "reduce" }, async (page) => {
        const takes = await page.evaluate(() =>
            getComputedStyle(/** @type {Element} */ (document.querySelector("#go"))).transitionDuration);
        assert.equal(takes, "0s");
    }));

test("the_language_link_goes_to_the_same_page", () =>
    open("login.ja", wide, async (page) => {
        const link = page.locator("a.language");
        assert.equal(await link.getAttribute("lang"), "en");
        assert.equal(await link.evaluate((a) => /** @type {HTMLAnchorElement} */ (a).href), `${site.url("login.ja")}?lang=en`);
    }));

test("a_page_for_paper_has_no_buttons", () =>
    open("confirm.ja", wide, async (page) => {
        await page.emulateMedia({ media: "print" });
        assert.equal(await page.locator("button:visible").count(), 0);
        assert.ok(await page.locator(".signed").isVisible());
    }));

test("inline_script_does_not_run", async () => {
    const own = await eye(wide);
    await own.page.goto(site.url("home.ja"));
    const came = await own.page.evaluate(() => {
        const script = document.createElement("script");
        try {
            script.textContent = "document.title = 'ran'";
            document.head.append(script);
        } catch (error) {
            return String(error);
        }
        return document.title;
    });
    assert.doesNotMatch(came, /^ran$/);
    assert.match(own.said.join() + came, /TrustedScript|Content Security Policy/);
    await own.context.close();
});
