/* PostgreSQL behind the engine's door: a connection and its statements. */
#include <stdio.h>

#include "store/pg_int.h"

static struct pg_db *of(struct tori_db *db)
{
    return (struct pg_db *)db;
}

void tori_pg_name(size_t statement, char out[static PG_NAME])
{
    snprintf(out, PG_NAME, "s%zu", statement);
}

static void close_db(struct tori_db *db)
{
    PQfinish(of(db)->conn);
    tori_heap_free(of(db)->sent);
    tori_heap_free(db);
}

static void quiet(void *to, const PGresult *result)
{
    (void)to;
    (void)result;
}

static struct tori_result script(struct tori_ctx *cx, struct tori_db *base, const char *text)
{
    struct pg_db *db = of(base);
    if (PQpipelineStatus(db->conn) != PQ_PIPELINE_OFF && PQexitPipelineMode(db->conn) != 1)
        return TORI_FAIL(cx, INTERNAL);
    TORI_AUTO(PGresult) result = PQexec(db->conn, text);
    ExecStatusType status = PQresultStatus(result);

    base->failed = TORI_OK;
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        tori_pg_failed(cx, db, result);
    if (PQtransactionStatus(db->conn) != PQTRANS_IDLE)
        PQclear(PQexec(db->conn, tori_queries[TORI_QUERY_ROLLBACK].text[TORI_ENGINE_PG]));
    if (PQenterPipelineMode(db->conn) != 1)
        tori_pg_broken(cx, db, "pipeline");
    return base->failed;
}

static struct tori_result connect_db(struct tori_ctx *cx, struct pg_db *db)
{
    const struct tori_store *store = db->base.store;
    char timeout_s[24], timeout_ms[24];
    const char *const name[] = {"dbname",          "application_name", "client_encoding",
                                "connect_timeout", "tcp_user_timeout", NULL};
    const char *const value[] = {store->place, "torimori", "UTF8", timeout_s, timeout_ms, NULL};

    snprintf(timeout_s, sizeof(timeout_s), "%lld", (long long)(store->answer_ms + 999) / 1000);
    snprintf(timeout_ms, sizeof(timeout_ms), "%lld", (long long)store->answer_ms);
    db->conn = PQconnectdbParams(name, value, 1);
    if (PQstatus(db->conn) != CONNECTION_OK) {
        tori_pg_broken(cx, db, "connect");
        return db->base.failed;
    }
    PQsetNoticeReceiver(db->conn, quiet, NULL);
    if (PQserverVersion(db->conn) < 150000)
        return TORI_FAIL(cx, SETTING_BAD, tori_i64("server", PQserverVersion(db->conn)));
    TORI_TRY(script(cx, &db->base, tori_queries[TORI_QUERY_SESSION].text[TORI_ENGINE_PG]));
    if (PQsetnonblocking(db->conn, 1) != 0)
        return TORI_FAIL(cx, STORE_AWAY);
    return TORI_OK;
}

static struct tori_result open_db(struct tori_ctx *cx, const struct tori_store *store,
                                  enum tori_use use, struct tori_db **out)
{
    struct pg_db *db = tori_heap_take(sizeof(*db));
    if (db == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    (void)use; /* the server's roles know who may do what */
    db->base.engine = &tori_engine_pg;
    db->base.store = store;
    struct tori_result connected = connect_db(cx, db);
    if (TORI_FAILED(connected)) {
        close_db(&db->base);
        return connected;
    }
    *out = &db->base;
    return TORI_OK;
}

static Oid type_of(enum tori_column_kind kind)
{
    switch (kind) {
    case TORI_COLUMN_INT:
    case TORI_COLUMN_TIME:
    case TORI_COLUMN_FLAG:
        return PG_INT8;
    case TORI_COLUMN_ID:
    case TORI_COLUMN_HASH:
    case TORI_COLUMN_HANDLE:
    case TORI_COLUMN_BYTES:
        return PG_BYTEA;
    case TORI_COLUMN_TEXT:
        return PG_TEXT;
    }
    return 0;
}

/* The types of a table's statement: its text need not name every parameter, and then the server
 * could not know. Those of other queries it takes from the columns that they meet. */
static int types_of(size_t statement, Oid type[static TORI_CELLS_MAX])
{
    static const Oid load[] = {PG_BYTEA, PG_BYTEA, PG_BYTEA};
    size_t verb = statement % TORI_VERBS;

    if (statement >= tori_statement_query(0))
        return 0;
    const struct tori_table_def *table = &tori_tables[statement / TORI_VERBS];
    bool is_load = verb == TORI_VERB_SELECT && table->scope <= TORI_SCOPE_FIRM;
    bool by_key = verb == TORI_VERB_SELECT || verb == TORI_VERB_REMOVE;
    size_t count = is_load ? 3 : by_key ? table->key_count : table->count;
    for (size_t i = 0; i < count; i++)
        type[i] = is_load ? load[i] : type_of(table->column[i].kind);
    return (int)count;
}

static bool send_prepare(struct pg_db *db, size_t statement, const char *text)
{
    Oid type[TORI_CELLS_MAX];
    int count = types_of(statement, type);
    char name[PG_NAME];

    tori_pg_name(statement, name);
    return tori_pg_note(db, &(struct pg_sent){.kind = PG_SENT_PREPARE, .statement = statement}) &&
           PQsendPrepare(db->conn, name, text, count, count > 0 ? type : NULL) == 1;
}

static struct tori_result prepare(struct tori_ctx *cx, struct tori_db *base, enum tori_use use)
{
    struct pg_db *db = of(base);

    base->failed = TORI_OK;
    for (size_t i = 0; i < TORI_STATEMENTS; i++) {
        const char *text = tori_statement_text(i, TORI_ENGINE_PG, use);
        if (text != NULL && !base->broken && !send_prepare(db, i, text))
            tori_pg_broken(cx, db, "prepare");
    }
    tori_pg_finish(cx, db);
    return base->failed;
}

const struct tori_engine tori_engine_pg = {
    .kind = TORI_ENGINE_PG,
    .open = open_db,
    .close = close_db,
    .script = script,
    .prepare = prepare,
    .begin = tori_pg_begin,
    .call = tori_pg_call,
    .end = tori_pg_end,
};
