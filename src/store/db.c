/* A connection as readers and the writer use it, whichever engine is behind. */
#include "base/tally.h"
#include "store/store_int.h"

static const char *table_text(const struct tori_table_def *table, enum tori_verb verb)
{
    switch (verb) {
    case TORI_VERB_SELECT:
        return table->select;
    case TORI_VERB_INSERT:
        return table->insert;
    case TORI_VERB_UPDATE:
        return table->update;
    case TORI_VERB_REMOVE:
        return table->remove;
    }
    return NULL;
}

const char *tori_statement_text(size_t statement, enum tori_engine_kind kind, enum tori_use use)
{
    if (statement >= tori_statement_query(0)) {
        const struct tori_query_def *query = &tori_queries[statement - tori_statement_query(0)];
        return query->use == use ? query->text[kind] : NULL;
    }
    enum tori_verb verb = (enum tori_verb)(statement % TORI_VERBS);
    enum tori_use needed = verb == TORI_VERB_SELECT ? TORI_USE_READER : TORI_USE_WRITER;
    return use == needed ? table_text(&tori_tables[statement / TORI_VERBS], verb) : NULL;
}

void tori_db_close(struct tori_db *db)
{
    if (db != NULL)
        db->engine->close(db);
}

void tori_db_begin(struct tori_ctx *cx, struct tori_db *db, bool write)
{
    db->failed = TORI_OK;
    db->failed_call = 0;
    db->calls = 0;
    db->writing = write;
    if (db->broken)
        db->failed = TORI_FAIL(cx, STORE_AWAY);
    if (!TORI_FAILED(db->failed))
        db->engine->begin(cx, db, write);
}

void tori_db_call(struct tori_ctx *cx, struct tori_db *db, const struct tori_call *call)
{
    tori_tally(TORI_TALLY_QUERY);
    if (!TORI_FAILED(db->failed))
        db->engine->call(cx, db, call);
    db->calls++;
}

struct tori_result tori_db_end(struct tori_ctx *cx, struct tori_db *db)
{
    return db->engine->end(cx, db);
}

struct tori_result tori_db_one(struct tori_ctx *cx, struct tori_db *db, bool write,
                               const struct tori_call *call)
{
    tori_db_begin(cx, db, write);
    tori_db_call(cx, db, call);
    return tori_db_end(cx, db);
}

static struct tori_result first_text(struct tori_ctx *cx, void *to, const struct tori_cell *cell,
                                     size_t count)
{
    if (count != 1 || cell[0].kind != TORI_CELL_TEXT)
        return TORI_FAIL(cx, STORE_DATA);
    return tori_copy_str(cx, tori_bytes_str(cell[0].bytes), to);
}

struct tori_result tori_db_durable(struct tori_ctx *cx, struct tori_db *db)
{
    struct tori_str unsafe = TORI_STR_INIT("unknown");
    struct tori_call call = {
        .statement = tori_statement_query(TORI_QUERY_UNSAFE), .on_row = first_text, .to = &unsafe};

    TORI_TRY(tori_db_one(cx, db, false, &call));
    if (unsafe.len > 0)
        return TORI_FAIL(cx, SETTING_BAD, tori_text("engine", unsafe));
    return TORI_OK;
}

static struct tori_result make_ready(struct tori_ctx *cx, struct tori_db *db, enum tori_use use)
{
    size_t have;

    TORI_TRY(db->engine->prepare(cx, db, TORI_USE_FIRST));
    TORI_TRY(tori_schema_check(cx, db, &have));
    if (have != TORI_MIGRATIONS)
        return TORI_FAIL(cx, STORE_DATA, tori_u64("migrations", have));
    if (use == TORI_USE_WRITER)
        TORI_TRY(tori_db_durable(cx, db));
    return db->engine->prepare(cx, db, use);
}

struct tori_result tori_db_open(struct tori_ctx *cx, const struct tori_store *store,
                                enum tori_use use, struct tori_db **out)
{
    struct tori_db *db;

    TORI_TRY(store->engine->open(cx, store, use, &db));
    struct tori_result ready = make_ready(cx, db, use);
    if (TORI_FAILED(ready)) {
        tori_db_close(db);
        return ready;
    }
    *out = db;
    return TORI_OK;
}
