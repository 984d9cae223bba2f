// @ts-check
/* What every journey shares: the world behind it, a person with a browser and a virtual authenticator,
 * and the ways through the pages. */
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { addAuthenticator, launch, newPage, PATIENCE_MS } from "../web/browser.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));

/**
 * @param {string} torimori  the program
 * @param {{settings?: string[], staff?: boolean}} [how]  settings: "name=value", beside those of the demo;
 *     staff: whether two operators are brought into being
 */
export async function openWorld(torimori, { settings = [], staff = true } = {}) {
    const folder = mkdtempSync(join(tmpdir(), "torimori-journey-"));
    const child = spawn("/usr/bin/python3", ["-B", join(here, "world.py"), torimori, folder, ...settings], {
        stdio: ["pipe", "pipe", "inherit"],
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    /** @param {string} name @param {...any} given @returns {Promise<any>} */
    const ask = async (name, ...given) => {
        child.stdin.write(`${JSON.stringify({ do: name, with: given })}\n`);
        const line = await lines.next();
        const answer = line.done ? { error: "the world has ended" } : JSON.parse(line.value);
        if (answer.error) {
            throw new Error(answer.error);
        }
        return answer.ok;
    };
    const close = async () => {
        child.stdin.end();
        await ended;
        rmSync(folder, { recursive: true, force: true });
    };
    try {
        return { ask, close, places: await ask("open", staff) };
    } catch (error) {
        await close();
        throw error;
    }
}

/**
 * A browser that trusts the world's CA, by an NSS database in a home of its own, and finds every
 * *.test at this machine.
 *
 * @param {string} ca
 */
export async function openBrowser(ca) {
    const home = mkdtempSync(join(tmpdir(), "torimori-home-"));
    const nss = join(home, ".pki/nssdb");
    mkdirSync(nss, { recursive: true });
    execFileSync("certutil", ["-d", `sql:${nss}`, "-N", "--empty-password"]);
    execFileSync("certutil", ["-d", `sql:${nss}`, "-A", "-t", "C,,", "-n", "ca", "-i", ca]);
    return launch(["--host-resolver-rules=MAP *.test 127.0.0.1"], home);
}

/**
 * Asks until what comes is wanted.
 *
 * @template T
 * @param {() => Promise<T>} look
 * @param {(seen: T) => boolean} wanted
 * @returns {Promise<T>}
 */
export async function eventually(look, wanted) {
    const until = Date.now() + PATIENCE_MS;
    for (;;) {
        const seen = await look();
        if (wanted(seen)) {
            return seen;
        }
        if (Date.now() > until) {
            throw new Error(`still ${JSON.stringify(seen)}`);
        }
        await new Promise((resolve) => setTimeout(resolve, 200));
    }
}

/** Somebody at a browser: a context, a page, a virtual authenticator. */
export class Person {
    /**
     * @param {Awaited<ReturnType<typeof openWorld>>} world
     * @param {import("playwright-core").Browser} browser
     * @param {{customer: string, user: string, mail: string, name: string}} who
     */
    constructor(world, browser, who) {
        this.world = world;
        this.browser = browser;
        this.who = who;
    }

    /** @param {string} [locale] */
    async sitDown(locale = "ja-JP") {
        const { context, page } = await newPage(this.browser, { locale });
        this.context = context;
        this.page = page;
        this.device = await addAuthenticator(this.page);
        return this;
    }

    /** @returns {import("playwright-core").Page} */
    get at() {
        if (!this.page) {
            throw new Error("nobody sits here");
        }
        return this.page;
    }

    async leave() {
        await this.context?.close();
    }

    /**
     * Waits until a page at one of these addresses stands; otherwise says where the browser is instead.
     *
     * @param {string} address  how they begin
     */
    async arrive(address) {
        try {
            await this.at.waitForURL((url) => url.href.startsWith(address));
        } catch {
            const text = await this.at.locator("main").innerText().catch(() => "");
            throw new Error(`not at ${address} but at ${this.at.url()}: ${text.slice(0, 400)}`);
        }
    }

    /** @param {string} action  of a form of the broker's */
    press(action) {
        return this.at.locator(`form[action="${action}"] button`).click();
    }

    /** From the letter to the passkey. @param {string} code */
    async enrol(code) {
        const { broker, pages } = this.world.places;
        await this.at.goto(`${broker}/`);
        await this.at.locator("#customer").fill(this.who.customer);
        await this.at.locator("#user").fill(this.who.user);
        await this.press("/enrol");
        await this.arrive(`${pages}/i/`);
        await this.at.locator("#code").fill(code);
        await this.at.keyboard.press("Enter");
        await this.at.locator("#make-form button.primary").click();
        await this.at.locator("#continue").click();
        await this.arrive(`${broker}/`);
    }

    /** With the broker's button; the passkey is offered by the browser itself. */
    async login() {
        const { broker } = this.world.places;
        await this.at.goto(`${broker}/`);
        await this.press("/login");
        await this.arrive(`${broker}/portfolio`);
    }

    /** Up to Torimori's page that shows what is signed. @param {number} amount */
    async askWithdrawal(amount) {
        const { broker, pages } = this.world.places;
        await this.at.goto(`${broker}/withdrawal`);
        await this.at.locator("#amount").fill(String(amount));
        await this.press("/withdrawal");
        await this.arrive(`${pages}/i/`);
    }

    async confirm() {
        const { broker } = this.world.places;
        await this.at.locator("#go").click();
        await this.arrive(`${broker}/instruction`);
        return this.result();
    }

    /** How the broker says it stands. */
    async result() {
        const box = this.at.locator("[data-state]");
        return { state: await box.getAttribute("data-state"), reason: await box.getAttribute("data-reason") };
    }

    /** @returns {Promise<number>} */
    async cash() {
        await this.at.goto(`${this.world.places.broker}/portfolio`);
        const text = (await this.at.locator("#cash").textContent()) ?? "";
        return Number(text.replace(/[^\d]/g, ""));
    }

    /** The security centre; logs in where it asks for it. */
    async centre() {
        const { pages } = this.world.places;
        await this.at.goto(`${pages}/me`);
        if (await this.at.locator('a[href="/login"]').count()) {
            await this.at.goto(`${pages}/login`);
            await this.at.locator("button[data-post]").click();
            await this.arrive(`${pages}/me`);
        }
    }
}
