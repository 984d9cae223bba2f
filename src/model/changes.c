#include "model/changes.h"

#include <string.h>

#include "base/tally.h"
#include "model/changes_int.h"
#include "model/table.h"

void tori_changes_begin(struct tori_changes *changes)
{
    *changes = (struct tori_changes){.last = &changes->first};
}

struct tori_result tori_change_add(struct tori_ctx *cx, enum tori_change_kind kind,
                                   enum tori_table table, const void *row)
{
    struct tori_changes *changes = cx->changes;
    struct tori_change *change;

    tori_tally(TORI_TALLY_ROW);
    TORI_TRY(tori_take(cx, sizeof(*change), &change));
    change->kind = kind;
    change->table = table;
    TORI_TRY(tori_row_copy(cx, &tori_tables[table], row, &change->row));
    *changes->last = change;
    changes->last = &change->next;
    changes->count++;
    changes->journal_rows += table == TORI_TABLE_JOURNAL;
    return TORI_OK;
}

static void forget_bodies(struct tori_changes *changes)
{
    for (struct tori_body *body = changes->body; body != NULL; body = body->next)
        tori_key32_wipe(&body->key);
}

void tori_changes_settle(struct tori_changes *changes)
{
    for (struct tori_undo *undo = changes->undo; undo != NULL; undo = undo->older)
        tori_heap_free(undo->before);
    changes->undo = NULL;
}

/* Newest first, so each step finds the set as its own put or drop left it. */
static void revert_one(const struct tori_undo *undo)
{
    struct tori_rowset *set = &undo->agg->set[undo->table];
    const void *row = undo->after == NULL ? undo->before : undo->after;
    size_t at = tori_rowset_place(set, undo->table, row);

    if (undo->after == NULL) {
        tori_rowset_insert(set, at, undo->before);
        return;
    }
    if (undo->before == NULL)
        tori_rowset_remove(set, at);
    else
        set->row[at] = undo->before;
    tori_heap_free(undo->after);
}

void tori_changes_revert(struct tori_changes *changes)
{
    for (struct tori_undo *undo = changes->undo; undo != NULL; undo = undo->older)
        revert_one(undo);
    forget_bodies(changes);
    tori_changes_begin(changes);
}
