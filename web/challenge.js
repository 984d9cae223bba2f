// @ts-check
/* A challenge lives for two minutes at most, a page stays open for longer: this keeps a fresh one at
 * hand. Nothing here knows the browser, so that it can be tested with a clock of its own. */

const SHORTEST_MS = 3_000;
const LONGEST_MS = 120_000;

/**
 * How long a challenge lives. The server's own clock counts, as the browser's may be wrong.
 *
 * @param {{expires_at?: string, publicKey?: {timeout?: number}}} data
 * @param {number} served  the server's time when it answered, ms
 * @returns {number}
 */
export function lifeMs(data, served) {
    const told = data.expires_at ? Date.parse(data.expires_at) - served : Number.NaN;
    const life = Number.isFinite(told) ? told : (data.publicKey?.timeout ?? LONGEST_MS);
    return Math.min(Math.max(life, SHORTEST_MS), LONGEST_MS);
}

/**
 * @template T
 * @typedef {{value: T, until: number, life: number}} Kept
 */

/**
 * Keeps one challenge fresh.
 *
 * @template T
 */
export class Keeper {
    /**
     * @param {() => Promise<{data: T & {expires_at?: string}, served: number}>} ask
     * @param {() => number} now  a clock that only goes forward, ms
     */
    constructor(ask, now) {
        this.ask = ask;
        this.now = now;
        /** @type {Kept<T> | undefined} */
        this.kept = undefined;
        /** @type {Promise<T> | undefined} */
        this.asking = undefined;
    }

    /** @returns {number} ms until a new one should be asked for: at three quarters of its life */
    renewInMs() {
        if (!this.kept) {
            return 0;
        }
        return Math.max(0, this.kept.until - this.kept.life / 4 - this.now());
    }

    /** A new challenge, whatever is kept. Two who ask at once get the same. @returns {Promise<T>} */
    renew() {
        this.asking ??= this.fetch().finally(() => {
            this.asking = undefined;
        });
        return this.asking;
    }

    /** @returns {Promise<T>} */
    async fetch() {
        const from = this.now();
        const { data, served } = await this.ask();
        const life = lifeMs(data, served);
        this.kept = { value: data, until: from + life, life };
        return data;
    }

    /** One that has at least half of its life before it. @returns {Promise<T>} */
    async fresh() {
        const kept = this.kept;
        if (kept && kept.until - this.now() >= kept.life / 2) {
            return kept.value;
        }
        return this.renew();
    }

    /** What was kept has been used or refused. */
    forget() {
        this.kept = undefined;
    }
}
