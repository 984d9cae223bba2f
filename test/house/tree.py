"""The project's files as the house tests see them: what git would commit, and C without its prose."""

import re
import subprocess
from functools import lru_cache
from pathlib import Path

SKIPPED = {".git", "build", "node_modules", "__pycache__", ".demo"}
TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.DOTALL)


def spaces(text):
    """As long as the text, and with its lines."""
    return re.sub(r"[^\n]", " ", text)


class Tree:
    """A source tree. Paths are relative, with `/`."""

    def __init__(self, root, build=None):
        self.root = Path(root)
        self.build = Path(build) if build else None

    @lru_cache(maxsize=None)
    def files(self):
        """Every file that is, or could be, committed."""
        listed = subprocess.run(
            ["git", "-c", "safe.directory=*", "ls-files", "-co", "--exclude-standard", "-z"],
            cwd=self.root, capture_output=True, text=True, check=False)
        if listed.returncode == 0 and (self.root / ".git").exists():
            names = [name for name in listed.stdout.split("\0") if name]
        else:
            names = [str(path.relative_to(self.root)) for path in self.root.rglob("*")]
        return sorted(name for name in set(names)
                      if not SKIPPED & set(Path(name).parts) and (self.root / name).is_file())

    def match(self, *patterns):
        """Files whose path matches one of the regular expressions as a whole."""
        return [name for name in self.files() if any(re.fullmatch(p, name) for p in patterns)]

    @lru_cache(maxsize=None)
    def text(self, name):
        return (self.root / name).read_text("utf-8", "replace")

    @lru_cache(maxsize=None)
    def code(self, name):
        """C with comments, strings and characters turned into spaces; lines stay."""
        return TOKEN.sub(lambda found: spaces(found.group()), self.text(name))

    @lru_cache(maxsize=None)
    def tokens(self, name, kind):
        """(line, text) of every comment (kind `/`) or string (kind `\"`) of a C file."""
        text = self.text(name)
        return [(text.count("\n", 0, found.start()) + 1, found.group())
                for found in TOKEN.finditer(text) if found.group()[0] == kind]

    def find(self, name, pattern, text=None):
        """(line, match) of each occurrence in a file, or in the text given for it."""
        text = self.text(name) if text is None else text
        for found in re.finditer(pattern, text, re.MULTILINE):
            yield text.count("\n", 0, found.start()) + 1, found
