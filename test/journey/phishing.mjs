// @ts-check
/* phishing.mjs TORIMORI: another domain, and a relay that passes everything on. The passkey does not
 * work there, no session comes into being, and the true site works right afterwards, so that the test
 * can fail. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer, request as ask } from "node:https";
import { atEnd, test } from "../tap.mjs";
import { eventually, openBrowser, openWorld, Person } from "./story.mjs";

const [torimori] = process.argv.slice(2);
const world = await openWorld(torimori);
atEnd(world.close);
const { places } = world;
const { browser, close } = await openBrowser(places.ca);
atEnd(close);

const real = new URL(places.pages);
const own = new URL(places.evil);
/** What went through the relay. @type {{method: string, path: string, status: number, cookies: string[]}[]} */
const seen = [];
/** Whether the relay puts the true names into what it passes on, as kits do. */
let disguised = true;

/** Codes that somebody typed into the phisher's page. @type {string[]} */
const phished = [];

/** @param {string} text */
const outward = (text) => (disguised ? text.replaceAll(own.host, real.host) : text);
/** @param {string} text */
const inward = (text) => text.replaceAll(real.host, own.host).replaceAll(`"${real.hostname}"`, `"${own.hostname}"`);

/** @param {import("node:http").IncomingHttpHeaders} headers */
function disguise(headers) {
    const { host: _host, connection: _connection, "accept-encoding": _coding, ...rest } = headers;
    const passed = Object.entries(rest).map(([name, value]) => [name, outward(String(value))]);
    return { ...Object.fromEntries(passed), host: disguised ? real.host : own.host };
}

/** @param {import("node:http").IncomingMessage} from  @returns {Promise<Buffer>} */
async function whole(from) {
    const pieces = [];
    for await (const piece of from) {
        pieces.push(piece);
    }
    return Buffer.concat(pieces);
}

/** @param {import("node:http").IncomingMessage} from @param {import("node:http").ServerResponse} to */
async function relay(from, to) {
    const body = await whole(from);
    if (from.url?.endsWith("/code")) {
        phished.push(JSON.parse(body.toString("utf8")).code);
        to.writeHead(503).end();
        return;
    }
    const upstream = ask({
        host: "127.0.0.1",
        port: real.port,
        servername: real.hostname,
        ca: readFileSync(places.ca),
        method: from.method,
        path: from.url,
        headers: disguise(from.headers),
    });
    upstream.once("error", () => to.writeHead(502).end());
    upstream.once("response", async (answer) => {
        const content = inward((await whole(answer)).toString("utf8"));
        const cookies = answer.headers["set-cookie"] ?? [];
        seen.push({ method: from.method ?? "", path: from.url ?? "", status: answer.statusCode ?? 0, cookies });
        const { "content-length": _length, "transfer-encoding": _coding, ...headers } = answer.headers;
        if (headers.location) {
            headers.location = inward(headers.location);
        }
        to.writeHead(answer.statusCode ?? 502, headers).end(content);
    });
    upstream.end(body);
}

const evil = createServer({ cert: readFileSync(places.evilCertificate), key: readFileSync(places.evilKey) }, relay);
await new Promise((resolve) => evil.listen(Number(own.port), "127.0.0.1", () => resolve(undefined)));
atEnd(() => evil.close());

const who = await world.ask("person", 1);
const victim = await new Person(world, browser, who).sitDown();
await victim.enrol(await world.ask("window", who.customer, who.user));

/**
 * What a phisher's own machine asks the broker.
 *
 * @param {string} method
 * @param {string} path
 * @param {{cookie?: string, body?: string}} [more]
 * @returns {Promise<{headers: import("node:http").IncomingHttpHeaders, text: string}>}
 */
const atBroker = (method, path, { cookie = "", body = "" } = {}) => {
    const broker = new URL(places.broker);
    const form = { "content-type": "application/x-www-form-urlencoded", origin: broker.origin };
    return new Promise((resolve, reject) => {
        const asked = ask({
            host: "127.0.0.1",
            port: broker.port,
            servername: broker.hostname,
            ca: readFileSync(places.ca),
            method,
            path,
            headers: { host: broker.host, cookie, ...(body ? form : {}) },
        });
        asked.once("error", reject);
        asked.once("response", async (answer) =>
            resolve({ headers: answer.headers, text: (await whole(answer)).toString("utf8") }));
        asked.end(body);
    });
};

/**
 * The phisher begins something at the true broker and sends the victim to his own copy of Torimori's page.
 *
 * @param {string} [begin]  path of the broker's form
 * @param {Record<string, string>} [fields]
 */
async function followTheBait(begin = "/login", fields = {}) {
    seen.length = 0;
    const welcome = await atBroker("GET", "/");
    const cookie = (welcome.headers["set-cookie"]?.[0] ?? "").split(";")[0];
    const csrf = /name="csrf" value="([^"]+)"/.exec(welcome.text)?.[1] ?? "";
    const sent = await atBroker("POST", begin, { cookie, body: new URLSearchParams({ csrf, ...fields }).toString() });
    const bait = inward(sent.headers.location ?? "");
    assert.ok(bait.startsWith(`${places.evil}/i/`), `${bait} ${sent.text}`);
    await victim.at.goto(bait);
}

test("a_relay_shows_the_page_and_gets_nothing", async () => {
    disguised = true;
    await followTheBait();
    await victim.at.locator("#go").waitFor();
    await victim.at.locator("#go").click();
    await victim.at.getByRole("alert").filter({ hasText: /./ }).waitFor();
    assert.ok(seen.some(({ path, status }) => path.endsWith("/challenge") && status === 200), "the relay did relay");
    assert.equal(seen.filter(({ path }) => path.endsWith("/proof")).length, 0);
    assert.ok(!seen.some(({ cookies }) => cookies.some((cookie) => /session/i.test(cookie))));
});

test("without_disguise_the_server_does_not_even_answer", async () => {
    disguised = false;
    await followTheBait();
    assert.ok(seen.length > 0);
    assert.ok(seen.every(({ status }) => status === 421), JSON.stringify(seen));
});

/** What a script on the phisher's page can try. @param {string} rpId */
const tryPasskey = (rpId) =>
    victim.at.evaluate(async (id) => {
        try {
            const challenge = new Uint8Array(32);
            const got = await navigator.credentials.get({
                publicKey: { challenge, ...(id ? { rpId: id } : {}), userVerification: "required", timeout: 3_000 },
            });
            return got ? "got" : "nothing";
        } catch (error) {
            return /** @type {Error} */ (error).name;
        }
    }, rpId);

test("the_phisher_s_page_cannot_use_the_passkey", async () => {
    disguised = true;
    await victim.at.goto(`${places.evil}/web/mark.svg`);
    await victim.at.goto(`${places.evil}/`);
    assert.equal(await tryPasskey(real.hostname), "SecurityError");
    assert.equal(await tryPasskey(""), "NotAllowedError");
    await victim.at.goto(`${places.pages}/`);
    assert.equal(await tryPasskey(""), "got", "the same script on the true site does get an answer");
});

test("the_true_site_works_right_afterwards", async () => {
    await victim.login();
    assert.ok((await victim.cash()) > 0);
});

/* ENROL-03, NOTIFY-04: what cannot be prevented is told at once, waits, and can be stopped. */
test("a_phished_code_is_told_waits_and_is_stopped", async () => {
    disguised = true;
    const { customer, user, mail, name } = await world.ask("person", 2);
    const code = await world.ask("window", customer, user);
    await followTheBait("/enrol", { customer, user });
    await victim.at.locator("#code").fill(code);
    await victim.at.keyboard.press("Enter");
    await victim.at.getByRole("alert").filter({ hasText: /./ }).first().waitFor();
    assert.equal(phished.length, 1);

    const thief = await new Person(world, browser, { customer, user, mail, name }).sitDown();
    await thief.enrol(phished[0]);
    await thief.login();
    const before = await thief.cash();
    await thief.at.goto(`${places.broker}/withdrawal`);
    await thief.at.locator("#amount").fill("1000");
    await thief.press("/withdrawal");
    await thief.arrive(`${places.broker}/instruction`);
    assert.deepEqual(await thief.result(), { state: "denied", reason: "cool_off" });
    assert.equal(await thief.cash(), before);

    const told = (await eventually(
        () => world.ask("mails", mail),
        (/** @type {any[]} */ all) => all.some(({ subject }) => /ログイン/.test(subject)))).map(
        (/** @type {any} */ one) => one.subject).join();
    assert.match(told, /パスキー登録のお知らせ/);

    /* The victim calls: this was not me. */
    await world.ask("lock", customer);
    await thief.at.goto(`${places.broker}/portfolio`);
    assert.equal(await thief.at.locator("#cash").count(), 0);
    await thief.at.goto(`${places.broker}/`);
    await thief.press("/login");
    await thief.arrive(`${places.pages}/i/`);
    await thief.at.getByRole("alert").filter({ hasText: /停止中/ }).waitFor();
    await thief.leave();
});
