// @ts-check
/* Chromium for tests: its own home and profile, a virtual authenticator on demand, and a page whose
 * every complaint is kept. */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";

const axeSource = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

/** For what must come: no verdict depends on how fast this machine is. */
export const PATIENCE_MS = 120_000;

/**
 * @param {string[]} [args]
 * @param {string} [home]  with an NSS database that knows a test CA; otherwise a fresh one
 */
export async function launch(args = [], home = mkdtempSync(join(tmpdir(), "torimori-browser-"))) {
    const browser = await chromium.launch({
        executablePath: "/usr/bin/chromium",
        headless: true,
        timeout: PATIENCE_MS,
        chromiumSandbox: false, // not permitted to root, nor to anybody in a chroot; the pages are our own
        env: { ...process.env, HOME: home },
        args: ["--force-color-profile=srgb", ...args],
    });
    return {
        browser,
        close: async () => {
            await browser.close();
            rmSync(home, { recursive: true, force: true });
        },
    };
}

/**
 * Somebody's own cookies and cache, and a page that is waited for with patience.
 *
 * @param {import("playwright-core").Browser} browser
 * @param {import("playwright-core").BrowserContextOptions} options
 */
export async function newPage(browser, options) {
    const context = await browser.newContext(options);
    context.setDefaultTimeout(PATIENCE_MS);
    return { context, page: await context.newPage() };
}

/**
 * Comes back when the page that a press led to stands, with all its modules. `mark` is something only
 * that page shows. Whoever goes on earlier presses buttons that nothing listens to yet, or opens an
 * address while a navigation is still on its way, which then cuts it short.
 *
 * @param {import("playwright-core").Locator} mark
 */
export async function stands(mark) {
    await mark.waitFor();
    await mark.page().waitForLoadState("load");
}

/**
 * Everything the page says against itself: console errors (a CSP violation is one), uncaught errors.
 *
 * @param {import("playwright-core").Page} page
 * @returns {string[]}
 */
export function complaints(page) {
    /** @type {string[]} */
    const said = [];
    page.on("console", (message) => {
        if (message.type() === "error" || message.type() === "warning") {
            said.push(message.text());
        }
    });
    page.on("pageerror", (error) => said.push(String(error)));
    return said;
}

/**
 * @param {import("playwright-core").Page} page
 * @param {object} [options]
 */
export async function addAuthenticator(page, options = {}) {
    const cdp = await page.context().newCDPSession(page);
    await cdp.send("WebAuthn.enable", { enableUI: false });
    const { authenticatorId } = await cdp.send("WebAuthn.addVirtualAuthenticator", {
        options: {
            protocol: "ctap2",
            ctap2Version: "ctap2_1",
            transport: "internal",
            hasResidentKey: true,
            hasUserVerification: true,
            isUserVerified: true,
            automaticPresenceSimulation: true,
            ...options,
        },
    });
    return { cdp, authenticatorId };
}

/**
 * WCAG 2.2 AA and axe's best practice, in words; empty: nothing found.
 *
 * @param {import("playwright-core").Page} page
 * @param {string[]} [rules]  only these
 * @returns {Promise<string[]>}
 */
export async function axe(page, rules) {
    const tags = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
    const runOnly = rules ? { type: "rule", values: rules } : { type: "tag", values: tags };
    await page.evaluate(axeSource);
    const result = await page.evaluate(
        // @ts-ignore: axe was put there by the line above
        (only) => axe.run(document, { runOnly: only, resultTypes: ["violations", "passes"] }),
        runOnly,
    );
    if (result.passes.length < (rules?.length ?? 10)) {
        return [`axe looked at only ${result.passes.length} rules`];
    }
    return result.violations.map((/** @type {any} */ v) =>
        `${v.id}: ${v.help}: ${v.nodes.map((/** @type {any} */ n) => n.target.join(" ")).join(", ")}`);
}
