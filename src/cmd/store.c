/* torimori store: what the owner of the database does to it, and the running server may not. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "cmd/cmd.h"
#include "store/store.h"

enum { ARENA = 4 * 1024 * 1024 };

static const char usage[] =
    "usage: torimori store migrate ADDRESS\n\n"
    "Makes the tables, or moves them forward. ADDRESS is that of the database's owner; on\n"
    "PostgreSQL Torimori itself connects as torimori_app, which may not change tables.\n";

static TORI_RESULT migrate(struct tori_ctx *cx, const char *address)
{
    struct tori_store_config config = {.url = tori_str_z(address)};
    struct tori_store *store;

    TORI_TRY(tori_store_open(cx, &config, false, &store));
    struct tori_result done = tori_store_migrate(cx, store);
    tori_store_close(store);
    return done;
}

int tori_cmd_store(int argc, char **argv)
{
    struct tori_ctx cx = {.arena = tori_arena_new(ARENA)};

    if (argc != 3 || strcmp(argv[1], "migrate") != 0) {
        fputs(usage, stderr);
        tori_arena_free(cx.arena);
        return 2;
    }
    cx.log = tori_log_new("store", TORI_WARN, STDERR_FILENO);
    if (cx.arena == NULL || cx.log == NULL)
        return 1;
    tori_hash_init();
    struct tori_result done = migrate(&cx, argv[2]);
    if (TORI_FAILED(done))
        tori_log_failure(&cx, TORI_ERROR, "store.not_migrated");
    else
        puts("The tables are those of this release.");
    tori_log_free(cx.log);
    tori_arena_free(cx.arena);
    return TORI_FAILED(done) ? 1 : 0;
}
