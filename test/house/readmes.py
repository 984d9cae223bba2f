"""Each room tells a newcomer in at most twenty lines what it is for."""

LINES = 20
ROOMS = r"(src/[^/]+|src/domain/[^/]+|test/[^/]+|examples/[^/]+|web)"


def faults(tree):
    rooms = {path.rpartition("/")[0] for path in tree.match(ROOMS + r"/[^/]+\.(c|py|mjs|js|sh)")}
    for room in sorted(rooms):
        path = f"{room}/README.md"
        if path not in tree.files():
            yield f"{room} has no README.md"
        elif len(tree.text(path).splitlines()) > LINES:
            yield f"{path} has more than {LINES} lines"


CLEAN = {"src/base/a.c": "", "src/base/README.md": "# base\n", "src/main.c": ""}
SAMPLES = {
    "a_room_without": {"src/store/a.c": ""},
    "a_domain_module_without": {"src/domain/risk/a.c": "", "src/domain/README.md": "# domain\n"},
    "one_of_21_lines": {"src/base/README.md": "line\n" * 21},
}
