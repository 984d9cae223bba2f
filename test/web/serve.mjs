// @ts-check
/* The preview as the product serves its pages: the same headers, the modules of web/, and answers to
 * the modules that a test gives. */
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import { extname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const CSP =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
    "form-action 'self'; frame-ancestors 'none'; base-uri 'none'; " +
    "require-trusted-types-for 'script'; trusted-types 'none'";

const TYPES = new Map([
    [".css", "text/css; charset=utf-8"],
    [".html", "text/html; charset=utf-8"],
    [".js", "text/javascript; charset=utf-8"],
    [".svg", "image/svg+xml"],
]);
const web = fileURLToPath(new URL("../../web/", import.meta.url));

/** @param {string} path  @param {string} preview */
function fileOf(path, preview) {
    const name = /^\/web\/([\w.-]+)$/.exec(path)?.[1];
    const page = /^\/p\/([\w.-]+)$/.exec(path)?.[1];
    return name ? join(web, name) : page ? join(preview, `${page}.html`) : "";
}

/**
 * @typedef {{path: string, body: any}} Asked
 * @typedef {(asked: Asked) => {status?: number, body: object}} Answer
 */

/**
 * @param {string} preview  folder of the rendered pages
 */
export async function serve(preview) {
    /** @type {{asked: Asked[], answer: Answer}} */
    const world = { asked: [], answer: () => ({ body: {} }) };
    const server = createServer(async (request, response) => {
        const path = new URL(request.url ?? "/", "http://x").pathname;
        response.setHeader("Content-Security-Policy", CSP);
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Referrer-Policy", "no-referrer");
        response.setHeader("Cache-Control", "no-store");
        if (request.method === "POST") {
            let text = "";
            for await (const piece of request) {
                text += piece;
            }
            const asked = { path, body: JSON.parse(text) };
            world.asked.push(asked);
            const { status = 200, body } = world.answer(asked);
            const type = status < 400 ? "application/json" : "application/problem+json";
            response.writeHead(status, { "Content-Type": type }).end(JSON.stringify(body));
            return;
        }
        try {
            const file = fileOf(path, preview);
            const bytes = readFileSync(file);
            response.writeHead(200, { "Content-Type": TYPES.get(extname(file)) ?? "text/plain" }).end(bytes);
        } catch {
            response.writeHead(404, { "Content-Type": "text/plain" }).end("none");
        }
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
    const address = /** @type {import("node:net").AddressInfo} */ (server.address());
    return {
        world,
        url: (/** @type {string} */ page) => `http://torimori.localhost:${address.port}/p/${page}`,
        close: () => new Promise((resolve) => server.close(resolve)),
    };
}
