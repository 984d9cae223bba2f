/* The journal as the sequencer and `log rebuild` read it: straight from the store. */
#ifndef TORI_SERVICE_JOURNAL_LEAVES_H
#define TORI_SERVICE_JOURNAL_LEAVES_H

#include "service/seal_log.h"
#include "store/store.h"

struct tori_journal_leaves {
    struct tori_reader *reader;
    int64_t shard;
};

/* A tori_journal_read_fn; `owner` is a struct tori_journal_leaves. */
TORI_RESULT tori_journal_leaves_read(struct tori_ctx *cx, void *owner, uint64_t from,
                                     struct tori_journal_rows *rows);

#endif
