/* Holds the statements and src/model/rows.toml against what migrations make of an empty
 * database. */
#include "fixture.h"

static const char *type_name(enum tori_engine_kind engine, enum tori_column_kind kind)
{
    bool sqlite = engine == TORI_ENGINE_SQLITE;

    switch (kind) {
    case TORI_COLUMN_INT:
    case TORI_COLUMN_TIME:
    case TORI_COLUMN_FLAG:
        return sqlite ? "INTEGER" : "bigint";
    case TORI_COLUMN_ID:
    case TORI_COLUMN_HASH:
    case TORI_COLUMN_HANDLE:
    case TORI_COLUMN_BYTES:
        return sqlite ? "BLOB" : "bytea";
    case TORI_COLUMN_TEXT:
        return sqlite ? "TEXT" : "text";
    }
    return "";
}

/* "customer_id BLOB, id BLOB, … KEY customer_id, id"; a column that takes NULL has a mark. */
static const char *wanted(struct fixture *f, const struct tori_table_def *def)
{
    struct tori_buf buf = tori_buf_new(f->cx.arena, 4000);

    for (size_t i = 0; i < def->count; i++)
        tori_buf_printf(&buf, "%s%s %s", i == 0 ? "" : ", ", def->column[i].name,
                        type_name(f->engine, def->column[i].kind));
    for (size_t i = 0; i < def->key_count; i++)
        tori_buf_printf(&buf, "%s%s", i == 0 ? " KEY " : ", ", def->column[i].name);
    tori_buf_byte(&buf, 0);
    return (const char *)buf.at;
}

/* The catalogue in the same words; ? stands for the name of the table. */
static const char *found(struct fixture *f, const char *table)
{
    static const char *const query[TORI_ENGINES] = {
        "SELECT (SELECT group_concat(name || ' ' || upper(type) || "
        "CASE WHEN \"notnull\" THEN '' ELSE ' NULL' END, ', ') FROM pragma_table_info('?')) || "
        "' KEY ' || (SELECT group_concat(name, ', ') FROM "
        "(SELECT name FROM pragma_table_info('?') WHERE pk > 0 ORDER BY pk))",
        "SELECT (SELECT string_agg(column_name || ' ' || data_type || "
        "CASE WHEN is_nullable = 'NO' THEN '' ELSE ' NULL' END, ', ' ORDER BY ordinal_position) "
        "FROM information_schema.columns WHERE table_schema = 'public' AND table_name = '?') || "
        "' KEY ' || (SELECT string_agg(column_name, ', ' ORDER BY ordinal_position) "
        "FROM information_schema.key_column_usage WHERE table_schema = 'public' "
        "AND table_name = '?')"};
    struct tori_buf buf = tori_buf_new(f->cx.arena, 2000);

    for (const char *at = query[f->engine]; *at != '\0'; at++)
        if (*at == '?')
            tori_buf_z(&buf, table);
        else
            tori_buf_byte(&buf, (uint8_t)*at);
    tori_buf_byte(&buf, 0);
    return fixture_text(f, (const char *)buf.at);
}

static void tables_are_those_of_rows_toml(void **state)
{
    struct fixture *f = fixture_migrated(state);
    size_t wrong = 0;

    for (size_t t = 0; t < TORI_TABLE_COUNT; t++) {
        const char *want = wanted(f, &tori_tables[t]);
        const char *have = found(f, tori_tables[t].name);
        if (strcmp(want, have) == 0)
            continue;
        print_error("%s\n  rows.toml: %s\n  migration: %s\n", tori_tables[t].name, want, have);
        wrong++;
    }
    assert_int_equal(wrong, 0);
}

static void no_table_is_unknown_to_rows_toml(void **state)
{
    struct fixture *f = fixture_migrated(state);
    const char *query[TORI_ENGINES] = {
        "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name <> 'migration' "
        "AND name NOT LIKE 'sqlite_%'",
        "SELECT COUNT(*) FROM pg_tables WHERE schemaname = 'public' AND tablename <> 'migration'"};

    assert_int_equal(fixture_number(f, query[f->engine]), TORI_TABLE_COUNT);
}

/* Opening a reader and a writer prepares what they use: together that must be everything. */
static void every_statement_is_prepared(void **state)
{
    struct fixture *f = fixture_owned(state);
    size_t texts = 0, prepared = 0;

    for (size_t t = 0; t < TORI_TABLE_COUNT; t++)
        texts += 2U + (tori_tables[t].update != NULL) + (tori_tables[t].remove != NULL);
    for (size_t q = 0; q < TORI_QUERY_COUNT; q++)
        if (tori_queries[q].use != TORI_USE_NEVER && tori_queries[q].text[f->engine] != NULL)
            texts++;
    for (size_t i = 0; i < TORI_STATEMENTS; i++)
        for (enum tori_use use = TORI_USE_FIRST; use <= TORI_USE_WRITER; use++)
            prepared += tori_statement_text(i, f->engine, use) != NULL;
    assert_int_equal(prepared, texts);
    assert_true(prepared > TORI_TABLE_COUNT * 3);
}

/* Reading a whole table would grow with the number of customers, reading all rows of a customer
 * with his past: where much is over, an index of what is live must be found. */
static void loads_do_not_grow_with_the_past(void **state)
{
    /* Either an index of what is live, or a part of the primary key's last column. */
    static const char *const long_past[] = {"operation", "idempotency", "notice", "job"};
    struct fixture *f = fixture_migrated(state);
    char text[2000];

    for (size_t i = 0; i < TORI_STATEMENTS; i++) {
        const char *query = tori_statement_text(i, TORI_ENGINE_SQLITE, TORI_USE_READER);
        if (query == NULL)
            continue;
        snprintf(text, sizeof(text), "EXPLAIN QUERY PLAN %s", query);
        const char *plan = fixture_plan(f, text);
        if (strstr(plan, "SCAN") != NULL)
            fail_msg("%s\n%s", query, plan);
        for (size_t t = 0; i < tori_statement_query(0) && t < 4; t++)
            if (strcmp(tori_tables[i / TORI_VERBS].name, long_past[t]) == 0 &&
                strstr(plan, "USING INDEX") == NULL &&
                strstr(plan, "(customer_id=? AND id>?)") == NULL)
                fail_msg("%s\n%s", query, plan);
    }
}

static const struct CMUnitTest tests[] = {
    both(tables_are_those_of_rows_toml),
    both(no_table_is_unknown_to_rows_toml),
    both(every_statement_is_prepared),
    on_sqlite(loads_do_not_grow_with_the_past),
};

int main(void)
{
    return tori_unit_run("sqlcheck", tests);
}
