// @ts-check
/* Asking the server: JSON there, JSON or a problem (RFC 9457) back. */

/** What the server refused, or that it could not be reached (status 0, code "offline"). */
export class Problem extends Error {
    /**
     * @param {number} status
     * @param {{code?: string, title?: string, field?: string}} body
     */
    constructor(status, body) {
        super(body.title ?? "");
        this.status = status;
        this.code = body.code ?? (status === 0 ? "offline" : "unknown");
        this.field = body.field ?? "";
    }
}

/**
 * @param {Response} response
 * @returns {Promise<any>}
 */
async function readJson(response) {
    try {
        return await response.json();
    } catch {
        return {};
    }
}

/**
 * Posts and returns the answer; throws a Problem for everything else. `served` is the server's clock
 * in ms, from its Date header: the browser's own may be wrong by hours.
 *
 * @param {string} path
 * @param {object} body
 * @returns {Promise<{data: any, served: number}>}
 */
export async function post(path, body) {
    let response;
    try {
        response = await fetch(path, {
            method: "POST",
            credentials: "same-origin",
            cache: "no-store",
            redirect: "error",
            headers: { "Content-Type": "application/json", "Accept-Language": document.documentElement.lang },
            body: JSON.stringify(body),
        });
    } catch {
        throw new Problem(0, {});
    }
    const data = await readJson(response);
    if (!response.ok) {
        throw new Problem(response.status, data);
    }
    return { data, served: Date.parse(response.headers.get("Date") ?? "") || Date.now() };
}
