/* What the files of this room share: a connection of either engine, and the three steps in which a
 * transaction goes over it. begin and call note the first failure and do nothing after it; end says
 * how the whole went. Rows arrive before end returns, but not always before call does. */
#ifndef TORI_STORE_STORE_INT_H
#define TORI_STORE_STORE_INT_H

#include "model/table.h"
#include "store/sql.h"
#include "store/store.h"

enum { TORI_CELLS_MAX = 32, TORI_VALUE_MAX = 64 * 1024 * 1024 };

/* Each table's statements, then the hand-written queries. */
enum tori_verb { TORI_VERB_SELECT, TORI_VERB_INSERT, TORI_VERB_UPDATE, TORI_VERB_REMOVE };
enum { TORI_VERBS = 4, TORI_STATEMENTS = TORI_TABLE_COUNT * 4 + TORI_QUERY_COUNT };

static inline size_t tori_statement_of(enum tori_table table, enum tori_verb verb)
{
    return (size_t)table * TORI_VERBS + (size_t)verb;
}

static inline size_t tori_statement_query(enum tori_query query)
{
    return (size_t)TORI_TABLE_COUNT * TORI_VERBS + (size_t)query;
}

enum tori_cell_kind { TORI_CELL_INT, TORI_CELL_BYTES, TORI_CELL_TEXT, TORI_CELL_OTHER };

/* One value on its way to or from an engine. There is no NULL: a column always has a value, and no
 * bytes are zero bytes. */
struct tori_cell {
    enum tori_cell_kind kind;
    int64_t number;
    struct tori_bytes bytes;
};

typedef struct tori_result tori_row_fn(struct tori_ctx *cx, void *to, const struct tori_cell *cell,
                                       size_t count);

struct tori_call {
    size_t statement;
    const struct tori_cell *cell; /* $1 … */
    size_t count;
    tori_row_fn *on_row; /* for SELECT */
    void *to;
    int64_t *changed; /* receives the number of rows touched; NULL: it must be one row */
};

struct tori_db {
    const struct tori_engine *engine;
    const struct tori_store *store;
    struct tori_result failed; /* of the running transaction */
    size_t failed_call;        /* which call it was */
    size_t calls;
    bool broken; /* nothing more comes over this connection */
    bool writing;
};

struct tori_keeper;

struct tori_engine {
    enum tori_engine_kind kind;
    TORI_RESULT(*open)
    (struct tori_ctx *cx, const struct tori_store *store, enum tori_use use, struct tori_db **out);
    void (*close)(struct tori_db *db);
    /* Several statements in one text, outside begin and end. */
    TORI_RESULT (*script)(struct tori_ctx *cx, struct tori_db *db, const char *text);
    /* Makes the statements of `use` ready. */
    TORI_RESULT (*prepare)(struct tori_ctx *cx, struct tori_db *db, enum tori_use use);
    void (*begin)(struct tori_ctx *cx, struct tori_db *db, bool write);
    void (*call)(struct tori_ctx *cx, struct tori_db *db, const struct tori_call *call);
    TORI_RESULT (*end)(struct tori_ctx *cx, struct tori_db *db);
    /* Takes the lock file and begins to look after the files. NULL in `out`: somebody else has it.
     * An engine without a lock file has no such function. */
    TORI_RESULT (*keep)(struct tori_ctx *cx, struct tori_db *db, struct tori_keeper **out);
    void (*leave)(struct tori_db *db, struct tori_keeper *keeper); /* db may be NULL */
};

extern const struct tori_engine tori_engine_sqlite;
extern const struct tori_engine tori_engine_pg;

struct tori_store {
    const struct tori_engine *engine;
    char *place; /* SQLite: the path; PostgreSQL: the URL; zero-terminated */
    int64_t lease_ms;
    int64_t lease_margin_ms;
    int64_t answer_ms;
    bool read_only;
};

/* A connection that has been checked: right schema, durable settings for writers, all prepared. */
TORI_RESULT tori_db_open(struct tori_ctx *cx, const struct tori_store *store, enum tori_use use,
                         struct tori_db **out);
void tori_db_close(struct tori_db *db);
void tori_db_begin(struct tori_ctx *cx, struct tori_db *db, bool write);
void tori_db_call(struct tori_ctx *cx, struct tori_db *db, const struct tori_call *call);
TORI_RESULT tori_db_end(struct tori_ctx *cx, struct tori_db *db);
/* The three for one call. */
TORI_RESULT tori_db_one(struct tori_ctx *cx, struct tori_db *db, bool write,
                        const struct tori_call *call);
/* SETTING_BAD for an engine that may forget what it has acknowledged. */
TORI_RESULT tori_db_durable(struct tori_ctx *cx, struct tori_db *db);
/* The text of a statement on this engine if connections of this use prepare it, or NULL. */
const char *tori_statement_text(size_t statement, enum tori_engine_kind kind, enum tori_use use);

/* Compares the migrations that the database has seen with ours. */
TORI_RESULT tori_schema_check(struct tori_ctx *cx, struct tori_db *db, size_t *have);

/* A row as cells, and back. Text must have been checked. */
void tori_row_cells(const struct tori_table_def *table, const void *row, struct tori_cell *out);
TORI_RESULT tori_row_check(struct tori_ctx *cx, const struct tori_table_def *table,
                           const void *row);
/* Views of `row` point at the cells. STORE_DATA when a cell is not what its column says. */
TORI_RESULT tori_row_fill(struct tori_ctx *cx, const struct tori_table_def *table,
                          const struct tori_cell *cell, size_t count, void *row);

struct tori_cell tori_cell_int(int64_t number);
struct tori_cell tori_cell_text(struct tori_str text);
struct tori_cell tori_cell_bytes(struct tori_bytes bytes);

#endif
