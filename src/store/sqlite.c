/* SQLite behind the engine's door. A connection belongs to one thread, so it takes no mutex. */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "store/sqlite_int.h"

static struct sqlite_db *of(struct tori_db *db)
{
    return (struct sqlite_db *)db;
}

/* The engine's own words, kept for the log. */
static struct tori_result fail(struct tori_ctx *cx, struct sqlite_db *db, tori_err err)
{
    struct tori_str words =
        tori_str_z(db->handle != NULL ? sqlite3_errmsg(db->handle) : "no handle");
    struct tori_str kept = TORI_STR_INIT("");
    int code = db->handle != NULL ? sqlite3_extended_errcode(db->handle) : 0;

    if (TORI_FAILED(tori_copy_str(cx, words, &kept)))
        kept = TORI_STR("no memory for the reason");
    return tori_fail(cx, err, __FILE_NAME__, __LINE__,
                     (const struct tori_kv[]){tori_i64("sqlite", code),
                                              tori_text("reason", kept),
                                              {.kind = TORI_KV_END}});
}

/* What the statement itself did wrong is our mistake; anything else is the machine's. */
static tori_err code_of(int rc)
{
    switch (rc & 0xff) {
    case SQLITE_ERROR:
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
    case SQLITE_RANGE:
        return TORI_ERR_STORE_REFUSED;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
        return TORI_ERR_STORE_DATA;
    default:
        return TORI_ERR_STORE_AWAY;
    }
}

static struct tori_result script(struct tori_ctx *cx, struct tori_db *db, const char *text)
{
    int rc = sqlite3_exec(of(db)->handle, text, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        return TORI_OK;
    struct tori_result failed = fail(cx, of(db), code_of(rc));
    if (!sqlite3_get_autocommit(of(db)->handle))
        (void)sqlite3_exec(of(db)->handle,
                           tori_queries[TORI_QUERY_ROLLBACK].text[TORI_ENGINE_SQLITE], NULL, NULL,
                           NULL);
    return failed;
}

static void close_db(struct tori_db *db)
{
    for (size_t i = 0; i < TORI_STATEMENTS; i++)
        sqlite3_finalize(of(db)->statement[i]);
    sqlite3_close_v2(of(db)->handle);
    tori_heap_free(db);
}

/* Made by us first, so that nobody else on the machine may read it; its WAL takes the same mode. */
static bool make_file(const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    close(fd);
    return true;
}

static struct tori_result connect_db(struct tori_ctx *cx, struct sqlite_db *db, bool create)
{
    const struct tori_store *store = db->base.store;
    int flags = store->read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    int keep_wal = 1;

    if (create && !make_file(store->place))
        return TORI_FAIL(cx, STORE_AWAY, tori_word("file", "not to be opened"));
    if (sqlite3_open_v2(store->place, &db->handle, flags | SQLITE_OPEN_NOMUTEX, NULL) != SQLITE_OK)
        return fail(cx, db, TORI_ERR_STORE_AWAY);
    sqlite3_extended_result_codes(db->handle, 1);
    sqlite3_busy_timeout(db->handle, (int)store->answer_ms);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
    sqlite3_db_config(db->handle, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
    sqlite3_file_control(db->handle, "main", SQLITE_FCNTL_PERSIST_WAL, &keep_wal);
    return script(cx, &db->base, tori_queries[TORI_QUERY_SESSION].text[TORI_ENGINE_SQLITE]);
}

static struct tori_result open_db(struct tori_ctx *cx, const struct tori_store *store,
                                  enum tori_use use, struct tori_db **out)
{
    struct sqlite_db *db = tori_heap_take(sizeof(*db));
    if (db == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    db->base.engine = &tori_engine_sqlite;
    db->base.store = store;
    struct tori_result connected = connect_db(cx, db, use == TORI_USE_NEVER);
    if (TORI_FAILED(connected)) {
        close_db(&db->base);
        return connected;
    }
    *out = &db->base;
    return TORI_OK;
}

/* $1 is a name to SQLite, which numbers parameters by first appearance. */
static struct tori_result find_holes(struct tori_ctx *cx, sqlite3_stmt *statement, uint8_t *hole)
{
    char name[8];

    if (sqlite3_bind_parameter_count(statement) > TORI_CELLS_MAX)
        return TORI_FAIL(cx, INTERNAL);
    for (int i = 0; i < TORI_CELLS_MAX; i++) {
        snprintf(name, sizeof(name), "$%d", i + 1);
        hole[i] = (uint8_t)sqlite3_bind_parameter_index(statement, name);
    }
    return TORI_OK;
}

static struct tori_result prepare(struct tori_ctx *cx, struct tori_db *base, enum tori_use use)
{
    struct sqlite_db *db = of(base);

    for (size_t i = 0; i < TORI_STATEMENTS; i++) {
        const char *text = tori_statement_text(i, TORI_ENGINE_SQLITE, use);
        if (text == NULL || db->statement[i] != NULL)
            continue;
        int rc = sqlite3_prepare_v3(db->handle, text, -1, SQLITE_PREPARE_PERSISTENT,
                                    &db->statement[i], NULL);
        if (rc != SQLITE_OK)
            return fail(cx, db, code_of(rc));
        TORI_TRY(find_holes(cx, db->statement[i], db->hole[i]));
    }
    return TORI_OK;
}

static int bind_one(sqlite3_stmt *statement, int hole, const struct tori_cell *cell)
{
    switch (cell->kind) {
    case TORI_CELL_INT:
        return sqlite3_bind_int64(statement, hole, cell->number);
    case TORI_CELL_BYTES:
        return sqlite3_bind_blob64(statement, hole, cell->bytes.at, cell->bytes.len, SQLITE_STATIC);
    case TORI_CELL_TEXT:
        return sqlite3_bind_text64(statement, hole, (const char *)cell->bytes.at, cell->bytes.len,
                                   SQLITE_STATIC, SQLITE_UTF8);
    case TORI_CELL_OTHER:
        return SQLITE_MISMATCH;
    }
    return SQLITE_MISMATCH;
}

static int bind_all(sqlite3_stmt *statement, const uint8_t *hole, const struct tori_call *call)
{
    for (size_t i = 0; i < call->count; i++) {
        if (hole[i] == 0) /* a text that does not name it */
            continue;
        int rc = bind_one(statement, hole[i], &call->cell[i]);
        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}

static struct tori_cell column_cell(sqlite3_stmt *statement, int i)
{
    switch (sqlite3_column_type(statement, i)) {
    case SQLITE_INTEGER:
        return tori_cell_int(sqlite3_column_int64(statement, i));
    case SQLITE_BLOB: {
        const uint8_t *at = sqlite3_column_blob(statement, i);
        return tori_cell_bytes((struct tori_bytes){at, (size_t)sqlite3_column_bytes(statement, i)});
    }
    case SQLITE_TEXT: {
        const char *at = (const char *)sqlite3_column_text(statement, i);
        return tori_cell_text((struct tori_str){at, (size_t)sqlite3_column_bytes(statement, i)});
    }
    default: /* NULL and REAL have no place in our tables */
        return (struct tori_cell){.kind = TORI_CELL_OTHER};
    }
}

static struct tori_result give_row(struct tori_ctx *cx, sqlite3_stmt *statement,
                                   const struct tori_call *call)
{
    struct tori_cell cell[TORI_CELLS_MAX];
    int count = sqlite3_column_count(statement);

    if (call->on_row == NULL || count > TORI_CELLS_MAX)
        return TORI_FAIL(cx, INTERNAL);
    for (int i = 0; i < count; i++)
        cell[i] = column_cell(statement, i);
    return call->on_row(cx, call->to, cell, (size_t)count);
}

static struct tori_result run(struct tori_ctx *cx, struct sqlite_db *db, sqlite3_stmt *statement,
                              const struct tori_call *call)
{
    int rc;

    while ((rc = sqlite3_step(statement)) == SQLITE_ROW)
        TORI_TRY(give_row(cx, statement, call));
    if (rc != SQLITE_DONE)
        return fail(cx, db, code_of(rc));
    if (call->on_row != NULL)
        return TORI_OK;
    int64_t changed = sqlite3_changes64(db->handle);
    if (call->changed != NULL)
        *call->changed = changed;
    else if (changed != 1)
        return TORI_FAIL(cx, STORE_REFUSED, tori_u64("statement", call->statement),
                         tori_i64("rows", changed));
    return TORI_OK;
}

static void call_one(struct tori_ctx *cx, struct tori_db *base, const struct tori_call *call)
{
    struct sqlite_db *db = of(base);
    sqlite3_stmt *statement = db->statement[call->statement];

    if (statement == NULL) {
        base->failed = TORI_FAIL(cx, INTERNAL, tori_u64("statement", call->statement));
        return;
    }
    int rc = bind_all(statement, db->hole[call->statement], call);
    base->failed = rc == SQLITE_OK ? run(cx, db, statement, call) : fail(cx, db, code_of(rc));
    sqlite3_reset(statement);
    if (TORI_FAILED(base->failed))
        base->failed_call = base->calls;
}

static int run_plain(struct sqlite_db *db, enum tori_query query)
{
    sqlite3_stmt *statement = db->statement[tori_statement_query(query)];
    int rc = sqlite3_step(statement);
    sqlite3_reset(statement);
    return rc == SQLITE_DONE ? SQLITE_OK : rc;
}

static void begin(struct tori_ctx *cx, struct tori_db *base, bool write)
{
    struct sqlite_db *db = of(base);
    int rc = run_plain(db, write ? TORI_QUERY_BEGIN_WRITE : TORI_QUERY_BEGIN_READ);

    if (rc != SQLITE_OK)
        base->failed = fail(cx, db, TORI_ERR_STORE_AWAY);
}

/* SQLite ends some transactions by itself (disk full): then there is nothing to roll back. */
static void roll_back(struct sqlite_db *db)
{
    if (!sqlite3_get_autocommit(db->handle) && run_plain(db, TORI_QUERY_ROLLBACK) != SQLITE_OK)
        db->base.broken = true;
}

static struct tori_result end(struct tori_ctx *cx, struct tori_db *base)
{
    struct sqlite_db *db = of(base);

    if (!TORI_FAILED(base->failed) && run_plain(db, TORI_QUERY_COMMIT) != SQLITE_OK)
        base->failed = fail(cx, db, TORI_ERR_STORE_AWAY); /* durable or not: nobody knows */
    if (!TORI_FAILED(base->failed))
        return TORI_OK;
    roll_back(db);
    if (base->broken && base->failed.err == TORI_ERR_STORE_REFUSED)
        base->failed.err = TORI_ERR_STORE_AWAY;
    return base->failed;
}

const struct tori_engine tori_engine_sqlite = {
    .kind = TORI_ENGINE_SQLITE,
    .open = open_db,
    .close = close_db,
    .script = script,
    .prepare = prepare,
    .begin = begin,
    .call = call_one,
    .end = end,
    .keep = tori_sqlite_keep,
    .leave = tori_sqlite_leave,
};
