"""Data flows one way: nobody includes upwards, domain modules do not know each other or the store,
and each foreign library is met in one place (HACKING.md §1)."""

import re

INCLUDE = r'^[ \t]*#[ \t]*include[ \t]*(["<])([^">]+)[">]'

# What the files of a room may include beside their own room and what the build generates.
BELOW = {
    "base": set(),
    "codec": {"base"},
    "model": {"base", "codec"},
    "keys": {"base", "codec"},
    "domain": {"base", "codec", "model", "keys"},
    "store": {"base", "codec", "model"},
    "service": {"base", "codec", "model", "keys", "domain", "store"},
    "http": {"base", "codec", "model", "service"},
    "keyholder": {"base", "codec", "keys", "domain/evidence"},  # the tree it signs the root of
    "courier": {"base", "codec"},
}
# Entry points, and the files directly in src/, put the rooms together: they may include all of them.
ABOVE = {"cmd"}

# Foreign headers and the only files that may include them.
FOREIGN = {
    r"llhttp\.h": r"src/http/[a-z_0-9]+\.c",
    r"jansson\.h": r"src/codec/json\.c",
    r"libpq-fe\.h": r"src/store/pg[a-z_0-9]*\.[ch]",
    r"sqlite3\.h": r"src/store/sqlite[a-z_0-9]*\.[ch]",
    r"curl/.*": r"src/(courier/.*|cmd/admin\.c)",  # admin.c asks the running net over its socket
    r"gmime/.*": r"src/courier/.*",
}
ONE_FILE = {r"llhttp\.h"}
# Rules take values and return values: they see no socket, no clock, no thread, no event loop.
NOT_IN_DOMAIN = r"(sys/socket|netinet/.*|arpa/.*|netdb|time|sys/time|pthread|threads|unistd|uv|fcntl)\.h"


def place_of(path):
    """(room, module) of a file below src/; the module only in domain."""
    parts = path.split("/")[1:]
    return parts[0], parts[1] if parts[0] == "domain" and len(parts) > 2 else None


def own_fault(path, target):
    """What is wrong with including one of our own headers, or None."""
    room, module = place_of(path)
    if room in ABOVE or "." in room or "/" not in target:
        return None
    if room not in BELOW:
        return f"{room} is not a room that this test knows"
    parts = target.split("/")
    if parts[0] == room:
        other = parts[1] if room == "domain" and len(parts) > 2 else module
        return None if other == module else f"domain/{module} includes domain/{other}"
    permitted = {parts[0], "/".join(parts[:2])} & BELOW[room]
    return None if permitted else f"{room} includes {target}"


def foreign_fault(path, target):
    for header, place in FOREIGN.items():
        if re.fullmatch(header, target) and not re.fullmatch(place, path):
            return f"<{target}> belongs in {place}"
    if path.startswith("src/domain/") and re.fullmatch(NOT_IN_DOMAIN, target):
        return f"domain includes <{target}>"
    return None


def faults(tree):
    users = {}
    for path in tree.match(r"src/.+\.[ch]"):
        for line, found in tree.find(path, INCLUDE):
            quoted, target = found.group(1) == '"', found.group(2)
            why = own_fault(path, target) if quoted else foreign_fault(path, target)
            if why:
                yield f"{path}:{line}: {why}"
            for header in ONE_FILE:
                if re.fullmatch(header, target):
                    users.setdefault(header, set()).add(path)
    for header, paths in users.items():
        if len(paths) > 1:
            yield f"{' and '.join(sorted(paths))} include {header}: one file is enough"


CLEAN = {
    "src/base/a.c": '#include "base/a.h"\n#include <time.h>\n',
    "src/domain/risk/a.c": '#include "domain/risk/a.h"\n#include "base/a.h"\n#include "codec/cbor.h"\n',
    "src/service/a.c": '#include "store/store.h"\n#include "domain/risk/a.h"\n',
    "src/http/server.c": '#include <llhttp.h>\n',
    "src/keyholder/a.c": '#include "domain/evidence/tree.h"\n',
    "src/main.c": '#include "http/server.h"\n',
}
SAMPLES = {
    "base_that_includes_codec": {"src/base/a.c": '#include "codec/json.h"\n'},
    "domain_that_includes_store": {"src/domain/risk/a.c": '#include "store/store.h"\n'},
    "domain_module_that_includes_another": {"src/domain/risk/b.c": '#include "domain/policy/a.h"\n'},
    "domain_that_reads_the_clock": {"src/domain/risk/a.c": "#include <time.h>\n"},
    "http_past_service": {"src/http/api/a.c": '#include "domain/risk/a.h"\n'},
    "a_second_llhttp": {"src/http/other.c": "# include <llhttp.h>\n"},
    "jansson_outside_json": {"src/service/a.c": "#include <jansson.h>\n"},
    "sqlite_in_pg": {"src/store/pg.c": "#include <sqlite3.h>\n"},
    "curl_in_service": {"src/service/a.c": "#include <curl/curl.h>\n"},
    "keyholder_that_includes_rules": {"src/keyholder/a.c": '#include "domain/operation/operation.h"\n'},
    "an_unknown_room": {"src/attic/a.c": '#include "base/a.h"\n'},
}
