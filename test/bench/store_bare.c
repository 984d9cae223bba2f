#include "store_bare.h"

#include <libpq-fe.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define must(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "bench: %s failed (line %d)\n", #what, __LINE__);                      \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

struct bare {
    sqlite3 *db;
    sqlite3 *checkpoint;
    sqlite3_stmt *statement[6];
    pthread_t thread;
    _Atomic int pages;
    _Atomic int over;
    PGconn *conn;
    uint64_t next;
    uint64_t seed;
};

static const char *const text[] = {
    "INSERT INTO sess (id, customer, secret, at) VALUES ($1, $2, $3, $4)",
    "INSERT INTO ev (seq, body) VALUES ($1, $2)",
    "INSERT INTO dec (seq, body) VALUES ($1, $2)",
    "UPDATE cred SET counter = $2, used = $3 WHERE id = $1",
    "BEGIN",
    "COMMIT",
};

uint64_t bench_any(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return *seed >> 33;
}

void bench_key(uint64_t n, uint8_t *to, int size)
{
    uint64_t mixed = n * 0x9e3779b97f4a7c15U;
    memset(to, 0, (size_t)size);
    for (int i = 0; i < 8; i++)
        to[i] = (uint8_t)(n >> (8 * (7 - i)));
    memcpy(to + 8, &mixed, 8);
}

static int on_commit(void *to, sqlite3 *db, const char *name, int pages)
{
    struct bare *bare = to;
    (void)db;
    (void)name;
    bare->pages = pages;
    return SQLITE_OK;
}

static void *checkpoint(void *to)
{
    struct bare *bare = to;
    while (!bare->over) {
        if (bare->pages > 1000)
            sqlite3_wal_checkpoint_v2(bare->checkpoint, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL,
                                      NULL);
        usleep(2000);
    }
    return NULL;
}

static void bare_step(sqlite3_stmt *statement)
{
    must(sqlite3_step(statement) == SQLITE_DONE);
    sqlite3_reset(statement);
}

static void fill_sqlite(struct bare *bare)
{
    sqlite3_stmt *insert;
    uint8_t id[32];

    must(sqlite3_prepare_v2(bare->db, "INSERT INTO cred VALUES ($1, zeroblob(77), 0, 0)", -1,
                            &insert, NULL) == SQLITE_OK);
    bare_step(bare->statement[4]);
    for (uint64_t i = 0; i < BENCH_CUSTOMERS; i++) {
        bench_key(i, id, 32);
        sqlite3_bind_blob(insert, 1, id, 32, SQLITE_STATIC);
        bare_step(insert);
    }
    bare_step(bare->statement[5]);
    sqlite3_finalize(insert);
}

struct bare *bare_sqlite_open(const char *path)
{
    struct bare *bare = calloc(1, sizeof(*bare));

    must(sqlite3_open_v2(path, &bare->db,
                         SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX,
                         NULL) == SQLITE_OK);
    must(sqlite3_exec(
             bare->db,
             "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;"
             "PRAGMA wal_autocheckpoint = 0; PRAGMA cache_size = -65536;"
             "CREATE TABLE sess (id BLOB PRIMARY KEY, customer BLOB, secret BLOB, at INTEGER)"
             " WITHOUT ROWID;"
             "CREATE TABLE ev (seq INTEGER PRIMARY KEY, body BLOB);"
             "CREATE TABLE dec (seq INTEGER PRIMARY KEY, body BLOB);"
             "CREATE TABLE cred (id BLOB PRIMARY KEY, key BLOB, counter INTEGER,"
             " used INTEGER) WITHOUT ROWID;",
             NULL, NULL, NULL) == SQLITE_OK);
    for (int i = 0; i < 6; i++)
        must(sqlite3_prepare_v2(bare->db, i == 4 ? "BEGIN IMMEDIATE" : text[i], -1,
                                &bare->statement[i], NULL) == SQLITE_OK);
    fill_sqlite(bare);
    must(sqlite3_open_v2(path, &bare->checkpoint, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                         NULL) == SQLITE_OK);
    sqlite3_wal_hook(bare->db, on_commit, bare);
    must(pthread_create(&bare->thread, NULL, checkpoint, bare) == 0);
    bare->next = 1;
    return bare;
}

static void sqlite_transaction(struct bare *bare)
{
    static const uint8_t body[200];
    uint8_t id[32], customer[32];
    int64_t n = (int64_t)bare->next++;

    bench_key(bare->next, id, 32);
    bench_key(bench_any(&bare->seed) % BENCH_CUSTOMERS, customer, 32);
    sqlite3_bind_blob(bare->statement[0], 1, id, 32, SQLITE_STATIC);
    sqlite3_bind_blob(bare->statement[0], 2, customer, 32, SQLITE_STATIC);
    sqlite3_bind_blob(bare->statement[0], 3, customer, 32, SQLITE_STATIC);
    sqlite3_bind_int64(bare->statement[0], 4, n);
    bare_step(bare->statement[0]);
    sqlite3_bind_int64(bare->statement[1], 1, n);
    sqlite3_bind_blob(bare->statement[1], 2, body, 200, SQLITE_STATIC);
    bare_step(bare->statement[1]);
    sqlite3_bind_int64(bare->statement[2], 1, n);
    sqlite3_bind_blob(bare->statement[2], 2, body, 120, SQLITE_STATIC);
    bare_step(bare->statement[2]);
    sqlite3_bind_blob(bare->statement[3], 1, customer, 32, SQLITE_STATIC);
    sqlite3_bind_int64(bare->statement[3], 2, n);
    sqlite3_bind_int64(bare->statement[3], 3, n);
    bare_step(bare->statement[3]);
}

void bare_sqlite_group(struct bare *bare, int n)
{
    bare_step(bare->statement[4]);
    for (int i = 0; i < n; i++)
        sqlite_transaction(bare);
    bare_step(bare->statement[5]);
}

void bare_sqlite_close(struct bare *bare)
{
    bare->over = 1;
    pthread_join(bare->thread, NULL);
    for (int i = 0; i < 6; i++)
        sqlite3_finalize(bare->statement[i]);
    sqlite3_close(bare->checkpoint);
    sqlite3_close(bare->db);
    free(bare);
}

static void pg_exec(PGconn *conn, const char *sql)
{
    PGresult *result = PQexec(conn, sql);
    ExecStatusType status = PQresultStatus(result);
    if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK)
        fprintf(stderr, "%s", PQerrorMessage(conn));
    must(status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK);
    PQclear(result);
}

static void fill_pg(struct bare *bare)
{
    char sql[200], hex[65];
    uint8_t id[32];

    pg_exec(bare->conn, "BEGIN");
    for (uint64_t i = 0; i < BENCH_CUSTOMERS; i++) {
        bench_key(i, id, 32);
        for (int k = 0; k < 32; k++)
            snprintf(hex + 2 * k, 3, "%02x", id[k]);
        snprintf(sql, sizeof(sql), "INSERT INTO cred VALUES ('\\x%s', '\\x00', 0, 0)", hex);
        pg_exec(bare->conn, sql);
    }
    pg_exec(bare->conn, "COMMIT");
    pg_exec(bare->conn, "ANALYZE");
}

struct bare *bare_pg_open(const char *url)
{
    struct bare *bare = calloc(1, sizeof(*bare));
    char name[4];

    bare->conn = PQconnectdb(url);
    must(PQstatus(bare->conn) == CONNECTION_OK);
    pg_exec(bare->conn,
            "CREATE TABLE sess (id bytea PRIMARY KEY, customer bytea, secret bytea, at bigint);"
            "CREATE TABLE ev (seq bigint PRIMARY KEY, body bytea);"
            "CREATE TABLE dec (seq bigint PRIMARY KEY, body bytea);"
            "CREATE TABLE cred (id bytea PRIMARY KEY, key bytea, counter bigint, used bigint)");
    fill_pg(bare);
    for (int i = 0; i < 6; i++) {
        snprintf(name, sizeof(name), "b%d", i);
        PQclear(PQprepare(bare->conn, name, text[i], 0, NULL));
    }
    must(PQenterPipelineMode(bare->conn) == 1);
    bare->next = 1;
    return bare;
}

static void send(struct bare *bare, const char *name, int n, const char *const *value,
                 const int *length)
{
    static const int binary[] = {1, 1, 1, 1};
    must(PQsendQueryPrepared(bare->conn, name, n, value, length, binary, 1) == 1);
}

static void pg_transaction(struct bare *bare)
{
    static const char body[200];
    uint8_t id[32], customer[32], number[8];
    const char *c = (const char *)customer, *n = (const char *)number;

    bench_key(bare->next, id, 32);
    bench_key(bench_any(&bare->seed) % BENCH_CUSTOMERS, customer, 32);
    for (int i = 0; i < 8; i++)
        number[i] = (uint8_t)(bare->next >> (8 * (7 - i)));
    bare->next++;
    send(bare, "b0", 4, (const char *const[]){(const char *)id, c, c, n},
         (const int[]){32, 32, 32, 8});
    send(bare, "b1", 2, (const char *const[]){n, body}, (const int[]){8, 200});
    send(bare, "b2", 2, (const char *const[]){n, body}, (const int[]){8, 120});
    send(bare, "b3", 3, (const char *const[]){c, n, n}, (const int[]){32, 8, 8});
}

void bare_pg_group(struct bare *bare, int n)
{
    send(bare, "b4", 0, NULL, NULL);
    for (int i = 0; i < n; i++)
        pg_transaction(bare);
    send(bare, "b5", 0, NULL, NULL);
    must(PQpipelineSync(bare->conn) == 1);
    for (int i = 0; i < 4 * n + 2; i++) {
        PGresult *result = PQgetResult(bare->conn);
        must(PQresultStatus(result) == PGRES_COMMAND_OK);
        PQclear(result);
        must(PQgetResult(bare->conn) == NULL);
    }
    PQclear(PQgetResult(bare->conn));
}

void bare_pg_close(struct bare *bare)
{
    PQfinish(bare->conn);
    free(bare);
}
