#include <string.h>

#include "store/store_int.h"

struct history {
    size_t have;
    bool differs; /* a migration that is not ours, or ours in another wording */
    enum tori_engine_kind kind;
};

static bool same_text(const struct tori_cell *cell, const char *text)
{
    return cell->kind == TORI_CELL_TEXT &&
           tori_str_eq(tori_bytes_str(cell->bytes), tori_str_z(text));
}

static struct tori_result compare_one(struct tori_ctx *cx, void *to, const struct tori_cell *cell,
                                      size_t count)
{
    struct history *history = to;
    size_t at = history->have++;

    (void)cx;
    if (count != 3 || at >= TORI_MIGRATIONS) {
        history->differs = true;
        return TORI_OK;
    }
    const struct tori_migration *ours = &tori_migrations[at];
    history->differs |= cell[0].number != ours->number || !same_text(&cell[1], ours->name) ||
                        !same_text(&cell[2], ours->hash[history->kind]);
    return TORI_OK;
}

struct tables {
    int64_t others;
    int64_t history;
};

static struct tori_result count_tables(struct tori_ctx *cx, void *to, const struct tori_cell *cell,
                                       size_t count)
{
    if (count != 2)
        return TORI_FAIL(cx, STORE_DATA);
    *(struct tables *)to = (struct tables){cell[0].number, cell[1].number};
    return TORI_OK;
}

/* What a reader needs is in prepare's second step, which the table of migrations must precede. */
struct tori_result tori_schema_check(struct tori_ctx *cx, struct tori_db *db, size_t *have)
{
    struct tables tables = {0, 0};
    struct history history = {.kind = db->engine->kind};
    struct tori_call count = {.statement = tori_statement_query(TORI_QUERY_TABLES),
                              .on_row = count_tables,
                              .to = &tables};
    struct tori_call compare = {.statement = tori_statement_query(TORI_QUERY_MIGRATIONS),
                                .on_row = compare_one,
                                .to = &history};

    TORI_TRY(tori_db_one(cx, db, false, &count));
    if (tables.history == 0 && tables.others > 0)
        return TORI_FAIL(cx, STORE_DATA, tori_word("schema", "of somebody else"));
    *have = 0;
    if (tables.history == 0)
        return TORI_OK;

    TORI_TRY(db->engine->prepare(cx, db, TORI_USE_BOTH));
    TORI_TRY(tori_db_one(cx, db, false, &compare));
    if (history.have > TORI_MIGRATIONS)
        return TORI_FAIL(cx, STORE_DATA, tori_word("schema", "newer than this release"),
                         tori_u64("migrations", history.have));
    if (history.differs)
        return TORI_FAIL(cx, STORE_DATA, tori_word("schema", "with another history"));
    *have = history.have;
    return TORI_OK;
}

static struct tori_result migrate(struct tori_ctx *cx, struct tori_db *db)
{
    enum tori_engine_kind kind = db->engine->kind;
    size_t have;

    TORI_TRY(db->engine->prepare(cx, db, TORI_USE_FIRST));
    TORI_TRY(tori_schema_check(cx, db, &have));
    if (have == TORI_MIGRATIONS)
        return TORI_OK;
    TORI_TRY(db->engine->script(cx, db, tori_queries[TORI_QUERY_CREATE].text[kind]));
    if (have == 0)
        TORI_TRY(db->engine->script(cx, db, tori_queries[TORI_QUERY_MIGRATION_TABLE].text[kind]));
    for (size_t i = have; i < TORI_MIGRATIONS; i++)
        TORI_TRY(db->engine->script(cx, db, tori_migrations[i].text[kind]));
    return TORI_OK;
}

struct tori_result tori_store_migrate(struct tori_ctx *cx, struct tori_store *store)
{
    struct tori_db *db;

    if (store->read_only)
        return TORI_FAIL(cx, NOT_PERMITTED);
    TORI_TRY(store->engine->open(cx, store, TORI_USE_NEVER, &db));
    struct tori_result done = migrate(cx, db);
    tori_db_close(db);
    return done;
}
