/* The sequencer: reads the journal in order, has the keyholder extend the log, writes tiles, then
 * the checkpoint (design.md §5). What a crash leaves half done is found and finished at the next
 * step: the keyholder says how far it signed, the files how far they were published, the journal
 * has the rows. */
#ifndef TORI_SERVICE_SEAL_LOG_H
#define TORI_SERVICE_SEAL_LOG_H

#include "keys/keys.h"
#include "service/log_dir.h"

/* One journal row. `seq` begins at 0 and is dense; `leaf` is the leaf hash of `entry`. */
struct tori_journal_leaf {
    uint64_t seq;
    struct tori_bytes entry;
    struct tori_hash leaf;
};

/* Rows from `from` on, in order, at most rows->most; fewer is allowed while there are more, none
 * means that there are no more. Called on the sequencer's thread only; entries live in
 * cx->arena. */
struct tori_journal_rows {
    struct tori_journal_leaf *row; /* the caller's, room for `most` */
    size_t most;
    size_t count; /* written by the reader */
};
typedef struct tori_result tori_journal_read_fn(struct tori_ctx *cx, void *owner, uint64_t from,
                                                struct tori_journal_rows *rows);

struct tori_seal_config {
    const char *dir; /* outlives the sequencer, as do all pointers here */
    struct tori_keys *keys;
    tori_journal_read_fn *read;
    void *owner;
    int64_t max_unsealed_ms; /* setting evidence.max_unsealed_ms */
    /* Told five times a second, from a thread of its own, whether important operations may go on:
     * ERR_NONE, or why not. NULL: nobody is told. */
    void (*tell)(void *host, tori_err why_not);
    /* The epoch under which this process owns the shard, which a keyholder that lost its state
     * wants to know; 0: it does not own it, and must not seal. NULL: always 1. */
    uint64_t (*epoch)(void *host);
    void *host; /* given to both */
    struct tori_log *log;
};

struct tori_seal_log;

TORI_RESULT tori_seal_log_new(struct tori_ctx *cx, const struct tori_seal_config *config,
                              struct tori_seal_log **out);
/* Stops the threads, if there are any. */
void tori_seal_log_free(struct tori_seal_log *log);

/* Seals and publishes everything the journal holds (at most 65,536 rows at once). After a failure
 * the next step begins from the files again; nothing is ever skipped. LOG_DIFFERS means that
 * journal, keyholder and files contradict each other, which no retry heals. */
TORI_RESULT tori_seal_log_step(struct tori_seal_log *log);

/* A thread that does a step a second and asks for the keyholder's beat twice a second; and the one
 * that tells. */
TORI_RESULT tori_seal_log_start(struct tori_ctx *cx, struct tori_seal_log *log);

struct tori_seal_facts {
    uint64_t sealed;        /* rows under the published checkpoint */
    int64_t complete_to_ms; /* steady: every row committed before it is sealed */
    int64_t sealed_at_ms;   /* steady: when the last checkpoint was published; 0: none yet */
    tori_err failure;       /* of the last step; NONE when it went well */
};
/* From any thread. */
struct tori_seal_facts tori_seal_log_facts(struct tori_seal_log *log);

/* How long an unsealed row may have been waiting by now, from above: compare with
 * evidence.max_unsealed_ms. About a second while all is well, idle or not. */
int64_t tori_seal_log_lag_ms(struct tori_seal_log *log);

/* Fail closed: KEYHOLDER_AWAY when its last beat is older than 2 s, NOT_SEALING when rows may have
 * waited longer than max_unsealed_ms. */
tori_err tori_seal_log_why_not(struct tori_seal_log *log);

#endif
