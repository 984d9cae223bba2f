/* Common SQL, clause by clause (HACKING.md §6). */
#include "fixture.h"

#include <ctype.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/sqlite_int.h"

typedef void text_fn(const char *text, const char *name);

/* Every text of both engines but those that exist because the engines differ. */
static void each_text(text_fn *look)
{
    for (size_t t = 0; t < TORI_TABLE_COUNT; t++) {
        const struct tori_table_def *def = &tori_tables[t];
        const char *text[] = {def->select, def->insert, def->update, def->remove};
        for (size_t i = 0; i < 4; i++)
            if (text[i] != NULL)
                look(text[i], def->name);
    }
    for (size_t q = 0; q < TORI_QUERY_COUNT; q++) {
        const struct tori_query_def *def = &tori_queries[q];
        bool is_common =
            def->text[0] != NULL && def->text[1] != NULL && strcmp(def->text[0], def->text[1]) == 0;
        if (is_common && def->use != TORI_USE_NEVER)
            look(def->text[0], def->name);
    }
}

static void plain_statement(const char *text, const char *name)
{
    static const char *const banned[] = {
        "RETURNING", "FOR UPDATE", "FOR SHARE", "WITH ", " JOIN ",  "nextval", "LISTEN",
        "NOTIFY",    "advisory",   "NULLS ",    "ILIKE", " LIKE ",  "OFFSET",  " + ",
        " - ",       " * ",        " / ",       " || ",  "random(", "now(",    "current_",
        "GLOB",      "INDEXED",    "REPLACE ",  "::",    "PRAGMA",  "HAVING"};

    for (size_t i = 0; i < sizeof(banned) / sizeof(banned[0]); i++)
        if (strstr(text, banned[i]) != NULL)
            fail_msg("%s: %s in: %s", name, banned[i], text);
}

static void statements_are_plain(void **state)
{
    (void)state;
    each_text(plain_statement);
}

/* PostgreSQL cannot know the type of a bare $1 there. */
static void no_bare_parameter(const char *text, const char *name)
{
    const char *from = strstr(text, " FROM ");
    if (strncmp(text, "SELECT ", 7) != 0 || from == NULL)
        return;
    for (const char *at = strchr(text, '$'); at != NULL && at < from; at = strchr(at + 1, '$'))
        if (at - text < 5 || strncmp(at - 5, "CAST(", 5) != 0)
            fail_msg("%s: a bare parameter in the select list of: %s", name, text);
}

static void parameters_in_select_lists_are_cast(void **state)
{
    (void)state;
    each_text(no_bare_parameter);
}

static const struct tori_column *column_named(const char *table, const char *name, size_t len)
{
    for (size_t t = 0; t < TORI_TABLE_COUNT; t++)
        for (size_t i = 0; strcmp(tori_tables[t].name, table) == 0 && i < tori_tables[t].count; i++)
            if (strlen(tori_tables[t].column[i].name) == len &&
                strncmp(tori_tables[t].column[i].name, name, len) == 0)
                return &tori_tables[t].column[i];
    return NULL;
}

/* Text has an order of its own in each engine and each locale. */
static void ordered_by_numbers_and_bytes(const char *text, const char *name)
{
    const char *at = strstr(text, "ORDER BY ");
    const char *from = strstr(text, "FROM ");
    char table[64];

    if (at == NULL || strstr(text, "FROM migration") != NULL)
        return;
    from += from[5] == '"' ? 6 : 5;
    snprintf(table, sizeof(table), "%.*s", (int)strcspn(from, "\" \n"), from);
    for (at += 9; strncmp(at, "LIMIT", 5) != 0 && strncmp(at, "DESC", 4) != 0 && *at != '\0';) {
        size_t len = strcspn(at, ", \n");
        const struct tori_column *column = column_named(table, at, len);
        if (column == NULL || column->kind == TORI_COLUMN_TEXT)
            fail_msg("%s: ordered by %.*s: %s", name, (int)len, at, text);
        at += len + strspn(at + len, ", \n");
    }
}

static void order_is_by_numbers_and_bytes(void **state)
{
    (void)state;
    each_text(ordered_by_numbers_and_bytes);
}

static struct tori_result load_one(struct fixture *f)
{
    struct tori_id id = sample_id(1);
    struct tori_aggregate *agg = NULL;
    struct tori_result loaded = tori_load_aggregate(&f->cx, f->reader, &id, f->cx.now, &agg);

    if (!TORI_FAILED(loaded))
        tori_aggregate_free(agg);
    return loaded;
}

static struct tori_operation put_operation(struct fixture *f)
{
    struct tori_operation operation;

    sample_random(f, TORI_TABLE_OPERATION, 1, &operation);
    assert_ok(&f->cx, commit_one(f, change_of(TORI_INSERT, TORI_TABLE_OPERATION, &operation)));
    return operation;
}

/* Alone SQLite would turn the sum into a REAL: a strict table refuses it, as PostgreSQL does. */
static void an_overflow_is_refused(void **state)
{
    struct fixture *f = fixture_owned(state);

    put_operation(f);
    fixture_sql(f, "UPDATE operation SET seq = 9223372036854775807");
    assert_false(fixture_try_sql(f, f->owner, "UPDATE operation SET seq = seq + 1"));
    assert_ok(&f->cx, load_one(f));
}

static void null_is_refused(void **state)
{
    struct fixture *f = fixture_owned(state);

    put_operation(f);
    assert_false(fixture_try_sql(f, f->owner, "UPDATE operation SET sealed_canonical = NULL"));
    assert_false(fixture_try_sql(f, f->owner, "UPDATE operation SET type = NULL"));
    assert_false(fixture_try_sql(f, f->owner, "UPDATE operation SET seq = NULL"));
}

static void no_bytes_are_zero_bytes(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_customer customer = sample_customer(1);

    customer.data_key = (struct tori_bytes){NULL, 0};
    customer.ref = (struct tori_str){NULL, 0};
    assert_ok(&f->cx, commit_one(f, change_of(TORI_INSERT, TORI_TABLE_CUSTOMER, &customer)));
    assert_int_equal(fixture_number(f, "SELECT length(data_key) FROM customer"), 0);
    assert_int_equal(fixture_number(f, "SELECT length(ref) FROM customer"), 0);
    assert_int_equal(
        fixture_number(f, "SELECT COUNT(*) FROM customer WHERE data_key IS NULL OR ref IS NULL"),
        0);
}

static void ids_and_hashes_are_bytes(void **state)
{
    struct fixture *f = fixture_owned(state);

    put_operation(f);
    assert_int_equal(fixture_number(f, "SELECT length(id) FROM operation"), 18);
    assert_int_equal(fixture_number(f, "SELECT length(nonce) FROM operation"), 32);
    fixture_sql(f, f->engine == TORI_ENGINE_SQLITE
                       ? "UPDATE operation SET nonce = X'0102'"
                       : "UPDATE operation SET nonce = '\\x0102'::bytea");
    assert_fails(load_one(f), TORI_ERR_STORE_DATA);
}

static void booleans_are_numbers(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_operation operation = put_operation(f);

    operation.important = true;
    assert_ok(&f->cx, commit_one(f, change_of(TORI_UPDATE, TORI_TABLE_OPERATION, &operation)));
    assert_int_equal(fixture_number(f, "SELECT important FROM operation"), 1);
    operation.important = false;
    assert_ok(&f->cx, commit_one(f, change_of(TORI_UPDATE, TORI_TABLE_OPERATION, &operation)));
    assert_int_equal(fixture_number(f, "SELECT important FROM operation"), 0);
    fixture_sql(f, "UPDATE operation SET important = 2");
    assert_fails(load_one(f), TORI_ERR_STORE_DATA);
}

static void bytes_are_ordered_alike(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_account account = {.customer_id = sample_id(1), .state = 1};
    struct tori_aggregate *agg = NULL;
    const uint8_t first[] = {0xff, 0x00, 0x7f, 0x80, 0x01};

    for (size_t i = 0; i < sizeof(first); i++) {
        account.id.at[0] = first[i];
        assert_ok(&f->cx, commit_one(f, change_of(TORI_INSERT, TORI_TABLE_ACCOUNT, &account)));
    }
    assert_ok(&f->cx,
              tori_load_aggregate(&f->cx, f->reader, &account.customer_id, f->cx.now, &agg));
    for (size_t i = 1; i < sizeof(first); i++)
        assert_true(tori_account_at(agg, i - 1)->id.at[0] < tori_account_at(agg, i)->id.at[0]);
    tori_aggregate_free(agg);
}

static void nothing_is_numbered_by_the_engine(void **state)
{
    struct fixture *f = fixture_migrated(state);
    const char *query[TORI_ENGINES] = {
        "SELECT COUNT(*) FROM sqlite_schema WHERE name = 'sqlite_sequence' OR sql LIKE '%DEFAULT%'",
        "SELECT (SELECT COUNT(*) FROM pg_sequences WHERE schemaname = 'public') + "
        "(SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'public' "
        "AND column_default IS NOT NULL)"};

    assert_int_equal(fixture_number(f, query[f->engine]), 0);
}

/* Every query is prepared when a reader or a writer opens. */
static void a_typo_stops_the_start(void **state)
{
    struct fixture *f = fixture_migrated(state);
    struct tori_reader *reader = NULL;
    struct tori_writer *writer = NULL;

    fixture_sql(f, "ALTER TABLE notice RENAME COLUMN template TO temlate");
    assert_fails(tori_reader_open(&f->cx, f->store, &reader), TORI_ERR_STORE_REFUSED);
    assert_fails(tori_writer_open(&f->cx, f->store, 0, TORI_STR("first"), &writer),
                 TORI_ERR_STORE_REFUSED);
}

static void evidence_takes_inserts_only(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_journal row = sample_journal(1);
    struct tori_evidence_body body = {.seq = 1, .customer_id = sample_id(1)};
    struct tori_change change[] = {change_of(TORI_INSERT, TORI_TABLE_JOURNAL, &row),
                                   change_of(TORI_INSERT, TORI_TABLE_EVIDENCE_BODY, &body)};
    const char *forbidden[] = {"UPDATE journal SET at_ms = 1", "DELETE FROM journal",
                               "UPDATE evidence_body SET seq = 2", "DELETE FROM evidence_body"};

    assert_ok(&f->cx, commit_all(f, change, 2));
    for (size_t i = 0; i < 4; i++)
        assert_false(fixture_try_sql(f, f->url, forbidden[i]));
    assert_int_equal(fixture_number(f, "SELECT at_ms FROM journal"), 1001);
    assert_int_equal(fixture_number(f, "SELECT COUNT(*) FROM evidence_body"), 1);
}

static int64_t size_of(struct fixture *f, const char *suffix)
{
    char path[300];
    struct stat status;

    snprintf(path, sizeof(path), "%s%s", f->place, suffix);
    return stat(path, &status) == 0 ? (int64_t)status.st_size : -1;
}

static void nobody_else_may_read_the_files(void **state)
{
    struct fixture *f = fixture_owned(state);
    const char *suffix[] = {"", "-wal", "-shm", ".lock"};
    char path[300];
    struct stat status;

    for (size_t i = 0; i < 4; i++) {
        snprintf(path, sizeof(path), "%s%s", f->place, suffix[i]);
        assert_int_equal(stat(path, &status), 0);
        assert_int_equal(status.st_mode & 0777, 0600);
    }
}

static void every_commit_is_flushed(void **state)
{
    struct fixture *f = fixture_owned(state);

    assert_string_equal(fixture_text(f, "SELECT journal_mode FROM pragma_journal_mode"), "wal");
    assert_ok(&f->cx,
              f->writer->db->engine->script(&f->cx, f->writer->db, "PRAGMA synchronous = NORMAL"));
    assert_fails(tori_db_durable(&f->cx, f->writer->db), TORI_ERR_SETTING_BAD);
    assert_ok(&f->cx,
              f->writer->db->engine->script(&f->cx, f->writer->db, "PRAGMA synchronous = FULL"));
    assert_ok(&f->cx, tori_db_durable(&f->cx, f->writer->db));
}

static struct tori_result ignore_row(struct tori_ctx *cx, void *to, const struct tori_cell *cell,
                                     size_t count)
{
    (void)cx, (void)to, (void)cell, (void)count;
    return TORI_OK;
}

static void write_updates(struct fixture *f, int count)
{
    struct tori_customer customer = sample_customer(1);
    uint8_t *large = tori_arena_take(f->cx.arena, 400 * 1024);

    customer.data_key = (struct tori_bytes){large, 400 * 1024};
    for (int i = 0; i < count; i++) {
        memset(large, i % 250 + 1, 400 * 1024); /* SQLite leaves pages alone that stay the same */
        assert_ok(&f->cx, commit_one(f, change_of(TORI_UPDATE, TORI_TABLE_CUSTOMER, &customer)));
    }
}

/* 246 MB with breaths between: past 64 MB the keeper makes the WAL begin anew. How soon is a
 * question of how busy the machine is, so the bound is wide; without the keeper all of it would lie
 * there. */
static void the_wal_is_kept_short(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_customer customer = sample_customer(1);

    assert_ok(&f->cx, commit_one(f, change_of(TORI_INSERT, TORI_TABLE_CUSTOMER, &customer)));
    for (int i = 0; i < 10; i++) {
        write_updates(f, 60);
        usleep(300 * 1000);
    }
    assert_in_range(size_of(f, "-wal"), 1, 192 * 1024 * 1024);
}

/* Somebody reads for long, a backup perhaps: commits go on, the WAL grows, and begins anew when he
 * has gone. */
static void a_long_reader_stands_in_nobodys_way(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_customer customer = sample_customer(1);
    struct tori_db *backup = f->reader->db;
    struct tori_cell id = tori_cell_bytes(tori_id_bytes(&customer.customer_id));
    struct tori_call read = {.statement = tori_statement_of(TORI_TABLE_CUSTOMER, TORI_VERB_SELECT),
                             .cell = &id,
                             .count = 1,
                             .on_row = ignore_row};

    assert_ok(&f->cx, commit_one(f, change_of(TORI_INSERT, TORI_TABLE_CUSTOMER, &customer)));
    tori_db_begin(&f->cx, backup, false);
    tori_db_call(&f->cx, backup, &read);
    write_updates(f, 200); /* 80 MB */
    assert_true(size_of(f, "-wal") > 64 * 1024 * 1024);
    assert_ok(&f->cx, tori_db_end(&f->cx, backup));
    int64_t grown = 1;
    for (int i = 0; i < 60 && grown > 0; i++) { /* the keeper sees it in its own time */
        int64_t size = size_of(f, "-wal");
        write_updates(f, 30);
        usleep(500 * 1000);
        grown = size_of(f, "-wal") - size;
    }
    assert_int_equal(grown, 0);
}

static void automatic_checkpoints_are_off(void **state)
{
    struct fixture *f = fixture_migrated(state);
    sqlite3_stmt *statement = NULL;

    f->writer = fixture_writer(f, "first"); /* without a lease nobody keeps the WAL */
    sqlite3 *handle = ((struct sqlite_db *)f->writer->db)->handle;
    assert_int_equal(sqlite3_prepare_v2(handle, "PRAGMA wal_autocheckpoint", -1, &statement, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_step(statement), SQLITE_ROW);
    assert_int_equal(sqlite3_column_int(statement, 0), 0);
    sqlite3_finalize(statement);
}

static void no_snapshot_outlives_a_call(void **state)
{
    struct fixture *f = fixture_owned(state);

    put_operation(f);
    assert_ok(&f->cx, load_one(f));
    assert_int_equal(fixture_number(f, "PRAGMA wal_checkpoint(TRUNCATE)"), 0);
    assert_int_equal(size_of(f, "-wal"), 0);
    put_operation(f);
    assert_ok(&f->cx, load_one(f));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(statements_are_plain),
    cmocka_unit_test(parameters_in_select_lists_are_cast),
    cmocka_unit_test(order_is_by_numbers_and_bytes),
    both(an_overflow_is_refused),
    both(null_is_refused),
    both(no_bytes_are_zero_bytes),
    both(ids_and_hashes_are_bytes),
    both(booleans_are_numbers),
    both(bytes_are_ordered_alike),
    both(nothing_is_numbered_by_the_engine),
    both(a_typo_stops_the_start),
    both(evidence_takes_inserts_only),
    on_sqlite(nobody_else_may_read_the_files),
    on_sqlite(every_commit_is_flushed),
    on_sqlite(the_wal_is_kept_short),
    on_sqlite(no_snapshot_outlives_a_call),
    on_sqlite(a_long_reader_stands_in_nobodys_way),
    on_sqlite(automatic_checkpoints_are_off),
};

int main(void)
{
    return tori_unit_run("contract", tests);
}
