/* Every kind of value and every table there and back. */
#include "fixture.h"

enum { ROWS = 20 };

static bool same_row(const struct tori_table_def *def, const void *a, const void *b)
{
    struct tori_cell one[TORI_CELLS_MAX], two[TORI_CELLS_MAX];

    tori_row_cells(def, a, one);
    tori_row_cells(def, b, two);
    for (size_t i = 0; i < def->count; i++)
        if (one[i].number != two[i].number || !tori_bytes_eq(one[i].bytes, two[i].bytes))
            return false;
    return true;
}

static const void *find(const struct tori_rowset *set, const struct tori_table_def *def,
                        const void *row)
{
    for (size_t i = 0; i < set->count; i++)
        if (tori_row_same_key(def, set->row[i], row))
            return set->row[i];
    return NULL;
}

static bool in_scope(enum tori_scope scope, bool firm)
{
    return scope == TORI_SCOPE_CUSTOMER || (firm && scope == TORI_SCOPE_FIRM);
}

/* Random rows of every table of a scope come back as they went, and nobody else's with them. */
static void round_trip(struct fixture *f, uint64_t customer)
{
    void *row[TORI_TABLE_COUNT][ROWS];
    struct tori_change change[TORI_TABLE_COUNT * ROWS];
    size_t count = 0;

    for (size_t t = 0; t < TORI_TABLE_COUNT; t++) {
        size_t rows = t == TORI_TABLE_CUSTOMER ? 1 : ROWS;
        for (size_t i = 0; in_scope(tori_tables[t].scope, customer == 0) && i < rows; i++) {
            row[t][i] = tori_arena_take(f->cx.arena, tori_tables[t].row_size);
            sample_random(f, (enum tori_table)t, customer, row[t][i]);
            if (customer == 0)
                memset(row[t][i], 0, sizeof(struct tori_id));
            change[count++] = change_of(TORI_INSERT, (enum tori_table)t, row[t][i]);
        }
    }
    assert_ok(&f->cx, commit_all(f, change, count));

    struct tori_id id = sample_id(customer);
    if (customer == 0)
        memset(&id, 0, sizeof(id));
    struct tori_aggregate *agg = NULL;
    assert_ok(&f->cx, tori_load_aggregate(&f->cx, f->reader, &id, f->cx.now, &agg));
    assert_true(agg->known);
    for (size_t i = 0; i < count; i++) {
        const struct tori_table_def *def = &tori_tables[change[i].table];
        const void *found = find(&agg->set[change[i].table], def, change[i].row);
        assert_non_null(found);
        assert_true(same_row(def, found, change[i].row));
    }
    size_t loaded = 0;
    for (size_t t = 0; t < TORI_TABLE_COUNT; t++)
        loaded += agg->set[t].count;
    assert_int_equal(loaded, count);
    tori_aggregate_free(agg);
}

static void aggregate_round_trip(void **state)
{
    struct fixture *f = fixture_owned(state);
    for (uint64_t customer = 0; customer < 4; customer++)
        round_trip(f, customer);
}

static void rows_come_in_the_order_of_their_key(void **state)
{
    struct fixture *f = fixture_owned(state);
    round_trip(f, 7);

    struct tori_id id = sample_id(7);
    struct tori_aggregate *agg = NULL;
    assert_ok(&f->cx, tori_load_aggregate(&f->cx, f->reader, &id, f->cx.now, &agg));
    for (size_t i = 1; i < tori_user_count(agg); i++)
        assert_true(memcmp(&tori_user_at(agg, i - 1)->id, &tori_user_at(agg, i)->id,
                           sizeof(struct tori_id)) < 0);
    assert_true(tori_user_count(agg) > 1);
    tori_aggregate_free(agg);
}

static void nobody_is_loaded_as_unknown(void **state)
{
    struct fixture *f = fixture_migrated(state);
    struct tori_id id = sample_id(99);
    struct tori_aggregate *agg = NULL;

    assert_ok(&f->cx, tori_load_aggregate(&f->cx, f->reader, &id, f->cx.now, &agg));
    assert_false(agg->known);
    tori_aggregate_free(agg);
}

static struct tori_id id_of_time(struct fixture *f, tori_time at)
{
    struct tori_id customer = sample_id(1);
    return tori_id_new(&f->cx.random, at, tori_id_bucket(&customer));
}

/* What is long over stays in the store and out of memory. */
static void only_recent_rows_are_loaded(void **state)
{
    struct fixture *f = fixture_owned(state);
    const tori_time day = f->cx.now - TORI_DAY_MS, season = f->cx.now - 90 * TORI_DAY_MS;
    struct tori_operation operation[2];
    struct tori_notice notice[2];
    struct tori_job job[2];
    struct tori_change change[6];

    for (int i = 0; i < 2; i++) {
        sample_random(f, TORI_TABLE_OPERATION, 1, &operation[i]);
        sample_random(f, TORI_TABLE_NOTICE, 1, &notice[i]);
        sample_random(f, TORI_TABLE_JOB, 1, &job[i]);
        operation[i].id = id_of_time(f, day + 1 - i); /* the second a millisecond too old */
        notice[i].id = id_of_time(f, season + 1 - i);
        job[i].state = i == 0 ? 1 : 10;
        change[3 * i] = change_of(TORI_INSERT, TORI_TABLE_OPERATION, &operation[i]);
        change[3 * i + 1] = change_of(TORI_INSERT, TORI_TABLE_NOTICE, &notice[i]);
        change[3 * i + 2] = change_of(TORI_INSERT, TORI_TABLE_JOB, &job[i]);
    }
    assert_ok(&f->cx, commit_all(f, change, 6));

    struct tori_id id = sample_id(1);
    struct tori_aggregate *agg = NULL;
    assert_ok(&f->cx, tori_load_aggregate(&f->cx, f->reader, &id, f->cx.now, &agg));
    assert_int_equal(tori_operation_count(agg), 1);
    assert_non_null(tori_operation_find(agg, &operation[0].id));
    assert_int_equal(tori_notice_count(agg), 1);
    assert_non_null(tori_notice_find(agg, &notice[0].id));
    assert_int_equal(tori_job_count(agg), 1);
    assert_non_null(tori_job_find(agg, &job[0].id));
    tori_aggregate_free(agg);
}

static const struct tori_operation *reload(struct fixture *f, struct tori_aggregate **agg)
{
    struct tori_id id = sample_id(1);
    assert_ok(&f->cx, tori_load_aggregate(&f->cx, f->reader, &id, f->cx.now, agg));
    return tori_operation_count(*agg) == 0 ? NULL : tori_operation_at(*agg, 0);
}

static void update_and_removal(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_operation operation;
    struct tori_aggregate *agg = NULL;

    sample_random(f, TORI_TABLE_OPERATION, 1, &operation);
    assert_ok(&f->cx, commit_one(f, change_of(TORI_INSERT, TORI_TABLE_OPERATION, &operation)));
    operation.state = 3;
    operation.type = TORI_STR("withdrawal");
    operation.sealed_canonical = (struct tori_bytes){NULL, 0};
    assert_ok(&f->cx, commit_one(f, change_of(TORI_UPDATE, TORI_TABLE_OPERATION, &operation)));
    assert_true(same_row(&tori_tables[TORI_TABLE_OPERATION], reload(f, &agg), &operation));
    tori_aggregate_free(agg);

    assert_ok(&f->cx, commit_one(f, change_of(TORI_DELETE, TORI_TABLE_OPERATION, &operation)));
    assert_null(reload(f, &agg));
    tori_aggregate_free(agg);
}

static void kinds_at_their_limits(void **state)
{
    struct fixture *f = fixture_owned(state);
    const int64_t number[] = {INT64_MIN, -1, 0, 1, INT64_MAX};
    size_t large = 1024 * 1024;
    char *text = tori_arena_take(f->cx.arena, large);
    struct tori_aggregate *agg = NULL;
    struct tori_operation operation;

    memset(text, 'x', large);
    for (size_t i = 0; i < 5; i++) {
        sample_random(f, TORI_TABLE_OPERATION, 1, &operation);
        operation.seq = number[i];
        operation.valid_until = number[4 - i];
        operation.sealed_canonical = i % 2 == 0 ? (struct tori_bytes){NULL, 0}
                                                : (struct tori_bytes){(const uint8_t *)text, large};
        operation.type = i % 2 == 0 ? (struct tori_str){text, large} : (struct tori_str){NULL, 0};
        memset(&operation.nonce, i % 2 == 0 ? 0xff : 0, sizeof(operation.nonce));
        operation.important = i % 2;
        assert_ok(&f->cx, commit_one(f, change_of(TORI_INSERT, TORI_TABLE_OPERATION, &operation)));
        assert_true(same_row(&tori_tables[TORI_TABLE_OPERATION], reload(f, &agg), &operation));
        tori_aggregate_free(agg);
        assert_ok(&f->cx, commit_one(f, change_of(TORI_DELETE, TORI_TABLE_OPERATION, &operation)));
    }
}

static void routes_are_found(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_customer_route customer = {sample_hash(1), sample_id(5)};
    struct tori_credential_route credential = {sample_hash(2), sample_id(5), sample_id(6),
                                               sample_id(7)};
    struct tori_change change[] = {
        change_of(TORI_INSERT, TORI_TABLE_CUSTOMER_ROUTE, &customer),
        change_of(TORI_INSERT, TORI_TABLE_CREDENTIAL_ROUTE, &credential)};
    struct tori_id found;
    struct tori_credential_route route;
    struct tori_hash other = sample_hash(3);

    assert_ok(&f->cx, commit_all(f, change, 2));
    assert_ok(&f->cx, tori_find_customer(&f->cx, f->reader, &customer.ref_hash, &found));
    assert_true(tori_id_eq(&found, &customer.customer_id));
    assert_ok(&f->cx, tori_find_credential(&f->cx, f->reader, &credential.credential_hash, &route));
    assert_true(same_row(&tori_tables[TORI_TABLE_CREDENTIAL_ROUTE], &route, &credential));
    assert_fails(tori_find_customer(&f->cx, f->reader, &other, &found), TORI_ERR_CUSTOMER_UNKNOWN);
    assert_fails(tori_find_credential(&f->cx, f->reader, &other, &route),
                 TORI_ERR_CREDENTIAL_UNKNOWN);
}

static struct tori_result read_span(struct fixture *f, int64_t shard, int64_t from_seq, size_t max,
                                    struct tori_journal_page *out)
{
    const struct tori_journal_span span = {shard, from_seq, max};
    return tori_read_journal(&f->cx, f->reader, &span, out);
}

static void journal_is_read_by_seq(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_journal row[10];
    struct tori_change change[10];
    struct tori_journal_page page;
    int64_t head = 0;

    assert_ok(&f->cx, tori_read_head(&f->cx, f->reader, 0, &head));
    assert_int_equal(head, -1);
    for (int i = 0; i < 10; i++) {
        row[i] = sample_journal(i + 1);
        change[9 - i] = change_of(TORI_INSERT, TORI_TABLE_JOURNAL, &row[i]);
    }
    assert_ok(&f->cx, commit_all(f, change, 10));
    assert_ok(&f->cx, tori_read_head(&f->cx, f->reader, 0, &head));
    assert_int_equal(head, 10);
    assert_ok(&f->cx, read_span(f, 0, 3, 4, &page));
    assert_int_equal(page.count, 4);
    for (int i = 0; i < 4; i++)
        assert_true(same_row(&tori_tables[TORI_TABLE_JOURNAL], page.row[i], &row[i + 2]));
    assert_ok(&f->cx, read_span(f, 0, 11, 4, &page));
    assert_int_equal(page.count, 0);
    assert_ok(&f->cx, read_span(f, 1, 0, 4, &page));
    assert_int_equal(page.count, 0);
}

static void bodies_are_read_by_seq(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_evidence_body body[20];
    struct tori_change change[20];
    const struct tori_evidence_body *found;

    for (int i = 0; i < 20; i++) {
        sample_random(f, TORI_TABLE_EVIDENCE_BODY, 1, &body[i]);
        body[i].shard = 0;
        body[i].seq = i;
        change[i] = change_of(TORI_INSERT, TORI_TABLE_EVIDENCE_BODY, &body[i]);
    }
    assert_ok(&f->cx, commit_all(f, change, 20));
    assert_ok(&f->cx, tori_read_body(&f->cx, f->reader, 0, 5, &found));
    assert_true(same_row(&tori_tables[TORI_TABLE_EVIDENCE_BODY], found, &body[5]));
    assert_fails(tori_read_body(&f->cx, f->reader, 0, 20, &found), TORI_ERR_NOT_FOUND);
    assert_fails(tori_read_body(&f->cx, f->reader, 1, 5, &found), TORI_ERR_NOT_FOUND);
}

/* Pages join without a gap or a repeat, also where many jobs fall due in the same millisecond. */
static void jobs_are_read_in_pages(void **state)
{
    struct fixture *f = fixture_owned(state);
    struct tori_job job[30];
    struct tori_change change[30];
    struct tori_job_page page = {NULL, 0};
    struct tori_job last;
    size_t seen = 0;

    for (size_t i = 0; i < 30; i++) {
        sample_random(f, TORI_TABLE_JOB, i % 3, &job[i]);
        job[i].due_at = i < 10 ? INT64_MIN + 1 : (int64_t)(i % 4);
        job[i].state = i < 25 ? 1 : 10;
        change[i] = change_of(TORI_INSERT, TORI_TABLE_JOB, &job[i]);
    }
    assert_ok(&f->cx, commit_all(f, change, 30));
    do {
        assert_ok(&f->cx, tori_read_jobs(&f->cx, f->reader, seen == 0 ? NULL : &last, 4, &page));
        for (size_t i = 0; i < page.count; i++) {
            assert_true(seen == 0 || last.due_at <= page.row[i]->due_at);
            assert_true(page.row[i]->state < 10);
            assert_false(seen > 0 &&
                         tori_row_same_key(&tori_tables[TORI_TABLE_JOB], &last, page.row[i]));
            last = *page.row[i];
            seen++;
        }
    } while (page.count == 4);
    assert_int_equal(seen, 25);
}

static const struct CMUnitTest tests[] = {
    both(aggregate_round_trip),
    both(rows_come_in_the_order_of_their_key),
    both(nobody_is_loaded_as_unknown),
    both(only_recent_rows_are_loaded),
    both(update_and_removal),
    both(kinds_at_their_limits),
    both(routes_are_found),
    both(journal_is_read_by_seq),
    both(bodies_are_read_by_seq),
    both(jobs_are_read_in_pages),
};

int main(void)
{
    return tori_unit_run("rows", tests);
}
