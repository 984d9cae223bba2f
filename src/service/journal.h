/* The journal: at least one row for every change, in the order decisions are made (design.md §5).
 *
 *   struct tori_record record;
 *   tori_journal_begin(cx, "session.opened", &record);
 *   tori_out_id(&record.entry.out, "session", &session.id);
 *   TORI_TRY(tori_journal_body(cx, &record, "client_data", proof->client_data));
 *   TORI_TRY(tori_journal_end(cx, &record,
 * &receipt)); */
#ifndef TORI_SERVICE_JOURNAL_H
#define TORI_SERVICE_JOURNAL_H

#include "domain/evidence/entry.h"
#include "service/command.h"

enum { TORI_RECORD_BODIES = 6, TORI_REFUSALS_PER_MINUTE = 30 };

struct tori_record {
    struct tori_entry entry; /* fields are written to entry.out; not to be copied meanwhile */
    const char *kind;
    struct tori_commitment commitment[TORI_RECORD_BODIES];
    const char *name[TORI_RECORD_BODIES];
    size_t bodies;
    struct tori_buf kept;
};

/* Where a row is: what an answer carries as `receipt`. */
struct tori_receipt {
    int64_t shard;
    int64_t seq;
    struct tori_hash leaf_hash;
};

/* The row is about cx->state->customer; of the firm: "customer":null. */
void tori_journal_begin(struct tori_ctx *cx, const char *kind, struct tori_record *record);
/* Bytes that only their commitment tells of in the log; they are sealed and kept beside it, as all
 * of the row are: length of the name (1), name, salt (16), length (4, big endian), content. */
TORI_RESULT tori_journal_body(struct tori_ctx *cx, struct tori_record *record, const char *name,
                              struct tori_bytes content);
/* `receipt` may be NULL. */
TORI_RESULT tori_journal_end(struct tori_ctx *cx, struct tori_record *record,
                             struct tori_receipt *receipt);

/* The row of a command that was refused: its error and where it was raised from. At most 30 a
 * minute for a customer; the first of the next minute tells how many were left out. Writes nothing
 * when the refusal names nobody. */
TORI_RESULT tori_journal_refusal(struct tori_ctx *cx, tori_err err);

/* On the committer's thread: turns the bodies of one command into rows of evidence_body. */
TORI_RESULT tori_seal_bodies(struct tori_ctx *cx, struct tori_changes *changes);

#endif
