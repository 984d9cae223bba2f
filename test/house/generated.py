"""What can be generated is generated, and what is committed is what the generator prints now.
generated.txt lists `file: command`; {build} stands for the build folder."""

import shlex
import subprocess

LIST = "test/house/generated.txt"


def rows(tree):
    if LIST not in tree.files():
        return
    for line in tree.text(LIST).splitlines():
        if line and not line.startswith("#"):
            path, _, command = line.partition(": ")
            yield path, [word.replace("{build}", str(tree.build)) for word in shlex.split(command)]


def faults(tree):
    for path, command in rows(tree):
        done = subprocess.run(command, cwd=tree.root, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            yield f"{path}: {' '.join(command)} failed: {done.stderr.strip()[-300:]}"
        elif path not in tree.files() or tree.text(path) != done.stdout:
            yield f"{path} is not what `{' '.join(command)}` prints"


CLEAN = {LIST: "# file: command\nhello.txt: printf 'hello\\n'\n", "hello.txt": "hello\n"}
SAMPLES = {
    "a_stale_file": {"hello.txt": "hallo\n"},
    "a_missing_file": {LIST: "gone.txt: echo hello\n"},
    "a_generator_that_fails": {LIST: "hello.txt: false\n"},
}
