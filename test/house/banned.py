"""Calls that are wrong here, or right in one place only (HACKING.md §3, §7)."""

import re

# call: where it may stand, and what to call instead.
NOWHERE = "(?!)"
BASE = r"src/base/.*"
CALLS = {
    "memcmp": (BASE, "tori_bytes_eq, tori_hash_eq or tori_ct_eq"),
    "bcmp": (NOWHERE, "tori_bytes_eq"),
    "strcpy": (NOWHERE, "a view or a buffer"),
    "strcat": (NOWHERE, "a buffer"),
    "strncpy": (NOWHERE, "a view or a buffer"),
    "strtok": (NOWHERE, "a view"),
    "sprintf": (NOWHERE, "snprintf or a buffer"),
    "vsprintf": (NOWHERE, "vsnprintf or a buffer"),
    "gets": (NOWHERE, "nothing"),
    "atoi": (NOWHERE, "a parser that says when it fails"),
    "atol": (NOWHERE, "a parser that says when it fails"),
    "atoll": (NOWHERE, "a parser that says when it fails"),
    "atof": (NOWHERE, "a parser that says when it fails"),
    "sscanf": (NOWHERE, "a parser that says when it fails"),
    "setlocale": (NOWHERE, "cx->lang"),
    "strerror": (BASE, "the error number in a log field"),
    "localtime": (NOWHERE, "base/clock.h"),
    "gmtime": (NOWHERE, "base/clock.h"),
    "mktime": (NOWHERE, "base/clock.h"),
    "time": (r"src/base/clock\.c", "cx->now"),
    "clock": (NOWHERE, "cx->now"),
    "gettimeofday": (r"src/base/clock\.c", "cx->now"),
    "clock_gettime": (r"src/base/clock\.c", "cx->now, tori_clock_steady_ms, tori_clock_deadline"),
    "rand": (NOWHERE, "cx->random"),
    "random": (NOWHERE, "cx->random"),
    "srand": (NOWHERE, "cx->random"),
    "drand48": (NOWHERE, "cx->random"),
    "getrandom": (r"src/base/random\.c", "cx->random"),
    "RAND_bytes": (r"src/base/random\.c", "cx->random"),
    "malloc": (BASE, "the arena, or tori_heap_take"),
    "calloc": (BASE, "the arena, or tori_heap_take"),
    "realloc": (BASE, "tori_heap_grow"),
    "free": (BASE, "the arena, or tori_heap_free"),
    "strdup": (NOWHERE, "the arena"),
    "strndup": (NOWHERE, "the arena"),
    "asprintf": (NOWHERE, "a buffer"),
    "vasprintf": (NOWHERE, "a buffer"),
    "alloca": (NOWHERE, "the arena"),
    "system": (NOWHERE, "exec with a fixed list of arguments"),
    "popen": (NOWHERE, "exec with a fixed list of arguments"),
    "tmpnam": (NOWHERE, "mkstemp"),
    "mktemp": (NOWHERE, "mkstemp"),
}
# A call by name, or the name handed over as a function; not a member, not part of a longer name.
USE = r"(?<![\w.])(?<!->)(" + "|".join(CALLS) + r")[ \t]*\("
# A declaration gives the name a type before it.
DECLARED = r"\b(?:int|void|char|size_t|struct \w+|tori_time)[ \t*]+$"


def faults(tree):
    for path in tree.match(r"src/.+\.[ch]"):
        code = tree.code(path)
        for line, found in tree.find(path, USE, code):
            place, instead = CALLS[found.group(1)]
            before = code[code.rfind("\n", 0, found.start()) + 1:found.start()]
            if re.fullmatch(place, path) or re.search(DECLARED, before):
                continue
            yield f"{path}:{line}: {found.group(1)}() is not for this place: {instead}"


CLEAN = {
    "src/base/arena.c": "void *f(void) { return malloc(1); } /* free(it) */\n",
    "src/http/a.c": 'int n = s.time(1) + p->free(2) + my_time(3) + len("memcmp(");\n',
}
SAMPLES = {
    "memcmp": {"src/service/a.c": "if (memcmp(a, b, 32) == 0)\n"},
    "malloc_outside_base": {"src/store/a.c": "p = malloc(10);\n"},
    "free_outside_base": {"src/store/a.c": "    free(p);\n"},
    "the_clock_outside_clock_c": {"src/base/log.c": "t = time(NULL);\n"},
    "a_second_source_of_randomness": {"src/keys/a.c": "RAND_bytes(b, 32);\n"},
    "sprintf_even_in_base": {"src/base/a.c": "sprintf(s, f);\n"},
    "atoi": {"src/http/a.c": "n = atoi(s);\n"},
}
