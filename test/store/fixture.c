#include "fixture.h"

#include <libpq-fe.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <unistd.h>

const enum tori_engine_kind fixture_engine[TORI_ENGINES] = {TORI_ENGINE_SQLITE, TORI_ENGINE_PG};

enum { FIRST = 4096 };

/* postgresql://owner@/postgres?host=… with another user and database. */
static void pg_url(char *to, size_t room, const char *user, const char *database)
{
    const char *given = getenv("TORIMORI_TEST_PG");
    const char *at = strchr(given, '@');
    const char *query = strchr(given, '?');

    if (user == NULL)
        snprintf(to, room, "%.*s/%s%s", (int)(at - given) + 1, given, database, query);
    else
        snprintf(to, room, "postgresql://%s@/%s%s", user, database, query);
}

static bool pg_run(const char *url, const char *text, char *first)
{
    PGconn *conn = PQconnectdb(url);
    PGresult *result = PQexec(conn, text);
    ExecStatusType status = PQresultStatus(result);
    bool done = status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;

    if (!done && first != NULL)
        print_error("%s", PQerrorMessage(conn));
    if (done && first != NULL && PQntuples(result) > 0)
        snprintf(first, FIRST, "%s", PQgetvalue(result, 0, 0));
    PQclear(result);
    PQfinish(conn);
    return done;
}

static void begin_sqlite(struct fixture *f)
{
    char folder[] = "/tmp/tori-store-XXXXXX";

    assert_non_null(mkdtemp(folder));
    snprintf(f->place, sizeof(f->place), "%s/t.db", folder);
    snprintf(f->url, sizeof(f->url), "sqlite:%s", f->place);
    memcpy(f->owner, f->url, sizeof(f->owner));
}

static bool admin_sql(const char *before, const char *name, const char *after)
{
    char admin[512], text[600], none[FIRST];

    pg_url(admin, sizeof(admin), NULL, "postgres");
    snprintf(text, sizeof(text), "%s %s %s", before, name, after);
    return pg_run(admin, text, none);
}

static void begin_pg(struct fixture *f)
{
    f->absent = getenv("TORIMORI_TEST_PG") == NULL;
    if (f->absent)
        return;
    snprintf(f->place, sizeof(f->place), "t%d_%llu", (int)getpid(),
             (unsigned long long)tori_clock_steady_us());
    pg_url(f->owner, sizeof(f->owner), NULL, f->place);
    pg_url(f->url, sizeof(f->url), "torimori_app", f->place);
}

int fixture_begin(void **state)
{
    const enum tori_engine_kind *engine = *state;
    struct fixture *f = tori_heap_take(sizeof(*f));

    assert_non_null(f);
    tori_hash_init();
    f->engine = *engine;
    f->cx.arena = tori_arena_new((size_t)64 * 1024 * 1024);
    f->cx.now = (tori_time)TORI_UNIT_NOW_S * 1000;
    tori_random_fixed(&f->cx.random, 1);
    if (f->engine == TORI_ENGINE_SQLITE)
        begin_sqlite(f);
    else
        begin_pg(f);
    *state = f;
    return 0;
}

static void drop_sqlite(struct fixture *f)
{
    const char *suffix[] = {"", "-wal", "-shm", ".lock"};
    char path[300];

    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s%s", f->place, suffix[i]);
        unlink(path);
    }
    *strrchr(f->place, '/') = '\0';
    rmdir(f->place);
}

static void drop_pg(struct fixture *f)
{
    admin_sql("DROP DATABASE IF EXISTS", f->place, "WITH (FORCE)");
}

int fixture_end(void **state)
{
    struct fixture *f = *state;

    tori_writer_close(f->writer);
    tori_reader_close(f->reader);
    tori_store_close(f->store);
    if (f->engine == TORI_ENGINE_SQLITE)
        drop_sqlite(f);
    else if (!f->absent)
        drop_pg(f);
    tori_arena_free(f->cx.arena);
    tori_heap_free(f);
    return 0;
}

struct tori_store *fixture_store(struct fixture *f, const char *url, bool read_only)
{
    struct tori_store_config config = {
        .url = tori_str_z(url), .lease_ms = 300, .lease_margin_ms = 100, .answer_ms = 5000};
    struct tori_store *store = NULL;

    assert_ok(&f->cx, tori_store_open(&f->cx, &config, read_only, &store));
    return store;
}

static struct fixture *present(void **state)
{
    struct fixture *f = *state;
    if (f->absent) {
        print_message("PostgreSQL is absent: TORIMORI_TEST_PG is not set\n");
        skip();
    }
    return f;
}

struct fixture *fixture_empty(void **state)
{
    struct fixture *f = present(state);
    if (f->engine == TORI_ENGINE_PG)
        assert_true(admin_sql("CREATE DATABASE", f->place, ""));
    return f;
}

static void migrate(struct fixture *f, const char *url)
{
    struct tori_store *owner = fixture_store(f, url, false);
    assert_ok(&f->cx, tori_store_migrate(&f->cx, owner));
    tori_store_close(owner);
}

/* Migrated once for all cases of this process; theirs are copies, which take a quarter of the
 * time. */
static char template_name[64];

static void drop_template(void)
{
    admin_sql("DROP DATABASE IF EXISTS", template_name, "");
}

static void copy_template(struct fixture *f)
{
    char url[512], after[80];

    if (template_name[0] == '\0') {
        snprintf(template_name, sizeof(template_name), "m%d", (int)getpid());
        assert_true(admin_sql("CREATE DATABASE", template_name, ""));
        pg_url(url, sizeof(url), NULL, template_name);
        migrate(f, url);
        atexit(drop_template);
    }
    snprintf(after, sizeof(after), "TEMPLATE %s", template_name);
    assert_true(admin_sql("CREATE DATABASE", f->place, after));
}

struct fixture *fixture_migrated(void **state)
{
    struct fixture *f = present(state);

    if (f->engine == TORI_ENGINE_PG)
        copy_template(f);
    else
        migrate(f, f->owner);
    f->store = fixture_store(f, f->url, false);
    assert_ok(&f->cx, tori_reader_open(&f->cx, f->store, &f->reader));
    return f;
}

struct tori_writer *fixture_writer(struct fixture *f, const char *owner)
{
    struct tori_writer *writer = NULL;
    assert_ok(&f->cx, tori_writer_open(&f->cx, f->store, 0, tori_str_z(owner), &writer));
    return writer;
}

void fixture_take(struct fixture *f, struct tori_writer *writer)
{
    bool taken = false;
    assert_ok(&f->cx, tori_lease_take(&f->cx, writer, &taken));
    assert_true(taken);
}

struct fixture *fixture_owned(void **state)
{
    struct fixture *f = fixture_migrated(state);
    f->writer = fixture_writer(f, "first");
    fixture_take(f, f->writer);
    return f;
}

static bool sqlite_run(const char *path, const char *text, char *first)
{
    sqlite3 *handle = NULL;
    sqlite3_stmt *statement = NULL;
    bool done = sqlite3_open(path, &handle) == SQLITE_OK;

    sqlite3_busy_timeout(handle, 2000);
    if (first == NULL)
        done = done && sqlite3_exec(handle, text, NULL, NULL, NULL) == SQLITE_OK;
    else if (sqlite3_prepare_v2(handle, text, -1, &statement, NULL) != SQLITE_OK)
        print_error("%s\n", sqlite3_errmsg(handle));
    else if (sqlite3_step(statement) == SQLITE_ROW && sqlite3_column_text(statement, 0) != NULL)
        snprintf(first, FIRST, "%s", (const char *)sqlite3_column_text(statement, 0));
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    return done;
}

bool fixture_try_sql(struct fixture *f, const char *url, const char *text)
{
    if (f->engine == TORI_ENGINE_SQLITE)
        return sqlite_run(f->place, text, NULL);
    return pg_run(url, text, NULL);
}

void fixture_sql(struct fixture *f, const char *text)
{
    if (!fixture_try_sql(f, f->owner, text))
        fail_msg("refused: %s", text);
}

const char *fixture_text(struct fixture *f, const char *text)
{
    char *first = tori_arena_take(f->cx.arena, FIRST);
    if (f->engine == TORI_ENGINE_SQLITE)
        sqlite_run(f->place, text, first);
    else
        pg_run(f->owner, text, first);
    return first;
}

int64_t fixture_number(struct fixture *f, const char *text)
{
    const char *first = fixture_text(f, text);
    return *first == '\0' ? -1 : strtoll(first, NULL, 10);
}

const char *fixture_plan(struct fixture *f, const char *text)
{
    struct tori_buf buf = tori_buf_new(f->cx.arena, 4000);
    sqlite3 *handle = NULL;
    sqlite3_stmt *statement = NULL;

    assert_int_equal(sqlite3_open(f->place, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(handle, text, -1, &statement, NULL), SQLITE_OK);
    while (sqlite3_step(statement) == SQLITE_ROW)
        tori_buf_printf(&buf, "%s\n", (const char *)sqlite3_column_text(statement, 3));
    sqlite3_finalize(statement);
    sqlite3_close(handle);
    tori_buf_byte(&buf, 0);
    return (const char *)buf.at;
}

struct tori_id sample_id(uint64_t n)
{
    struct tori_id id = {.at = {0, 1}};
    for (size_t i = 0; i < 8; i++)
        id.at[17 - i] = (uint8_t)(n >> (8 * i));
    return id;
}

struct tori_hash sample_hash(uint64_t n)
{
    return tori_sha256((struct tori_bytes){(const uint8_t *)&n, sizeof(n)});
}

struct tori_customer sample_customer(uint64_t n)
{
    return (struct tori_customer){.customer_id = sample_id(n),
                                  .ref = TORI_STR("M-0001"),
                                  .kind = 1,
                                  .state = 1,
                                  .created_at = 1000,
                                  .data_key = {(const uint8_t *)"wrapped", 7}};
}

struct tori_journal sample_journal(int64_t seq)
{
    return (struct tori_journal){.seq = seq,
                                 .at_ms = 1000 + seq,
                                 .customer_id = sample_id(1),
                                 .kind = TORI_STR("test.row"),
                                 .entry = TORI_STR("{\"v\":1}"),
                                 .leaf_hash = sample_hash((uint64_t)seq)};
}

static uint64_t any(struct fixture *f)
{
    uint64_t n;
    tori_random_fill(&f->cx.random, &n, sizeof(n));
    return n;
}

/* Text whose characters take one to four bytes. */
static struct tori_str any_text(struct fixture *f)
{
    const char *letter[] = {"a", "é", "取", "🐦", "'", "\"", "\n", "%"};
    size_t count = any(f) % 50, len = 0;
    char *at = tori_arena_take(f->cx.arena, count * 4 + 1);

    for (size_t i = 0; i < count; i++) {
        const char *one = letter[any(f) % 8];
        memcpy(at + len, one, strlen(one));
        len += strlen(one);
    }
    return (struct tori_str){at, len};
}

static void any_value(struct fixture *f, const struct tori_column *column, uint8_t *to)
{
    struct tori_bytes bytes = {NULL, any(f) % 200};
    struct tori_str text = any_text(f);
    bool flag = any(f) % 2;
    uint64_t number = any(f);
    uint8_t *fresh = tori_arena_take(f->cx.arena, 200);

    tori_random_fill(&f->cx.random, fresh, 200);
    bytes.at = fresh;
    switch (column->kind) {
    case TORI_COLUMN_INT:
    case TORI_COLUMN_TIME:
        memcpy(to, &number, sizeof(number));
        return;
    case TORI_COLUMN_FLAG:
        memcpy(to, &flag, sizeof(flag));
        return;
    case TORI_COLUMN_ID:
        memcpy(to, fresh, sizeof(struct tori_id));
        return;
    case TORI_COLUMN_HASH:
    case TORI_COLUMN_HANDLE:
        memcpy(to, fresh, sizeof(struct tori_hash));
        return;
    case TORI_COLUMN_BYTES:
        memcpy(to, &bytes, sizeof(bytes));
        return;
    case TORI_COLUMN_TEXT:
        memcpy(to, &text, sizeof(text));
        return;
    }
}

void sample_random(struct fixture *f, enum tori_table table, uint64_t n, void *row)
{
    const struct tori_table_def *def = &tori_tables[table];
    struct tori_id customer = sample_id(n);
    int64_t live = 1, recent = f->cx.now;

    memset(row, 0, def->row_size);
    for (size_t i = 0; i < def->count; i++) {
        const struct tori_column *column = &def->column[i];
        uint8_t *to = (uint8_t *)row + column->offset;
        any_value(f, column, to);
        if (strcmp(column->name, "customer_id") == 0)
            memcpy(to, &customer, sizeof(customer));
        if (strcmp(column->name, "state") == 0)
            memcpy(to, &live, sizeof(live));
        if (strcmp(column->name, "created_at") == 0)
            memcpy(to, &recent, sizeof(recent));
    }
}

struct tori_change change_of(enum tori_change_kind kind, enum tori_table table, const void *row)
{
    return (struct tori_change){.kind = kind, .table = table, .row = row};
}

struct tori_result commit_all(struct fixture *f, struct tori_change *change, size_t count)
{
    const struct tori_change *list = change;
    for (size_t i = 0; i + 1 < count; i++)
        change[i].next = &change[i + 1];
    return tori_commit(&f->cx, f->writer, &list, 1);
}

struct tori_result commit_one(struct fixture *f, struct tori_change change)
{
    return commit_all(f, &change, 1);
}
