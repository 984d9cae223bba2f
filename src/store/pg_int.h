/* A PostgreSQL connection: pg.c makes it and its statements, pg_pipe.c sends groups over it. */
#ifndef TORI_STORE_PG_INT_H
#define TORI_STORE_PG_INT_H

#include <libpq-fe.h>

#include "base/auto.h"
#include "store/store_int.h"

TORI_AUTO_DEFINE(PGresult, PQclear)

/* What has been sent and not been answered. */
struct pg_sent {
    enum { PG_SENT_PREPARE, PG_SENT_PLAIN, PG_SENT_CALL } kind;
    size_t call;
    size_t statement;
    tori_row_fn *on_row;
    void *to;
    int64_t *changed;
};

struct pg_db {
    struct tori_db base;
    PGconn *conn; /* not blocking, in pipeline mode */
    struct pg_sent *sent;
    size_t count;
    size_t room;
    bool differs; /* a change that met no row, or more than one */
};

enum { PG_NAME = 16, PG_INT8 = 20, PG_BYTEA = 17, PG_TEXT = 25 };
void tori_pg_name(size_t statement, char out[static PG_NAME]);

/* Notes what is about to be sent; false when memory is out. */
bool tori_pg_note(struct pg_db *db, const struct pg_sent *sent);
/* Sends the end of the pipeline and reads every answer; what failed is in base.failed. */
void tori_pg_finish(struct tori_ctx *cx, struct pg_db *db);
/* The first failure counts; STORE_AWAY for a connection that has broken. */
void tori_pg_broken(struct tori_ctx *cx, struct pg_db *db, const char *where);
void tori_pg_failed(struct tori_ctx *cx, struct pg_db *db, const PGresult *result);

void tori_pg_begin(struct tori_ctx *cx, struct tori_db *db, bool write);
void tori_pg_call(struct tori_ctx *cx, struct tori_db *db, const struct tori_call *call);
TORI_RESULT tori_pg_end(struct tori_ctx *cx, struct tori_db *db);

#endif
