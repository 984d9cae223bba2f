// @ts-check
/* HTTP against Node's own parser: against_node.mjs SAY CORPUS CASES [SEED].
 *
 * Seeds and variants of them go to both. Where we refuse and Node does not, that is our right; what we
 * accept, Node must accept too, as the same requests with the same fields and bodies, and where we wait
 * for more bytes Node must not have read a request already. */
import { spawn } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { join } from "node:path";
import process from "node:process";

const [, , say, corpus, cases, seed] = process.argv;
// @ts-ignore: the parser itself, not the server around it; Node documents it as deprecated for users
const { HTTPParser, allMethods, methods } = process.binding("http_parser");

/** @param {number} state */
function dice(state) {
    return () => {
        state = (state + 0x6d2b79f5) | 0;
        let t = Math.imul(state ^ (state >>> 15), 1 | state);
        t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
        return (t ^ (t >>> 14)) >>> 0;
    };
}

const next = dice(Number(seed ?? 1));
/** @param {number} n */
const below = (n) => next() % n;

const words = [
    "\r\n", "\n", "\r", " ", "\t", ":", ",", ";", "\0", "\x0b", "\x7f", "\x80", "\xff", "%", "%0a", "#", "/", "*",
    "0", "1", "5", "00", "0x5", "+5", "-1", "5;a=b", "10", "a", "ffffffff", "fffffffff", "FFFFFFFFFFFFFFFFF",
    "Content-Length: 5\r\n", "Content-Length: 0\r\n", "Content-Length:5\r\n", "Content-Length : 5\r\n",
    "Content-Length: 5, 5\r\n", "Content-Length: 05\r\n", "content-length: 5 \r\n", "Content-Length:\t5\t\r\n",
    "Transfer-Encoding: chunked\r\n", "Transfer-Encoding:chunked\r\n", "Transfer-Encoding: Chunked\r\n",
    "Transfer-Encoding: gzip, chunked\r\n", "Transfer-Encoding: chunked, chunked\r\n", "Transfer-Encoding: x\r\n",
    "Transfer-Encoding: identity\r\n", "Transfer-Encoding:\r\n chunked\r\n", "Transfer_Encoding: chunked\r\n",
    "Connection: close\r\n", "Connection: keep-alive\r\n", "Connection: upgrade\r\n", "Upgrade: h2c\r\n",
    "Expect: 100-continue\r\n", "Trailer: a\r\n", "Host: other.test\r\n", "A: b\r\n c\r\n", "A:\r\n", ": b\r\n",
    "5\r\nhello\r\n", "0\r\n\r\n", "0\r\nA: b\r\n\r\n", "hello", "\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/1.0", "HTTP/1.1", "HTTP/2.0", "HTTP/1.10", "http/1.1", "CONNECT a:1", "OPTIONS *", "QUERY /", "get /",
].map((word) => Buffer.from(word, "latin1"));

const seeds = readdirSync(corpus).sort().map((name) => readFileSync(join(corpus, name)))
    .filter((bytes) => bytes.length <= 4096);

/** @param {Buffer} bytes @returns {Buffer} */
function change(bytes) {
    const at = below(bytes.length + 1);
    const other = seeds[below(seeds.length)];
    switch (below(7)) {
        case 0: { // another byte
            const copy = Buffer.from(bytes);
            if (at < copy.length) copy[at] = below(256);
            return copy;
        }
        case 1: // some bytes less
            return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + below(4))]);
        case 2: // cut off
            return bytes.subarray(0, at);
        case 3: // the end of another
            return Buffer.concat([bytes.subarray(0, at), other.subarray(below(other.length + 1))]);
        case 4: // another behind it
            return Buffer.concat([bytes, other]);
        default: { // a word, at a line's begin more often than not
            const line = bytes.indexOf("\n", at);
            const where = below(3) > 0 && line >= 0 ? line + 1 : at;
            return Buffer.concat([bytes.subarray(0, where), words[below(words.length)], bytes.subarray(where)]);
        }
    }
}

/** @returns {Buffer} */
function variant() {
    let bytes = seeds[below(seeds.length)];
    for (let n = 1 + below(3); n > 0; n--) {
        bytes = change(bytes);
    }
    return bytes.subarray(0, 64 * 1024);
}

/** What Node reads: the complete requests as we write them, and whether it refused the rest. @param {Buffer} bytes */
function nodeReads(bytes) {
    const parser = new HTTPParser();
    /** @type {string[]} */
    const requests = [];
    /** @type {string[]} */
    let fields = [];
    /** @type {{method: string, url: string, body: Buffer[]}} */
    let current = { method: "", url: "", body: [] };
    parser.initialize(HTTPParser.REQUEST, {}, 1 << 20, 0);
    parser[HTTPParser.kOnHeaders | 0] = (/** @type {string[]} */ more, /** @type {string} */ url) => {
        fields.push(...more);
        current.url += url;
    };
    parser[HTTPParser.kOnHeadersComplete | 0] = (
        /** @type {number} */ _major, /** @type {number} */ _minor, /** @type {string[] | undefined} */ last,
        /** @type {number} */ method, /** @type {string} */ url) => {
        fields.push(...(last ?? []));
        current.method = (allMethods ?? methods)[method];
        current.url += url ?? "";
    };
    parser[HTTPParser.kOnBody | 0] = (/** @type {Buffer} */ chunk) => {
        current.body.push(Buffer.from(chunk));
    };
    parser[HTTPParser.kOnMessageComplete | 0] = () => {
        let text = `${current.method}\0${current.url}\0`;
        for (let i = 0; i < fields.length; i += 2) {
            text += `${fields[i]}\x01${fields[i + 1]}\x01`;
        }
        const body = Buffer.concat(current.body);
        requests.push(Buffer.concat([Buffer.from(text + "\0", "latin1"), body]).toString("hex"));
        fields = [];
        current = { method: "", url: "", body: [] };
    };
    const result = parser.execute(bytes, 0, bytes.length);
    parser.close();
    return { requests, refused: result instanceof Error };
}

/** Null, or what is wrong. @param {Buffer} bytes @param {string} line */
function compare(bytes, line) {
    const [end, ...ours] = line.split(" ");
    const node = nodeReads(bytes);
    for (const [i, request] of ours.entries()) {
        if (node.requests[i] === undefined) {
            return `request ${i + 1} is accepted by us and not by Node`;
        }
        if (node.requests[i] !== request) {
            return `request ${i + 1} reads differently: ${Buffer.from(request, "hex").toString("latin1")} | ` +
                Buffer.from(node.requests[i], "hex").toString("latin1");
        }
    }
    count[end] += 1;
    count.requests += ours.length;
    if (end === "bad") {
        count.stricter += node.refused && node.requests.length === ours.length ? 0 : 1;
        return null;
    }
    if (end !== "closed" && node.requests.length !== ours.length) {
        return `we wait for more of request ${ours.length + 1}, Node has read it`;
    }
    return end === "done" && node.refused ? "Node refuses what we took whole" : null;
}

/** @type {Record<string, number>} */
const count = { done: 0, more: 0, bad: 0, closed: 0, stricter: 0, requests: 0 };
const child = spawn(say, { stdio: ["pipe", "pipe", "inherit"] });
const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();

/** @param {Buffer[]} batch */
async function run(batch) {
    for (const bytes of [...batch, Buffer.alloc(0)]) {
        const head = Buffer.alloc(4);
        head.writeUInt32BE(bytes.length);
        child.stdin.write(Buffer.concat([head, bytes]));
    }
    for (const bytes of batch) {
        const { value, done } = await lines.next();
        const wrong = done ? "the other side has ended" : compare(bytes, value);
        if (wrong !== null) {
            console.log(`1..1\nnot ok 1 - nothing_is_read_otherwise\n# ${wrong}\n# ${JSON.stringify(bytes.toString("latin1"))}`);
            process.exit(1);
        }
    }
    await lines.next();
}

await run(seeds.filter((bytes) => bytes.length > 0));
for (let left = Number(cases); left > 0; left -= 256) {
    await run(Array.from({ length: Math.min(left, 256) }, variant).filter((bytes) => bytes.length > 0));
}
child.stdin.end();
const inputs = count.done + count.more + count.bad + count.closed;
console.log(`1..1\n${count.requests > 0 && count.stricter > 0 ? "ok" : "not ok"} 1 - nothing_is_read_otherwise`);
console.log(`# ${inputs.toLocaleString("en")} inputs, Node ${process.version}: ${count.requests.toLocaleString("en")} requests ` +
    `read alike, ${count.stricter.toLocaleString("en")} inputs refused by us alone, 0 findings`);
