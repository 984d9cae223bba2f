/* The rows of one customer that decisions need, in memory. Only the decider holds one; loaders
 * build it and hand it over. Its rows are changed by put and drop alone, which also note the change
 * to be committed and how to take it back (model/changes.h). */
#ifndef TORI_MODEL_AGGREGATE_H
#define TORI_MODEL_AGGREGATE_H

#include "base/secret.h"
#include "model/rows.h"

struct tori_rowset {
    void **row; /* heap clones, in the order of their keys */
    size_t count;
    size_t room;
};

struct tori_aggregate {
    struct tori_id customer_id; /* all zero: the firm */
    struct tori_key32 data_key; /* unwrapped; wiped when the aggregate goes */
    struct tori_rowset set[TORI_TABLE_COUNT];
    bool known;            /* the customer row exists */
    int64_t touched_ms;    /* steady time of the last command, for eviction */
    size_t grown;          /* rows added since it was loaded */
    bool changed;          /* by the command being decided */
    uint64_t saw_group;    /* the newest group that changed it */
    int64_t refusals_from; /* the minute that refusals are counted in */
    int64_t refusals;
};

struct tori_aggregate *tori_aggregate_new(const struct tori_id *customer_id);
void tori_aggregate_free(struct tori_aggregate *agg);

/* For loaders: adds a clone of a row that the store holds. Rows come in the order of their key. */
TORI_RESULT tori_aggregate_load_row(struct tori_ctx *cx, struct tori_aggregate *agg,
                                    enum tori_table table, const void *row);

/* The one customer row; NULL for a customer who does not exist. */
const struct tori_customer *tori_aggregate_customer(const struct tori_aggregate *agg);

/* The row with the key of `like`, of which only the key columns are read; NULL. */
const void *tori_aggregate_find(const struct tori_aggregate *agg, enum tori_table table,
                                const void *like);

/* What the typed doors of rows.h call. */
TORI_RESULT tori_aggregate_put(struct tori_ctx *cx, struct tori_aggregate *agg,
                               enum tori_table table, const void *row);
TORI_RESULT tori_aggregate_drop(struct tori_ctx *cx, struct tori_aggregate *agg,
                                enum tori_table table, const void *row);

#endif
