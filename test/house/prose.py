"""The project speaks of the product, in English, and holds on any machine."""

import re

# What must not stand in any file, and what it would mean.
NOWHERE = {
    r"(?<![\w.$}])/(work|root|farm|home)/\w": "a path of one machine",
    r"\b(registry\.npmjs\.org|registry\.yarnpkg\.com|deb\.debian\.org|ftp\.debian\.org|pypi\.org"
    r"|proxy\.golang\.org|docker\.io|ghcr\.io)\b": "the host of a registry",
    r"(?i)\b((written|made|generated) (by|with) (an )?(ai|agents?)|chatgpt|copilot|anthropic|openai|llms?|language model|vibe[- ]cod\w+)\b":
        "a word about how the text came about",
    r"^[ \t]*(<{7}|>{7}|={7}$)": "what a merge left behind",
}
UNFINISHED = r"\b(TODO|FIXME|XXX)\b"
OTHER_SCRIPT = r"[\u3040-\u30ff\u4e00-\u9fff]"
# A Japanese word may stand in a comment in quotes or brackets, as what it is about.
QUOTED = r"[\"“「『(（][^\"”」』)）\n]*[\"”」』)）]"
TEXT = r".+\.(c|h|py|sh|js|mjs|css|html|md|txt|def|toml|sql|json|build|yml|go)|Makefile|\.ci/run|tools/[\w-]+"
GENERATED = r"package-lock\.json|test/vectors/.+|test/house/.+|LICENSE"
COMMENT = {"py": r"(?<!['\"])#[^\n]*", "sh": r"(?<!\S)#[^\n]*", "c": r"/\*.*?\*/", "h": r"/\*.*?\*/",
           "mjs": r"//[^\n]*|/\*.*?\*/", "js": r"//[^\n]*|/\*.*?\*/", "sql": r"--[^\n]*"}


def comments(tree, path):
    """(line, text) of the comments of a file, as far as its kind is known."""
    pattern = COMMENT.get(path.rpartition(".")[2])
    text = tree.text(path)
    for found in re.finditer(pattern, text, re.DOTALL) if pattern else ():
        yield text.count("\n", 0, found.start()) + 1, found.group()


def dead_links(tree, path):
    """Relative links of a page that lead nowhere."""
    folder = (tree.root / path).parent
    for line, found in tree.find(path, r"\]\(([^)#\s]+)[^)\n]*\)"):
        target = found.group(1)
        if "://" not in target and not target.startswith("mailto:") and not (folder / target).exists():
            yield f"{path}:{line}: leads nowhere: {target}"


def faults(tree):
    for path in tree.match(r".+\.md"):
        yield from dead_links(tree, path)
    for path in tree.match(TEXT):
        if re.fullmatch(GENERATED, path):
            continue
        for pattern, what in NOWHERE.items():
            for line, found in tree.find(path, pattern):
                yield f"{path}:{line}: {what}: {found.group().strip()}"
        for line, comment in comments(tree, path):
            if re.search(UNFINISHED, comment):
                yield f"{path}:{line}: unfinished: {comment[:60]}"
            if re.search(OTHER_SCRIPT, re.sub(QUOTED, "", comment)):
                yield f"{path}:{line}: comments are in English: {comment[:60]}"


CLEAN = {
    "src/base/a.c": '/* A hold (保留) waits; 「保留」 too. */\nconst char *s = "取守";\n',
    "docs/a.md": "See [it](../src/base/a.c), <https://www.w3.org/TR/webauthn-3/> and /usr/bin/python3.\n",
    "tools/a.py": "x = 1  # a number\n",
}
SAMPLES = {
    "a_path_of_one_machine": {"docs/b.md": "cd /" + "work/main\n"},
    "the_host_of_a_registry": {"tools/b.sh": "curl https://deb.debian.org/\n"},
    "a_comment_in_japanese": {"src/base/b.c": "/* ここで待つ */\n"},
    "a_promise": {"src/base/b.c": "/* TODO: check it */\n"},
    "what_a_merge_left": {"docs/b.md": "<<<<<<< HEAD\n"},
    "a_link_that_leads_nowhere": {"docs/b.md": "See [it](gone.md).\n"},
    "how_it_was_made": {"docs/b.md": "written by AI\n"},
}
