/* One owner a shard (design.md §4). Whoever takes the lease raises its epoch; every group names the
 * epoch it was decided under, so nothing of an earlier owner can come after. */
#include <stdio.h>
#include <string.h>

#include "store/writer_int.h"

struct lease_row {
    bool exists;
    struct tori_str owner;
    int64_t epoch;
    int64_t beat;
};

static bool make_owner(struct tori_writer *writer, struct tori_str owner)
{
    char *kept = tori_heap_take(owner.len + 1);
    if (kept == NULL)
        return false;
    memcpy(kept, owner.at, owner.len);
    writer->owner = (struct tori_str){kept, owner.len};
    return true;
}

struct tori_result tori_writer_open(struct tori_ctx *cx, struct tori_store *store, int64_t shard,
                                    struct tori_str owner, struct tori_writer **out)
{
    if (store->read_only || owner.len == 0 || !tori_utf8_valid(tori_str_bytes(owner)))
        return TORI_FAIL(cx, NOT_PERMITTED);
    struct tori_writer *writer = tori_heap_take(sizeof(*writer));
    if (writer == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    writer->store = store;
    snprintf(writer->lease, sizeof(writer->lease), "shard.%lld", (long long)shard);
    struct tori_result opened = make_owner(writer, owner)
                                    ? tori_db_open(cx, store, TORI_USE_WRITER, &writer->db)
                                    : TORI_FAIL(cx, NO_MEMORY);
    if (TORI_FAILED(opened)) {
        tori_writer_close(writer);
        return opened;
    }
    *out = writer;
    return TORI_OK;
}

void tori_writer_close(struct tori_writer *writer)
{
    if (writer == NULL)
        return;
    if (writer->keeper != NULL)
        writer->store->engine->leave(writer->db, writer->keeper);
    tori_db_close(writer->db);
    tori_heap_free((void *)(uintptr_t)writer->owner.at);
    tori_heap_free(writer);
}

struct tori_result tori_writer_owns(struct tori_ctx *cx, const struct tori_writer *writer)
{
    if (writer->fenced)
        return TORI_FAIL(cx, FENCED, tori_i64("epoch", writer->epoch));
    if (writer->epoch == 0)
        return TORI_FAIL(cx, NOT_OWNER);
    return TORI_OK;
}

void tori_writer_alive(struct tori_writer *writer, int64_t started_ms)
{
    const struct tori_store *store = writer->store;
    writer->deadline_ms = started_ms + store->lease_ms - store->lease_margin_ms;
}

void tori_writer_fence(struct tori_writer *writer)
{
    writer->fenced = true;
    writer->deadline_ms = 0;
}

int64_t tori_lease_deadline_ms(const struct tori_writer *writer)
{
    return writer->deadline_ms;
}

int64_t tori_lease_epoch(const struct tori_writer *writer)
{
    return writer->epoch;
}

static struct tori_result read_row(struct tori_ctx *cx, void *to, const struct tori_cell *cell,
                                   size_t count)
{
    struct lease_row *row = to;
    struct tori_lease lease;

    TORI_TRY(tori_row_fill(cx, &tori_tables[TORI_TABLE_LEASE], cell, count, &lease));
    *row = (struct lease_row){.exists = true, .epoch = lease.epoch, .beat = lease.beat};
    return tori_copy_str(cx, lease.owner, &row->owner);
}

static struct tori_result look(struct tori_ctx *cx, struct tori_writer *writer,
                               struct lease_row *row)
{
    const struct tori_cell name = tori_cell_text(tori_str_z(writer->lease));
    struct tori_call call = {.statement = tori_statement_query(TORI_QUERY_LEASE_READ),
                             .cell = &name,
                             .count = 1,
                             .on_row = read_row,
                             .to = row};
    *row = (struct lease_row){.exists = false};
    return tori_db_one(cx, writer->db, false, &call);
}

/* The owner has not moved for a whole lease, as our own steady clock saw it. */
static bool is_abandoned(struct tori_writer *writer, const struct lease_row *row)
{
    int64_t now_ms = tori_clock_steady_ms();
    bool moved = writer->seen.since_ms == 0 || writer->seen.epoch != row->epoch ||
                 writer->seen.beat != row->beat;

    if (moved) {
        writer->seen.epoch = row->epoch;
        writer->seen.beat = row->beat;
        writer->seen.since_ms = now_ms;
        return false;
    }
    return now_ms - writer->seen.since_ms >= writer->store->lease_ms;
}

static bool may_take(struct tori_writer *writer, const struct lease_row *row)
{
    if (!row->exists || row->owner.len == 0 || tori_str_eq(row->owner, writer->owner))
        return true;
    if (writer->keeper != NULL) /* the kernel has freed the lock: the last owner is gone */
        return true;
    return is_abandoned(writer, row);
}

/* Whoever moved the row since we looked at it keeps it. */
static struct tori_result take(struct tori_ctx *cx, struct tori_writer *writer,
                               const struct lease_row *row, bool *taken)
{
    int64_t changed = 0;
    int64_t started_ms = tori_clock_steady_ms();
    const struct tori_cell cell[] = {tori_cell_text(tori_str_z(writer->lease)),
                                     tori_cell_text(writer->owner),
                                     tori_cell_int(row->epoch + 1),
                                     tori_cell_int(row->beat + 1),
                                     tori_cell_int(row->epoch),
                                     tori_cell_int(row->beat)};
    struct tori_call call = {.statement = tori_statement_query(
                                 row->exists ? TORI_QUERY_LEASE_NEXT : TORI_QUERY_LEASE_FIRST),
                             .cell = cell,
                             .count = row->exists ? 6 : 4,
                             .changed = &changed};

    TORI_TRY(tori_db_one(cx, writer->db, true, &call));
    *taken = changed == 1;
    if (!*taken)
        return TORI_OK;
    writer->epoch = row->epoch + 1;
    writer->beat = row->beat + 1;
    tori_writer_alive(writer, started_ms);
    return TORI_OK;
}

static struct tori_result connected(struct tori_ctx *cx, struct tori_writer *writer)
{
    if (writer->db != NULL && !writer->db->broken)
        return TORI_OK;
    tori_db_close(writer->db);
    writer->db = NULL;
    return tori_db_open(cx, writer->store, TORI_USE_WRITER, &writer->db);
}

struct tori_result tori_lease_take(struct tori_ctx *cx, struct tori_writer *writer, bool *taken)
{
    const struct tori_engine *engine = writer->store->engine;
    struct lease_row row;

    if (writer->fenced)
        return TORI_FAIL(cx, FENCED, tori_i64("epoch", writer->epoch));
    TORI_TRY(connected(cx, writer));
    if (engine->keep != NULL && writer->keeper == NULL) {
        TORI_TRY(engine->keep(cx, writer->db, &writer->keeper));
        if (writer->keeper == NULL) { /* its owner lives, however still it lies */
            *taken = false;
            return TORI_OK;
        }
    }
    TORI_TRY(look(cx, writer, &row));
    if (may_take(writer, &row))
        return take(cx, writer, &row, taken);
    *taken = false;
    return TORI_OK;
}

static struct tori_result fenced(struct tori_ctx *cx, struct tori_writer *writer)
{
    tori_writer_fence(writer);
    return TORI_FAIL(cx, FENCED, tori_i64("epoch", writer->epoch));
}

struct tori_result tori_lease_release(struct tori_ctx *cx, struct tori_writer *writer)
{
    int64_t changed = 0;
    const struct tori_cell cell[] = {tori_cell_text(tori_str_z(writer->lease)),
                                     tori_cell_int(writer->epoch)};
    struct tori_call call = {.statement = tori_statement_query(TORI_QUERY_LEASE_RELEASE),
                             .cell = cell,
                             .count = 2,
                             .changed = &changed};

    TORI_TRY(tori_writer_owns(cx, writer));
    TORI_TRY(connected(cx, writer));
    TORI_TRY(tori_db_one(cx, writer->db, true, &call));
    if (changed != 1)
        return fenced(cx, writer);
    writer->epoch = 0;
    writer->deadline_ms = 0;
    if (writer->keeper != NULL)
        writer->store->engine->leave(writer->db, writer->keeper);
    writer->keeper = NULL;
    return TORI_OK;
}

/* The row as it is may carry an epoch of an earlier renewal whose answer we never had. */
static struct tori_result move_epoch(struct tori_ctx *cx, struct tori_writer *writer, int64_t from)
{
    int64_t changed = 0;
    const struct tori_cell cell[] = {tori_cell_text(tori_str_z(writer->lease)), tori_cell_int(from),
                                     tori_cell_int(writer->tried_epoch)};
    struct tori_call call = {.statement = tori_statement_query(TORI_QUERY_LEASE_RENEW),
                             .cell = cell,
                             .count = 3,
                             .changed = &changed};

    TORI_TRY(tori_db_one(cx, writer->db, true, &call));
    if (changed != 1) /* moved since we looked: the next look tells by whom */
        return TORI_FAIL(cx, STORE_AWAY, tori_i64("epoch", from));
    writer->epoch = writer->tried_epoch;
    writer->away = false;
    return TORI_OK;
}

struct tori_result tori_writer_renew(struct tori_ctx *cx, struct tori_writer *writer)
{
    int64_t started_ms = tori_clock_steady_ms();
    struct lease_row row;

    TORI_TRY(tori_writer_owns(cx, writer));
    TORI_TRY(connected(cx, writer));
    TORI_TRY(look(cx, writer, &row));
    int64_t newest = writer->tried_epoch > writer->epoch ? writer->tried_epoch : writer->epoch;
    if (!row.exists || !tori_str_eq(row.owner, writer->owner) || row.epoch < writer->epoch ||
        row.epoch > newest)
        return fenced(cx, writer);
    writer->tried_epoch = newest + 1;
    TORI_TRY(move_epoch(cx, writer, row.epoch));
    tori_writer_alive(writer, started_ms);
    return TORI_OK;
}
