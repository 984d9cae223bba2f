/* What one command leaves behind: row changes in the order they were made, bodies to be sealed, and
 * how to take everything back if decide fails. All of it lies in the command's arena. */
#ifndef TORI_MODEL_CHANGES_H
#define TORI_MODEL_CHANGES_H

#include "base/secret.h"
#include "model/aggregate.h"

enum tori_change_kind { TORI_INSERT, TORI_UPDATE, TORI_DELETE };

struct tori_change {
    enum tori_change_kind kind;
    enum tori_table table;
    const void *row;
    struct tori_change *next;
};

/* What stands behind the commitments of one journal row, sealed by the committer on its way into
 * evidence_body. */
struct tori_body {
    int64_t shard;
    int64_t seq;
    struct tori_id customer_id;
    struct tori_key32 key;
    uint8_t nonce[12];
    struct tori_bytes content; /* see service/journal.h */
    struct tori_body *next;
};

struct tori_undo;

struct tori_changes {
    struct tori_change *first;
    struct tori_change **last;
    size_t count;
    size_t journal_rows;
    struct tori_body *body;
    struct tori_undo *undo; /* newest first */
};

void tori_changes_begin(struct tori_changes *changes);
TORI_RESULT tori_change_add(struct tori_ctx *cx, enum tori_change_kind kind, enum tori_table table,
                            const void *row);
/* Keeps what was done: frees the replaced rows. */
void tori_changes_settle(struct tori_changes *changes);
/* Puts every aggregate back to what it was before the command; the changes are empty afterwards. */
void tori_changes_revert(struct tori_changes *changes);

#endif
