/* How a row lies in its struct and in its table: what the store needs to fill one from the
 * other. */
#ifndef TORI_MODEL_TABLE_H
#define TORI_MODEL_TABLE_H

#include "model/rows.h"

enum tori_column_kind {
    TORI_COLUMN_INT,    /* int64_t        @int   */
    TORI_COLUMN_TIME,   /* tori_time      @int   */
    TORI_COLUMN_FLAG,   /* bool           @int   */
    TORI_COLUMN_ID,     /* struct tori_id @bytes, always 18 */
    TORI_COLUMN_HASH,   /* 32 bytes       @bytes */
    TORI_COLUMN_HANDLE, /* 32 bytes       @bytes */
    TORI_COLUMN_BYTES,  /* struct tori_bytes     */
    TORI_COLUMN_TEXT,   /* struct tori_str       */
};

struct tori_column {
    const char *name;
    enum tori_column_kind kind;
    size_t offset;
    bool key;
};

enum tori_scope { TORI_SCOPE_CUSTOMER, TORI_SCOPE_FIRM, TORI_SCOPE_GLOBAL, TORI_SCOPE_EVIDENCE };

/* Parameters: insert and update take every column in its order ($1 …), though an update leaves
 * created_at as it was; remove takes the key; select takes the key in global tables, and customer,
 * now - 24 h, now - 90 days in those of aggregates (bind only what the text names). */
struct tori_table_def {
    const char *name;
    const struct tori_column *column;
    size_t count;
    size_t key_count;
    size_t row_size;
    enum tori_scope scope;
    const char *select;
    const char *insert;
    const char *update; /* NULL in evidence tables */
    const char *remove; /* NULL in evidence tables */
};
extern const struct tori_table_def tori_tables[TORI_TABLE_COUNT];

/* One block holding the row and, behind it, what its bytes and texts point at; to be given back by
 * tori_heap_free. NULL when memory is out. */
void *tori_row_clone(const struct tori_table_def *table, const void *row);
/* The same in a request's arena. */
TORI_RESULT tori_row_copy(struct tori_ctx *cx, const struct tori_table_def *table, const void *row,
                          const void **out);
bool tori_row_same_key(const struct tori_table_def *table, const void *a, const void *b);

#endif
