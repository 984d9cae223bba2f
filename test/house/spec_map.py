"""Each step of WebAuthn that the code cites is cited by a test too, in the one form
`WebAuthn L3 §7.2 step 22`. `tools/spec-map` prints the table."""

import re

CITED = r"WebAuthn L3 §([0-9.]*[0-9]) steps? ([0-9]+)(?:[-–]([0-9]+))?((?:,? (?:and )?[0-9]+(?:[-–][0-9]+)?)*)"
LOOSE = r"(?i)webauthn[^\n]{0,20}(?:§|section) ?7\.[12][^\n]{0,3}\bsteps?\b"


def steps_of(found):
    """The (section, step) pairs of one citation: a range or a list names each of its steps."""
    section, first, last, more = found.groups()
    spans = [(first, last or first)]
    spans += [(a, b or a) for a, b in re.findall(r"([0-9]+)(?:[-–]([0-9]+))?", more)]
    return [(section, step) for a, b in spans for step in range(int(a), int(b) + 1)]


def citations(tree, *patterns):
    """{(section, step): [places]}"""
    table = {}
    for path in tree.match(*patterns):
        for line, found in tree.find(path, CITED):
            for step in steps_of(found):
                table.setdefault(step, []).append(f"{path}:{line}")
    return table


def table(tree):
    """Rows (section, step, places in code, places in tests), in the order of the specification."""
    code = citations(tree, r"src/.+\.[ch]")
    tests = citations(tree, r"test/(?!house/).+")
    for section, step in sorted(code.keys() | tests.keys()):
        yield section, step, code.get((section, step), []), tests.get((section, step), [])


def faults(tree):
    for section, step, code, tests in table(tree):
        if code and not tests:
            yield f"{code[0]}: no test cites WebAuthn L3 §{section} step {step}"
    for path in tree.match(r"(src|test)/(?!house/).+\.(c|h|py|mjs)"):
        good = {line for line, _ in tree.find(path, CITED)}
        for line, found in tree.find(path, LOOSE):
            if line not in good:
                yield f"{path}:{line}: cite it as `WebAuthn L3 §7.2 step 22`: {found.group()}"


CLEAN = {
    "src/domain/webauthn/a.c": "/* WebAuthn L3 §7.2 step 22 */\n/* WebAuthn L3 §7.1 steps 5-7 */\n",
    "test/unit/a.c": "/* WebAuthn L3 §7.2 step 22 */\n/* WebAuthn L3 §7.1 steps 5, 6 and 7 */\n",
}
SAMPLES = {
    "a_step_without_a_test": {"src/domain/webauthn/b.c": "/* WebAuthn L3 §7.2 step 21 */\n"},
    "a_range_half_tested": {"src/domain/webauthn/b.c": "/* WebAuthn L3 §7.1 steps 5-8 */\n"},
    "another_form": {"src/domain/webauthn/b.c": "/* WebAuthn section 7.2 step 22 */\n"},
}
