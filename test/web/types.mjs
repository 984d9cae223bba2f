// @ts-check
/* The types that the modules and their tests state in comments, held by TypeScript's own checker. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { test } from "../tap.mjs";

const compiler = createRequire(import.meta.url).resolve("typescript/bin/tsc");
const config = fileURLToPath(new URL("tsconfig.json", import.meta.url));

/** @param {...string} given */
const check = (...given) => spawnSync(process.execPath, [compiler, ...given], { encoding: "utf8" });

test("the_stated_types_hold", () => {
    const { status, stdout } = check("--project", config);
    assert.equal(stdout, "");
    assert.equal(status, 0);
});

test("a_wrong_type_is_seen", () => {
    const folder = mkdtempSync(join(tmpdir(), "torimori-types-"));
    const settings = JSON.parse(readFileSync(config, "utf8"));
    const bad = '// @ts-check\n/** @type {number} */\nexport const n = "text";\n';
    settings.include = ["*.mjs"];
    settings.compilerOptions.types = [];
    writeFileSync(join(folder, "bad.mjs"), bad);
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
    const { status, stdout } = check("--project", folder);
    rmSync(folder, { recursive: true });
    assert.notEqual(status, 0);
    assert.match(stdout, /bad\.mjs.*TS2322/);
});
