#include "model/aggregate.h"

#include <string.h>

#include "model/changes.h"
#include "model/changes_int.h"
#include "model/table.h"

static struct tori_bytes *view_in(const struct tori_column *column, void *row)
{
    bool has_view = column->kind == TORI_COLUMN_BYTES || column->kind == TORI_COLUMN_TEXT;
    return has_view ? (struct tori_bytes *)((uint8_t *)row + column->offset) : NULL;
}

/* Room for the row and for all that its views point at. */
static size_t packed_size(const struct tori_table_def *table, const void *row)
{
    size_t n = table->row_size;

    for (size_t i = 0; i < table->count; i++) {
        struct tori_bytes view;
        enum tori_column_kind kind = table->column[i].kind;
        if (kind != TORI_COLUMN_BYTES && kind != TORI_COLUMN_TEXT)
            continue;
        memcpy(&view, (const uint8_t *)row + table->column[i].offset, sizeof(view));
        n += view.len;
    }
    return n;
}

/* The views of both kinds have one layout (pointer, length), which table_test asserts. */
static void pack(const struct tori_table_def *table, const void *row, void *to)
{
    uint8_t *tail = (uint8_t *)to + table->row_size;

    memcpy(to, row, table->row_size);
    for (size_t i = 0; i < table->count; i++) {
        struct tori_bytes *view = view_in(&table->column[i], to);
        if (view == NULL)
            continue;
        if (view->len > 0)
            memcpy(tail, view->at, view->len);
        view->at = tail;
        tail += view->len;
    }
}

void *tori_row_clone(const struct tori_table_def *table, const void *row)
{
    void *clone = tori_heap_take(packed_size(table, row));
    if (clone != NULL)
        pack(table, row, clone);
    return clone;
}

struct tori_result tori_row_copy(struct tori_ctx *cx, const struct tori_table_def *table,
                                 const void *row, const void **out)
{
    void *copy;
    TORI_TRY(tori_take(cx, packed_size(table, row), &copy));
    pack(table, row, copy);
    *out = copy;
    return TORI_OK;
}

/* Keys of rows in aggregates are ids, the first of them the customer's, which all rows share. */
static int order(const struct tori_table_def *table, const void *a, const void *b)
{
    for (size_t i = 1; i < table->key_count; i++) {
        size_t at = table->column[i].offset;
        int way = tori_id_order((const void *)((const uint8_t *)a + at),
                                (const void *)((const uint8_t *)b + at));
        if (way != 0)
            return way;
    }
    return 0;
}

bool tori_row_same_key(const struct tori_table_def *table, const void *a, const void *b)
{
    return order(table, a, b) == 0;
}

/* Where the row is, or where it belongs. New rows have the latest ids, so the end is tried
 * first. */
static size_t place_of(const struct tori_rowset *set, const struct tori_table_def *table,
                       const void *row, bool *found)
{
    size_t low = 0, high = set->count;

    *found = false;
    if (high == 0 || order(table, set->row[high - 1], row) < 0)
        return high;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (order(table, set->row[middle], row) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    *found = order(table, set->row[low], row) == 0;
    return low;
}

const void *tori_aggregate_find(const struct tori_aggregate *agg, enum tori_table table,
                                const void *like)
{
    bool found;
    size_t at = place_of(&agg->set[table], &tori_tables[table], like, &found);

    return found ? agg->set[table].row[at] : NULL;
}

struct tori_aggregate *tori_aggregate_new(const struct tori_id *customer_id)
{
    struct tori_aggregate *agg = tori_heap_take(sizeof(*agg));
    if (agg != NULL)
        agg->customer_id = *customer_id;
    return agg;
}

void tori_aggregate_free(struct tori_aggregate *agg)
{
    if (agg == NULL)
        return;
    for (size_t t = 0; t < TORI_TABLE_COUNT; t++) {
        for (size_t i = 0; i < agg->set[t].count; i++)
            tori_heap_free(agg->set[t].row[i]);
        tori_heap_free(agg->set[t].row);
    }
    tori_key32_wipe(&agg->data_key);
    tori_heap_free(agg);
}

static bool make_room(struct tori_rowset *set)
{
    if (set->count < set->room)
        return true;
    size_t room = set->room == 0 ? 4 : set->room * 2;
    void **bigger = tori_heap_grow(set->row, room * sizeof(*bigger));
    if (bigger == NULL)
        return false;
    set->row = bigger;
    set->room = room;
    return true;
}

void tori_rowset_insert(struct tori_rowset *set, size_t at, void *row)
{
    memmove(&set->row[at + 1], &set->row[at], (set->count - at) * sizeof(void *));
    set->row[at] = row;
    set->count++;
}

void tori_rowset_remove(struct tori_rowset *set, size_t at)
{
    memmove(&set->row[at], &set->row[at + 1], (set->count - at - 1) * sizeof(void *));
    set->count--;
}

size_t tori_rowset_place(const struct tori_rowset *set, enum tori_table table, const void *row)
{
    bool found;
    return place_of(set, &tori_tables[table], row, &found);
}

struct tori_result tori_aggregate_load_row(struct tori_ctx *cx, struct tori_aggregate *agg,
                                           enum tori_table table, const void *row)
{
    struct tori_rowset *set = &agg->set[table];
    void *clone = tori_row_clone(&tori_tables[table], row);

    if (clone == NULL || !make_room(set)) {
        tori_heap_free(clone);
        return TORI_FAIL(cx, NO_MEMORY);
    }
    tori_rowset_insert(set, tori_rowset_place(set, table, row), clone);
    if (table == TORI_TABLE_CUSTOMER)
        agg->known = true;
    return TORI_OK;
}

const struct tori_customer *tori_aggregate_customer(const struct tori_aggregate *agg)
{
    return tori_customer_count(agg) == 0 ? NULL : tori_customer_at(agg, 0);
}

struct tori_result tori_aggregate_put(struct tori_ctx *cx, struct tori_aggregate *agg,
                                      enum tori_table table, const void *row)
{
    struct tori_rowset *set = &agg->set[table];
    struct tori_undo *undo;
    bool found;
    size_t at = place_of(set, &tori_tables[table], row, &found);

    TORI_TRY(tori_take(cx, sizeof(*undo), &undo));
    TORI_TRY(tori_change_add(cx, found ? TORI_UPDATE : TORI_INSERT, table, row));
    void *clone = tori_row_clone(&tori_tables[table], row);
    if (clone == NULL || !make_room(set)) {
        tori_heap_free(clone);
        return TORI_FAIL(cx, NO_MEMORY);
    }
    *undo = (struct tori_undo){agg, table, found ? set->row[at] : NULL, clone, cx->changes->undo};
    cx->changes->undo = undo;
    if (found)
        set->row[at] = clone;
    else
        tori_rowset_insert(set, at, clone);
    agg->grown += !found;
    agg->changed = true;
    if (table == TORI_TABLE_CUSTOMER)
        agg->known = true;
    return TORI_OK;
}

struct tori_result tori_aggregate_drop(struct tori_ctx *cx, struct tori_aggregate *agg,
                                       enum tori_table table, const void *row)
{
    struct tori_rowset *set = &agg->set[table];
    struct tori_undo *undo;
    bool found;
    size_t at = place_of(set, &tori_tables[table], row, &found);

    if (!found)
        return TORI_FAIL(cx, INTERNAL, tori_word("table", tori_tables[table].name));
    TORI_TRY(tori_take(cx, sizeof(*undo), &undo));
    TORI_TRY(tori_change_add(cx, TORI_DELETE, table, set->row[at]));
    *undo = (struct tori_undo){agg, table, set->row[at], NULL, cx->changes->undo};
    cx->changes->undo = undo;
    tori_rowset_remove(set, at);
    agg->changed = true;
    return TORI_OK;
}
