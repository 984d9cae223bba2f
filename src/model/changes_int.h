/* What aggregate.c and changes.c share: how a change is taken back. */
#ifndef TORI_MODEL_CHANGES_INT_H
#define TORI_MODEL_CHANGES_INT_H

#include "model/aggregate.h"

/* One put or drop: `before` is what stood there (owned here until settled), `after` what stands
 * now. */
struct tori_undo {
    struct tori_aggregate *agg;
    enum tori_table table;
    void *before;
    void *after;
    struct tori_undo *older;
};

/* The rows of a set stand in the order of their keys. */
void tori_rowset_insert(struct tori_rowset *set, size_t at, void *row);
void tori_rowset_remove(struct tori_rowset *set, size_t at);
size_t tori_rowset_place(const struct tori_rowset *set, enum tori_table table, const void *row);

#endif
