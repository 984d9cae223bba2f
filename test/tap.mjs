// @ts-check
/* test(name, function): cases in order, printed as TAP, which is what tools/run-tests collects. */

/** @type {{name: string, run: () => any}[]} */
const cases = [];

/**
 * @param {string} name
 * @param {() => any} run
 */
export function test(name, run) {
    if (cases.length === 0) {
        setImmediate(runAll);
    }
    cases.push({ name, run });
}

/** Run after the last case, whatever came of them. @type {(() => any)[]} */
const last = [];
/** @param {() => any} run */
export function atEnd(run) {
    last.unshift(run);
}

async function runAll() {
    let failed = 0;
    console.log(`1..${cases.length}`);
    for (const [i, { name, run }] of cases.entries()) {
        try {
            await run();
            console.log(`ok ${i + 1} - ${name}`);
        } catch (error) {
            failed++;
            console.log(`not ok ${i + 1} - ${name}`);
            const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
            console.log(why.replace(/^/gm, "# "));
        }
    }
    for (const run of last) {
        await run();
    }
    process.exit(failed === 0 ? 0 : 1);
}
