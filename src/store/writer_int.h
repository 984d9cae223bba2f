/* The writer as commit.c and lease.c share it. */
#ifndef TORI_STORE_WRITER_INT_H
#define TORI_STORE_WRITER_INT_H

#include <stdatomic.h>

#include "store/store_int.h"

struct tori_writer {
    struct tori_store *store;
    struct tori_db *db; /* NULL: the last attempt to connect failed */
    struct tori_keeper *keeper;
    char lease[32];
    struct tori_str owner;
    int64_t epoch;       /* 0: nothing is ours */
    int64_t tried_epoch; /* the newest that a renewal asked for */
    int64_t beat;
    bool away;   /* an outcome is unknown: renew first */
    bool fenced; /* for good */
    struct {
        int64_t epoch;
        int64_t beat;
        int64_t since_ms; /* steady; 0: not looked yet */
    } seen;               /* by a standby */
    _Atomic int64_t deadline_ms;
};

/* FENCED when it was, NOT_OWNER when it never owned. */
TORI_RESULT tori_writer_owns(struct tori_ctx *cx, const struct tori_writer *writer);
/* A beat that was begun then has become durable. */
void tori_writer_alive(struct tori_writer *writer, int64_t started_ms);
void tori_writer_fence(struct tori_writer *writer);

#endif
