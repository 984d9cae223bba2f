/* A fresh database for each case, on the engine that the case's initial state names. */
#ifndef TORI_TEST_STORE_FIXTURE_H
#define TORI_TEST_STORE_FIXTURE_H

#include "../unit/unit.h"
#include "base/buf.h"
#include "store/reader_int.h"
#include "store/store.h"
#include "store/writer_int.h"

struct fixture {
    struct tori_ctx cx;
    enum tori_engine_kind engine;
    bool absent;     /* there is no PostgreSQL to be tested */
    char place[256]; /* SQLite: the file; PostgreSQL: the database */
    char url[512];   /* as the server */
    char owner[512]; /* as who may migrate */
    struct tori_store *store;
    struct tori_reader *reader;
    struct tori_writer *writer;
};

/* A case runs on each engine: both(name) makes sqlite_name and pg_name of it. */
int fixture_begin(void **state);
int fixture_end(void **state);
extern const enum tori_engine_kind fixture_engine[TORI_ENGINES];

#define on_engine(prefix, kind, function)                                                          \
    {                                                                                              \
        prefix #function, function, fixture_begin, fixture_end,                                    \
            (void *)(uintptr_t)&fixture_engine[kind]                                               \
    }
#define on_sqlite(function) on_engine("sqlite_", TORI_ENGINE_SQLITE, function)
#define on_pg(function) on_engine("pg_", TORI_ENGINE_PG, function)
#define both(function) on_sqlite(function), on_pg(function)

/* The database made, nothing in it; skips the case where there is no engine. */
struct fixture *fixture_empty(void **state);
/* Migrated, with a reader and no writer. */
struct fixture *fixture_migrated(void **state);
/* And with a writer that owns shard 0. */
struct fixture *fixture_owned(void **state);

struct tori_store *fixture_store(struct fixture *f, const char *url, bool read_only);
struct tori_writer *fixture_writer(struct fixture *f, const char *owner);
void fixture_take(struct fixture *f, struct tori_writer *writer);

/* Runs SQL as the owner, beside the store; fails the case unless it does what is wanted. */
void fixture_sql(struct fixture *f, const char *text);
bool fixture_try_sql(struct fixture *f, const char *url, const char *text);
/* The first value of the first row as a number; -1 when there is none. */
int64_t fixture_number(struct fixture *f, const char *text);
/* The same as text, in the arena; empty when there is none. */
const char *fixture_text(struct fixture *f, const char *text);
/* What SQLite would do for a query: the lines of its plan. */
const char *fixture_plan(struct fixture *f, const char *text);

/* Sample rows. Ids are `n` in their last bytes, bucket 1. */
struct tori_id sample_id(uint64_t n);
struct tori_hash sample_hash(uint64_t n);
struct tori_customer sample_customer(uint64_t n);
struct tori_journal sample_journal(int64_t seq);
/* Every column random, texts and bytes of any length up to 200; the key columns from `n`. */
void sample_random(struct fixture *f, enum tori_table table, uint64_t n, void *row);

struct tori_change change_of(enum tori_change_kind kind, enum tori_table table, const void *row);
/* Commits one list of the changes. */
struct tori_result commit_all(struct fixture *f, struct tori_change *change, size_t count);
struct tori_result commit_one(struct fixture *f, struct tori_change change);

#endif
