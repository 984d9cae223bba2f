#include <string.h>

#include "store/reader_int.h"

struct tori_result tori_reader_open(struct tori_ctx *cx, struct tori_store *store,
                                    struct tori_reader **out)
{
    struct tori_db *db;

    TORI_TRY(tori_db_open(cx, store, TORI_USE_READER, &db));
    struct tori_reader *reader = tori_heap_take(sizeof(*reader));
    if (reader == NULL) {
        tori_db_close(db);
        return TORI_FAIL(cx, NO_MEMORY);
    }
    *reader = (struct tori_reader){store, db};
    *out = reader;
    return TORI_OK;
}

void tori_reader_close(struct tori_reader *reader)
{
    if (reader == NULL)
        return;
    tori_db_close(reader->db);
    tori_heap_free(reader);
}

struct tori_result tori_reader_ready(struct tori_ctx *cx, struct tori_reader *reader)
{
    if (reader->db != NULL && !reader->db->broken)
        return TORI_OK;
    tori_db_close(reader->db);
    reader->db = NULL;
    return tori_db_open(cx, reader->store, TORI_USE_READER, &reader->db);
}

/* Where the rows of one table go. */
struct target {
    struct tori_aggregate *agg;
    enum tori_table table;
    void *row; /* room for one */
};

static struct tori_result load_row(struct tori_ctx *cx, void *to, const struct tori_cell *cell,
                                   size_t count)
{
    const struct target *target = to;

    TORI_TRY(tori_row_fill(cx, &tori_tables[target->table], cell, count, target->row));
    return tori_aggregate_load_row(cx, target->agg, target->table, target->row);
}

static bool in_aggregate(enum tori_scope scope, bool is_firm)
{
    return scope == TORI_SCOPE_CUSTOMER || (scope == TORI_SCOPE_FIRM && is_firm);
}

/* The first id that a customer's rows of this time can have. */
static struct tori_id first_id(const struct tori_id *customer, tori_time at)
{
    struct tori_id id = {{0}};

    memcpy(id.at, customer->at, 2);
    for (size_t i = 0; i < 6; i++)
        id.at[2 + i] = (uint8_t)((uint64_t)at >> (40 - 8 * i));
    return id;
}

static struct tori_result load(struct tori_ctx *cx, struct tori_reader *reader, tori_time now,
                               struct tori_aggregate *agg)
{
    const struct tori_id day = first_id(&agg->customer_id, now - TORI_DAY_MS + 1);
    const struct tori_id season = first_id(&agg->customer_id, now - 90 * TORI_DAY_MS + 1);
    const struct tori_cell cell[] = {
        tori_cell_bytes(tori_id_bytes(&agg->customer_id)),
        tori_cell_bytes(tori_id_bytes(&day)),
        tori_cell_bytes(tori_id_bytes(&season)),
    };
    struct target *target;
    TORI_TRY(tori_take(cx, TORI_TABLE_COUNT * sizeof(*target), &target));

    for (size_t t = 0; t < TORI_TABLE_COUNT; t++) {
        target[t] = (struct target){.agg = agg, .table = (enum tori_table)t};
        TORI_TRY(tori_take(cx, tori_tables[t].row_size, &target[t].row));
    }
    tori_db_begin(cx, reader->db, false);
    for (size_t t = 0; t < TORI_TABLE_COUNT; t++) {
        if (!in_aggregate(tori_tables[t].scope, tori_id_is_none(&agg->customer_id)))
            continue;
        tori_db_call(cx, reader->db,
                     &(struct tori_call){
                         .statement = tori_statement_of((enum tori_table)t, TORI_VERB_SELECT),
                         .cell = cell,
                         .count = 3,
                         .on_row = load_row,
                         .to = &target[t]});
    }
    return tori_db_end(cx, reader->db);
}

struct tori_result tori_load_aggregate(struct tori_ctx *cx, struct tori_reader *reader,
                                       const struct tori_id *customer, tori_time now,
                                       struct tori_aggregate **out)
{
    TORI_TRY(tori_reader_ready(cx, reader));
    struct tori_aggregate *agg = tori_aggregate_new(customer);
    if (agg == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    struct tori_result loaded = load(cx, reader, now, agg);
    if (TORI_FAILED(loaded)) {
        tori_aggregate_free(agg);
        return loaded;
    }
    *out = agg;
    return TORI_OK;
}
