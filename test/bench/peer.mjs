// @ts-check
/* peer.mjs: what many sites have instead: @simplewebauthn/server behind Node's http, without TLS, store,
 * evidence or notices. Its standard input brings the passkey and the expectations, its output the port. */
import { createServer } from "node:http";
import { createInterface } from "node:readline";
import { verifyAuthenticationResponse } from "@simplewebauthn/server";

/** @param {import("node:http").IncomingMessage} request */
async function bodyOf(request) {
    const parts = [];
    for await (const part of request) parts.push(part);
    return JSON.parse(Buffer.concat(parts).toString("utf8"));
}

/** @param {any} expected */
function serve(expected) {
    const credential = {
        id: expected.id,
        publicKey: new Uint8Array(Buffer.from(expected.publicKey, "base64url")),
        counter: 0,
    };
    const server = createServer(async (request, response) => {
        const { verified } = await verifyAuthenticationResponse({
            response: await bodyOf(request),
            expectedChallenge: expected.challenge,
            expectedOrigin: expected.origin,
            expectedRPID: expected.rpId,
            credential,
            requireUserVerification: true,
        });
        const body = JSON.stringify({ verified });
        response.writeHead(verified ? 200 : 403, {
            "Content-Type": "application/json",
            "Content-Length": Buffer.byteLength(body),
        });
        response.end(body);
    });
    server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        if (address !== null && typeof address === "object") console.log(address.port);
    });
}

for await (const line of createInterface({ input: process.stdin })) {
    serve(JSON.parse(line));
    break;
}
