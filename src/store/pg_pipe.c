/* A group over one connection: everything from BEGIN to COMMIT goes out in one pipeline, and only
 * then are answers waited for. Values travel in binary. */
#include <poll.h>
#include <string.h>

#include "store/pg_int.h"

static struct pg_db *of(struct tori_db *db)
{
    return (struct pg_db *)db;
}

static void note_failure(struct tori_ctx *cx, struct pg_db *db, tori_err err,
                         const struct tori_kv *fields)
{
    if (!TORI_FAILED(db->base.failed))
        db->base.failed = tori_fail(cx, err, __FILE_NAME__, __LINE__, fields);
}

static struct tori_str words_of(struct tori_ctx *cx, const char *words)
{
    struct tori_str kept = TORI_STR_INIT("");
    if (TORI_FAILED(tori_copy_str(cx, tori_str_z(words), &kept)))
        return TORI_STR("no memory for the reason");
    return kept;
}

void tori_pg_broken(struct tori_ctx *cx, struct pg_db *db, const char *where)
{
    struct tori_str reason = words_of(cx, PQerrorMessage(db->conn));

    db->base.broken = true;
    db->base.failed = TORI_OK; /* this one counts: now no outcome is certain */
    note_failure(cx, db, TORI_ERR_STORE_AWAY,
                 (const struct tori_kv[]){tori_word("where", where),
                                          tori_text("reason", reason),
                                          {.kind = TORI_KV_END}});
}

/* SQLSTATE classes 22 (data), 23 (constraint) and 42 (syntax, rights) are a statement's own
 * fault. */
void tori_pg_failed(struct tori_ctx *cx, struct pg_db *db, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    bool ours = state != NULL && (strncmp(state, "22", 2) == 0 || strncmp(state, "23", 2) == 0 ||
                                  strncmp(state, "42", 2) == 0);

    if (state == NULL || text == NULL || PQstatus(db->conn) != CONNECTION_OK) {
        tori_pg_broken(cx, db, "answer");
        return;
    }
    note_failure(cx, db, ours ? TORI_ERR_STORE_REFUSED : TORI_ERR_STORE_AWAY,
                 (const struct tori_kv[]){tori_text("sqlstate", words_of(cx, state)),
                                          tori_text("reason", words_of(cx, text)),
                                          {.kind = TORI_KV_END}});
}

bool tori_pg_note(struct pg_db *db, const struct pg_sent *sent)
{
    if (db->count == db->room) {
        size_t room = db->room == 0 ? 64 : db->room * 2;
        struct pg_sent *bigger = tori_heap_grow(db->sent, room * sizeof(*bigger));
        if (bigger == NULL)
            return false;
        db->sent = bigger;
        db->room = room;
    }
    db->sent[db->count++] = *sent;
    return true;
}

/* Waits until an answer can be taken without waiting; what is still to be sent goes out meanwhile,
 * so neither side can wait for the other. */
static bool await(struct pg_db *db, int64_t until_ms)
{
    while (PQisBusy(db->conn)) {
        int unsent = PQflush(db->conn);
        int64_t left_ms = until_ms - tori_clock_steady_ms();
        struct pollfd fd = {.fd = PQsocket(db->conn),
                            .events = (short)(unsent == 1 ? POLLIN | POLLOUT : POLLIN)};
        if (unsent < 0 || left_ms <= 0 || poll(&fd, 1, (int)left_ms) < 0 ||
            PQconsumeInput(db->conn) != 1)
            return false;
    }
    return true;
}

static struct tori_cell cell_at(const PGresult *result, int row, int column)
{
    struct tori_bytes bytes = {(const uint8_t *)PQgetvalue(result, row, column),
                               (size_t)PQgetlength(result, row, column)};
    uint64_t number = 0;

    if (PQgetisnull(result, row, column))
        return (struct tori_cell){.kind = TORI_CELL_OTHER};
    switch (PQftype(result, column)) {
    case PG_INT8:
        for (size_t i = 0; i < bytes.len; i++)
            number = number << 8 | bytes.at[i];
        return tori_cell_int((int64_t)number);
    case PG_BYTEA:
        return tori_cell_bytes(bytes);
    case PG_TEXT:
        return tori_cell_text(tori_bytes_str(bytes));
    default:
        return (struct tori_cell){.kind = TORI_CELL_OTHER};
    }
}

static struct tori_result give_rows(struct tori_ctx *cx, const struct pg_sent *sent,
                                    const PGresult *result)
{
    struct tori_cell cell[TORI_CELLS_MAX];
    int columns = PQnfields(result);

    if (sent->on_row == NULL || columns > TORI_CELLS_MAX)
        return TORI_FAIL(cx, INTERNAL, tori_u64("statement", sent->statement));
    for (int row = 0; row < PQntuples(result); row++) {
        for (int i = 0; i < columns; i++)
            cell[i] = cell_at(result, row, i);
        TORI_TRY(sent->on_row(cx, sent->to, cell, (size_t)columns));
    }
    return TORI_OK;
}

/* "UPDATE 1", "INSERT 0 1", "DELETE 1". */
static void count_rows(struct pg_db *db, const struct pg_sent *sent, PGresult *result)
{
    int64_t changed = 0;

    for (const char *digit = PQcmdTuples(result); *digit != '\0'; digit++)
        changed = changed * 10 + (*digit - '0');
    if (sent->changed != NULL)
        *sent->changed = changed;
    else if (changed != 1)
        db->differs = true;
}

static void judge(struct tori_ctx *cx, struct pg_db *db, const struct pg_sent *sent,
                  PGresult *result)
{
    bool was_well = !TORI_FAILED(db->base.failed);
    ExecStatusType status = PQresultStatus(result);

    if (status == PGRES_PIPELINE_ABORTED) /* something before it failed */
        return;
    if (status == PGRES_COMMAND_OK && sent->kind == PG_SENT_CALL)
        count_rows(db, sent, result);
    if (status == PGRES_COMMAND_OK)
        return;
    if (status == PGRES_TUPLES_OK && was_well)
        db->base.failed = give_rows(cx, sent, result);
    if (status == PGRES_TUPLES_OK)
        return;
    tori_pg_failed(cx, db, result);
    if (was_well)
        db->base.failed_call = sent->kind == PG_SENT_CALL ? sent->call : SIZE_MAX;
}

/* One answer, or NULL; false when the connection has broken. */
static bool next_answer(struct tori_ctx *cx, struct pg_db *db, int64_t until_ms, PGresult **out)
{
    if (!await(db, until_ms)) {
        tori_pg_broken(cx, db, "wait");
        return false;
    }
    *out = PQgetResult(db->conn);
    return true;
}

static bool read_answer(struct tori_ctx *cx, struct pg_db *db, const struct pg_sent *sent,
                        int64_t until_ms)
{
    PGresult *result;

    if (!next_answer(cx, db, until_ms, &result))
        return false;
    judge(cx, db, sent, result);
    PQclear(result);
    if (db->base.broken || !next_answer(cx, db, until_ms, &result))
        return false;
    if (result == NULL)
        return true;
    PQclear(result);
    tori_pg_broken(cx, db, "order");
    return false;
}

void tori_pg_finish(struct tori_ctx *cx, struct pg_db *db)
{
    int64_t until_ms = tori_clock_steady_ms() + db->base.store->answer_ms;
    PGresult *result = NULL;

    if (!db->base.broken && (PQpipelineSync(db->conn) != 1 || PQflush(db->conn) < 0))
        tori_pg_broken(cx, db, "send");
    for (size_t i = 0; i < db->count && !db->base.broken; i++)
        if (!read_answer(cx, db, &db->sent[i], until_ms))
            break;
    db->count = 0;
    if (db->base.broken || !next_answer(cx, db, until_ms, &result))
        return;
    if (PQresultStatus(result) != PGRES_PIPELINE_SYNC)
        tori_pg_broken(cx, db, "end");
    PQclear(result);
}

static void send_plain(struct tori_ctx *cx, struct pg_db *db, enum tori_query query)
{
    char name[PG_NAME];

    tori_pg_name(tori_statement_query(query), name);
    if (!tori_pg_note(db, &(struct pg_sent){.kind = PG_SENT_PLAIN}) ||
        PQsendQueryPrepared(db->conn, name, 0, NULL, NULL, NULL, 1) != 1)
        tori_pg_broken(cx, db, "send");
}

void tori_pg_begin(struct tori_ctx *cx, struct tori_db *base, bool write)
{
    of(base)->differs = false;
    send_plain(cx, of(base), write ? TORI_QUERY_BEGIN_WRITE : TORI_QUERY_BEGIN_READ);
}

/* The wire has numbers with the highest byte first. */
static const char *to_wire(int64_t number, uint8_t to[static 8])
{
    for (int i = 0; i < 8; i++)
        to[i] = (uint8_t)((uint64_t)number >> (8 * (7 - i)));
    return (const char *)to;
}

void tori_pg_call(struct tori_ctx *cx, struct tori_db *base, const struct tori_call *call)
{
    struct pg_db *db = of(base);
    const char *value[TORI_CELLS_MAX];
    int length[TORI_CELLS_MAX], format[TORI_CELLS_MAX];
    uint8_t number[TORI_CELLS_MAX][8];
    char name[PG_NAME];

    for (size_t i = 0; i < call->count; i++) {
        const struct tori_cell *cell = &call->cell[i];
        bool is_int = cell->kind == TORI_CELL_INT;
        value[i] = is_int ? to_wire(cell->number, number[i]) : (const char *)cell->bytes.at;
        length[i] = is_int ? 8 : (int)cell->bytes.len;
        format[i] = 1;
    }
    tori_pg_name(call->statement, name);
    const struct pg_sent sent = {PG_SENT_CALL, base->calls, call->statement,
                                 call->on_row, call->to,    call->changed};
    if (!tori_pg_note(db, &sent) ||
        PQsendQueryPrepared(db->conn, name, (int)call->count, value, length, format, 1) != 1)
        tori_pg_broken(cx, db, "send");
}

/* After a failure the server keeps the transaction, aborted, until it is told to forget it. */
static void roll_back(struct tori_ctx *cx, struct pg_db *db)
{
    struct tori_result cause = db->base.failed;
    size_t failed_call = db->base.failed_call;
    PGTransactionStatusType status = PQtransactionStatus(db->conn);

    if (status != PQTRANS_INERROR && status != PQTRANS_INTRANS)
        return;
    db->base.failed = TORI_OK;
    send_plain(cx, db, TORI_QUERY_ROLLBACK);
    tori_pg_finish(cx, db);
    db->base.failed_call = failed_call;
    if (TORI_FAILED(db->base.failed))
        tori_pg_broken(cx, db, "rollback");
    else
        db->base.failed = cause;
}

struct tori_result tori_pg_end(struct tori_ctx *cx, struct tori_db *base)
{
    struct pg_db *db = of(base);

    if (!base->broken)
        send_plain(cx, db, TORI_QUERY_COMMIT);
    tori_pg_finish(cx, db);
    if (TORI_FAILED(base->failed) && !base->broken)
        roll_back(cx, db);
    if (!TORI_FAILED(base->failed) && db->differs)
        note_failure(cx, db, TORI_ERR_STORE_AWAY,
                     (const struct tori_kv[]){tori_word("store", "differs from memory"),
                                              {.kind = TORI_KV_END}});
    return base->failed;
}
