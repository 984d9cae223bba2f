#include "base/failpoint.h"
#include "store/writer_int.h"

static struct tori_result check_list(struct tori_ctx *cx, const struct tori_change *change)
{
    for (; change != NULL; change = change->next)
        if (change->kind != TORI_DELETE) /* of a removal only the key is sent */
            TORI_TRY(tori_row_check(cx, &tori_tables[change->table], change->row));
    return TORI_OK;
}

static enum tori_verb verb_of(enum tori_change_kind kind)
{
    switch (kind) {
    case TORI_INSERT:
        return TORI_VERB_INSERT;
    case TORI_UPDATE:
        return TORI_VERB_UPDATE;
    case TORI_DELETE:
        return TORI_VERB_REMOVE;
    }
    return TORI_VERB_SELECT;
}

static void send_change(struct tori_ctx *cx, struct tori_db *db, const struct tori_change *change)
{
    const struct tori_table_def *table = &tori_tables[change->table];
    struct tori_cell cell[TORI_CELLS_MAX];
    bool key_only = change->kind == TORI_DELETE;

    tori_row_cells(table, change->row, cell);
    tori_db_call(
        cx, db,
        &(struct tori_call){.statement = tori_statement_of(change->table, verb_of(change->kind)),
                            .cell = cell,
                            .count = key_only ? table->key_count : table->count});
}

/* First of all: under any epoch but ours the whole group is refused here. */
static void send_beat(struct tori_ctx *cx, struct tori_writer *writer)
{
    const struct tori_cell cell[] = {tori_cell_text(tori_str_z(writer->lease)),
                                     tori_cell_int(writer->epoch), tori_cell_int(writer->beat + 1)};
    tori_db_call(cx, writer->db,
                 &(struct tori_call){.statement = tori_statement_query(TORI_QUERY_LEASE_BEAT),
                                     .cell = cell,
                                     .count = 3});
}

static struct tori_result judge(struct tori_ctx *cx, struct tori_writer *writer,
                                struct tori_result done)
{
    if (done.err == TORI_ERR_STORE_REFUSED && writer->db->failed_call == 0) {
        tori_writer_fence(writer);
        return TORI_FAIL(cx, FENCED, tori_i64("epoch", writer->epoch));
    }
    if (done.err == TORI_ERR_STORE_REFUSED)
        return done;
    writer->away = true;
    if (done.err == TORI_ERR_STORE_AWAY)
        return done;
    return TORI_FAIL(cx, STORE_AWAY, tori_word("cause", tori_err_name(done.err)));
}

struct tori_result tori_commit(struct tori_ctx *cx, struct tori_writer *writer,
                               const struct tori_change *const *lists, size_t count)
{
    int64_t started_ms = tori_clock_steady_ms();

    TORI_TRY(tori_writer_owns(cx, writer));
    if (writer->away)
        return TORI_FAIL(cx, STORE_AWAY, tori_word("writer", "to be renewed"));
    for (size_t i = 0; i < count; i++)
        TORI_TRY(check_list(cx, lists[i]));

    tori_db_begin(cx, writer->db, true);
    send_beat(cx, writer);
    for (size_t i = 0; i < count; i++)
        for (const struct tori_change *change = lists[i]; change != NULL; change = change->next)
            send_change(cx, writer->db, change);
    tori_failpoint("store.before_commit");
    struct tori_result done = tori_db_end(cx, writer->db);
    tori_failpoint("store.after_commit");

    if (TORI_FAILED(done))
        return judge(cx, writer, done);
    writer->beat++;
    tori_writer_alive(writer, started_ms);
    return TORI_OK;
}
