/* A reader's own door: load.c brings aggregates, read.c everything else. */
#ifndef TORI_STORE_READER_INT_H
#define TORI_STORE_READER_INT_H

#include "store/store_int.h"

struct tori_reader {
    struct tori_store *store;
    struct tori_db *db; /* NULL: the last attempt to connect failed */
};

/* A connection that works, made anew if the last one broke. */
TORI_RESULT tori_reader_ready(struct tori_ctx *cx, struct tori_reader *reader);

#endif
