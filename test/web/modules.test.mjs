// @ts-check
/* The modules of web/ whose logic needs no browser. */
import assert from "node:assert/strict";
import { test } from "../tap.mjs";
import { decode, encode } from "../../web/base64url.js";
import { Keeper, lifeMs } from "../../web/challenge.js";
import { byteLength, nextAddress, plainCode } from "../../web/text.js";

test("base64url_both_ways", () => {
    for (let n = 0; n < 70; n++) {
        const bytes = Uint8Array.from({ length: n }, (_, i) => (i * 37 + n) & 255);
        const text = encode(bytes.buffer);
        assert.match(text, /^[A-Za-z0-9_-]*$/);
        assert.equal(text, Buffer.from(bytes).toString("base64url"));
        assert.deepEqual(decode(text), bytes);
    }
});

test("a_code_is_taken_however_it_is_typed", () => {
    for (const typed of ["ABCD-2345", "abcd 2345", "ＡＢＣＤー２３４５", " abcd–2345\n", "ａｂｃｄ−２３４５"]) {
        assert.equal(plainCode(typed), "ABCD2345");
    }
    assert.equal(plainCode(" - "), "");
});

test("labels_are_counted_in_bytes", () => {
    assert.equal(byteLength("abc"), 3);
    assert.equal(byteLength("鍵"), 3);
    assert.equal(byteLength("🔑"), 4);
});

test("next_never_runs_script", () => {
    const here = "http://torimori.localhost:8080/i/abc?lang=en";
    assert.equal(nextAddress("javascript:alert(1)", here), undefined);
    assert.equal(nextAddress("data:text/html,x", here), undefined);
    assert.equal(nextAddress("http://[", here), undefined);
});

test("next_keeps_the_language_on_this_host_only", () => {
    const here = "http://torimori.localhost:8080/i/abc?lang=en";
    assert.equal(nextAddress("/me", here), "http://torimori.localhost:8080/me?lang=en");
    assert.equal(nextAddress("/me?lang=ja", here), "http://torimori.localhost:8080/me?lang=ja");
    const back = "http://mihon.localhost:8081/back?interaction=a&code=b&state=c";
    assert.equal(nextAddress(back, here), back);
    assert.equal(nextAddress("/me", "http://torimori.localhost:8080/i/abc"), "http://torimori.localhost:8080/me");
});

test("the_life_of_a_challenge_is_told_by_the_server_s_clock", () => {
    const served = Date.parse("2026-11-20T05:00:00.000Z");
    assert.equal(lifeMs({ expires_at: "2026-11-20T05:01:00.000Z" }, served), 60_000);
    assert.equal(lifeMs({ expires_at: "2026-11-20T04:59:00.000Z" }, served), 3_000);
    assert.equal(lifeMs({ expires_at: "2030-01-01T00:00:00.000Z" }, served), 120_000);
    assert.equal(lifeMs({ publicKey: { timeout: 30_000 } }, served), 30_000);
    assert.equal(lifeMs({}, served), 120_000);
});

/** A keeper whose server and clock are ours. @param {number} lifeSeconds */
function keeperAt(lifeSeconds) {
    const world = { now: 0, asked: 0 };
    const served = Date.parse("2026-11-20T05:00:00.000Z");
    const keeper = new Keeper(
        async () => {
            world.asked++;
            const until = new Date(served + lifeSeconds * 1000).toISOString();
            return { data: { n: world.asked, expires_at: until }, served };
        },
        () => world.now,
    );
    return { world, keeper };
}

test("a_challenge_is_kept_while_it_is_fresh", async () => {
    const { world, keeper } = keeperAt(60);
    assert.equal((await keeper.fresh()).n, 1);
    world.now = 29_000;
    assert.equal((await keeper.fresh()).n, 1);
    assert.equal(keeper.renewInMs(), 16_000);
    world.now = 31_000;
    assert.equal((await keeper.fresh()).n, 2);
});

test("who_asks_at_once_gets_the_same_challenge", async () => {
    const { world, keeper } = keeperAt(60);
    const [a, b] = await Promise.all([keeper.fresh(), keeper.renew()]);
    assert.equal(a, b);
    assert.equal(world.asked, 1);
});

test("a_used_challenge_is_forgotten", async () => {
    const { world, keeper } = keeperAt(60);
    await keeper.fresh();
    keeper.forget();
    await keeper.fresh();
    assert.equal(world.asked, 2);
});

test("a_failed_request_can_be_made_again", async () => {
    let fail = true;
    const keeper = new Keeper(
        async () => {
            if (fail) {
                throw new Error("offline");
            }
            return { data: { n: 1 }, served: 0 };
        },
        () => 0,
    );
    await assert.rejects(keeper.fresh());
    fail = false;
    assert.equal((await keeper.fresh()).n, 1);
});
