/* Aggregates: put, drop, revert and settle keep memory and the list of changes in step. */
#include "test/unit/unit.h"

#include "model/aggregate.h"
#include "model/changes.h"
#include "model/table.h"

static struct tori_aggregate *begin(struct tori_ctx *cx, struct tori_changes *changes)
{
    static const struct tori_id firm;
    tori_changes_begin(changes);
    cx->changes = changes;
    return tori_aggregate_new(&firm);
}

static struct tori_lock lock_row(struct tori_ctx *cx)
{
    return (struct tori_lock){.id = tori_id_new(&cx->random, cx->now, 0), .scope = 1, .state = 1};
}

static void views_of_both_kinds_have_one_layout(void **state)
{
    (void)state;
    assert_int_equal(sizeof(struct tori_bytes), sizeof(struct tori_str));
    assert_int_equal(offsetof(struct tori_bytes, len), offsetof(struct tori_str, len));
    assert_int_equal(sizeof(struct tori_user_handle), sizeof(struct tori_hash));
}

static void put_inserts_then_updates(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_changes changes;
    struct tori_aggregate *agg = begin(cx, &changes);
    struct tori_lock lock = lock_row(cx);

    assert_ok(cx, tori_lock_put(cx, agg, &lock));
    lock.state = 10;
    assert_ok(cx, tori_lock_put(cx, agg, &lock));
    assert_int_equal(tori_lock_count(agg), 1);
    assert_int_equal(tori_lock_find(agg, &lock.id)->state, 10);
    assert_int_equal(changes.count, 2);
    assert_int_equal(changes.first->kind, TORI_INSERT);
    assert_int_equal(changes.first->next->kind, TORI_UPDATE);
    tori_changes_settle(&changes);
    tori_aggregate_free(agg);
}

static void revert_leaves_no_trace(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_changes changes;
    struct tori_aggregate *agg = begin(cx, &changes);
    struct tori_notice kept = {
        .id = tori_id_new(&cx->random, cx->now, 0), .template = TORI_STR("login"), .state = 1};

    assert_ok(cx, tori_notice_put(cx, agg, &kept));
    tori_changes_settle(&changes);
    tori_changes_begin(&changes);

    struct tori_notice changed = kept;
    changed.template = TORI_STR("payout");
    assert_ok(cx, tori_notice_put(cx, agg, &changed));
    changed.id.at[17] ^= 1;
    assert_ok(cx, tori_notice_put(cx, agg, &changed));
    assert_ok(cx, tori_notice_drop(cx, agg, &kept));
    assert_int_equal(tori_notice_count(agg), 1);
    tori_changes_revert(&changes);

    assert_int_equal(tori_notice_count(agg), 1);
    assert_text(tori_notice_find(agg, &kept.id)->template, "login");
    assert_null(changes.first);
    tori_aggregate_free(agg);
}

static void rows_own_what_they_point_at(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_changes changes;
    struct tori_aggregate *agg = begin(cx, &changes);
    char label[] = "yubikey";
    struct tori_credential row = {
        .label = {label, 7}, .credential_id = tori_str_bytes(TORI_STR("id")), .state = 1};

    assert_ok(cx, tori_credential_put(cx, agg, &row));
    label[0] = 'X';
    assert_text(tori_credential_at(agg, 0)->label, "yubikey");
    const struct tori_credential *noted = changes.first->row;
    assert_text(noted->label, "yubikey");
    tori_changes_settle(&changes);
    tori_aggregate_free(agg);
}

static void evidence_takes_inserts_only(void **state)
{
    (void)state;
    assert_null(tori_tables[TORI_TABLE_JOURNAL].update);
    assert_null(tori_tables[TORI_TABLE_JOURNAL].remove);
    assert_null(tori_tables[TORI_TABLE_EVIDENCE_BODY].update);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(views_of_both_kinds_have_one_layout),
        unit(put_inserts_then_updates),
        unit(revert_leaves_no_trace),
        unit(rows_own_what_they_point_at),
        unit(evidence_takes_inserts_only),
    };
    return tori_unit_run("unit/model", tests);
}
