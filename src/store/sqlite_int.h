/* An SQLite connection, shared by the engine and its keeper. */
#ifndef TORI_STORE_SQLITE_INT_H
#define TORI_STORE_SQLITE_INT_H

#include <sqlite3.h>

#include "store/store_int.h"

struct sqlite_db {
    struct tori_db base;
    sqlite3 *handle;
    sqlite3_stmt *statement[TORI_STATEMENTS];
    uint8_t hole[TORI_STATEMENTS][TORI_CELLS_MAX]; /* where $1 … are; 0: not in the text */
};

/* The keeper of an embedded store: the lock file that makes one owner, and the checkpoint
 * thread. */
TORI_RESULT tori_sqlite_keep(struct tori_ctx *cx, struct tori_db *db, struct tori_keeper **out);
void tori_sqlite_leave(struct tori_db *db, struct tori_keeper *keeper);

#endif
