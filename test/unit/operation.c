/* Operation types, the canonical form and the challenge, against vectors that the sample broker's
 * own implementation made (test/data/canonical.json). */
#include "test/unit/unit.h"

#include <stdlib.h>

#include "base/file.h"
#include "codec/base64url.h"
#include "codec/nfc.h"
#include "domain/operation/operation.h"

/* Our JSON reader refuses a NUL in any text, so the vector with one becomes one with U+0001. */
static void replace_nul(struct tori_bytes text)
{
    char *nul = memmem(text.at, text.len, "\\u0000", 6);
    if (nul != NULL)
        nul[5] = '1';
}

static struct tori_json load_vectors(struct tori_ctx *cx)
{
    struct tori_bytes text;
    struct tori_json json;

    assert_ok(cx, tori_file_read(cx, TORI_TEST_DATA "/canonical.json", 1024 * 1024, &text));
    replace_nul(text);
    assert_ok(cx, tori_json_parse(cx, text, &json));
    return json;
}

static struct tori_str text_of(const struct tori_json *object, const char *name)
{
    const struct tori_json *member = tori_json_get(object, tori_str_z(name));
    return member == NULL ? (struct tori_str){"", 0} : member->text;
}

static struct tori_id id_of(struct tori_ctx *cx, const struct tori_json *object, const char *name)
{
    struct tori_id id;
    assert_ok(cx, tori_id_parse(cx, text_of(object, name), &id));
    return id;
}

static struct tori_result canonical_of(struct tori_ctx *cx, const struct tori_json *op,
                                       struct tori_bytes *out)
{
    struct tori_value value[TORI_VALUES_MAX];
    const struct tori_operation_entry *entry = tori_operation_named(text_of(op, "type"));

    if (entry == NULL)
        return TORI_FAIL(cx, OPERATION_TYPE_UNKNOWN);
    char purpose[16] = {0};
    memcpy(purpose, text_of(op, "purpose").at, text_of(op, "purpose").len);
    struct tori_canonical_head head = {
        .entry = entry,
        .operation = id_of(cx, op, "operation"),
        .channel = id_of(cx, op, "channel"),
        .origin = text_of(op, "origin"),
        .purpose = purpose,
        .customer = text_of(op, "customer"),
        .account = text_of(op, "account"),
    };
    TORI_TRY(tori_operation_read(cx, entry->type, tori_json_get(op, TORI_STR("fields")), value));
    return tori_canonical(cx, &head, value, out);
}

static struct tori_hash hash_of_hex(struct tori_str hex)
{
    struct tori_hash h;
    char pair[3] = {0};

    assert_int_equal(hex.len, 64);
    for (size_t i = 0; i < 32; i++) {
        memcpy(pair, hex.at + 2 * i, 2);
        h.at[i] = (uint8_t)strtoul(pair, NULL, 16);
    }
    return h;
}

/* AUTH-26: what is approved is bound, field by field, and two implementations agree on the
 * bytes. */
static void the_broker_agrees_on_every_vector(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_json json = load_vectors(cx);
    const struct tori_json *vectors = tori_json_get(&json, TORI_STR("vectors"));

    assert_true(vectors->count >= 12);
    for (size_t i = 0; i < vectors->count; i++) {
        const struct tori_json *vector = &vectors->item[i];
        struct tori_bytes canonical;
        assert_ok(cx, canonical_of(cx, tori_json_get(vector, TORI_STR("operation")), &canonical));
        if (!tori_str_eq(tori_bytes_str(canonical), text_of(vector, "canonical")))
            fail_msg("vector %.*s: the forms differ", TORI_STR_ARG(text_of(vector, "name")));
        struct tori_hash hash = tori_sha256(canonical),
                         want = hash_of_hex(text_of(vector, "sha256"));
        assert_true(tori_hash_eq(&hash, &want));
        struct tori_hash nonce = hash_of_hex(text_of(vector, "nonce"));
        struct tori_hash challenge = tori_challenge(&nonce, &hash);
        want = hash_of_hex(text_of(vector, "challenge"));
        assert_true(tori_hash_eq(&challenge, &want));
    }
}

static void texts_that_look_alike_are_refused(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_json json = load_vectors(cx);
    const struct tori_json *refused = tori_json_get(&json, TORI_STR("refused"));

    assert_non_null(refused);
    assert_true(refused->count >= 2);
    for (size_t i = 0; i < refused->count; i++) {
        const struct tori_json *op = tori_json_get(&refused->item[i], TORI_STR("operation"));
        struct tori_bytes canonical;
        assert_fails(canonical_of(cx, op == NULL ? &refused->item[i] : op, &canonical),
                     TORI_ERR_BAD_FIELD);
    }
}

/* The widest text there is: as many characters as fit, four bytes each. */
static void the_longest_text_is_taken_and_no_longer_one(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_buf buf = tori_buf_new(cx->arena, 4096);

    for (int i = 0; i < 512; i++)
        tori_buf_z(&buf, "\xf0\xa0\x80\x80"); /* U+20000 */
    assert_true(tori_nfc_plain(tori_buf_text(&buf)));
    tori_buf_z(&buf, "a");
    assert_false(tori_nfc_plain(tori_buf_text(&buf)));
}

static struct tori_result read_fields(struct tori_ctx *cx, const char *type, const char *fields)
{
    struct tori_json json;
    struct tori_value value[TORI_VALUES_MAX];

    TORI_TRY(tori_json_parse(cx, tori_str_bytes(tori_str_z(fields)), &json));
    return tori_operation_read(cx, tori_operation_named(tori_str_z(type))->type, &json, value);
}

static void fields_keep_their_limits(void **state)
{
    struct tori_ctx *cx = *state;
    static const char *const bad[][2] = {
        {"withdrawal", "{\"amount\":{\"currency\":\"JPY\",\"minor\":0},\"payout_account\":\"P\"}"},
        {"withdrawal", "{\"amount\":{\"currency\":\"jpy\",\"minor\":1},\"payout_account\":\"P\"}"},
        {"withdrawal",
         "{\"amount\":{\"currency\":\"JPY\",\"minor\":1,\"x\":1},\"payout_account\":\"P\"}"},
        {"withdrawal", "{\"amount\":500,\"payout_account\":\"P\"}"},
        {"payout_account_change", "{\"bank_code\":\"12a4\",\"branch_code\":\"001\",\"kind\":"
                                  "\"ordinary\",\"number\":\"1234567\",\"holder\":\"X\"}"},
        {"order",
         "{\"side\":\"short\",\"symbol\":\"0001\",\"quantity\":1,\"order_type\":\"market\"}"},
        {"order",
         "{\"side\":\"buy\",\"symbol\":\"0001\",\"quantity\":0,\"order_type\":\"market\"}"},
        {"credential_remove", "{\"credential\":\"short\"}"},
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_fails(read_fields(cx, bad[i][0], bad[i][1]), TORI_ERR_BAD_FIELD);
    assert_fails(read_fields(cx, "withdrawal", "{\"payout_account\":\"P\"}"),
                 TORI_ERR_MISSING_FIELD);
    assert_fails(read_fields(cx, "login", "{\"x\":1}"), TORI_ERR_UNKNOWN_FIELD);
}

static void lines_read_back(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_bytes text =
        tori_str_bytes(TORI_STR("torimori.op.v1\na=text:x\\\\y=z:w\nb=int:5\n"));
    struct tori_canonical_line line;
    struct tori_str plain;
    size_t at = 0;

    assert_true(tori_canonical_next(text, &at, &line));
    assert_text(line.name, "a");
    assert_ok(cx, tori_canonical_text(cx, line.value, &plain));
    assert_text(plain, "x\\y=z:w");
    assert_true(tori_canonical_next(text, &at, &line));
    assert_text(line.kind, "int");
    assert_false(tori_canonical_next(text, &at, &line));
}

/* Every step that the table does not hold is refused: nothing leads out of an end. */
static void ends_are_ends(void **state)
{
    struct tori_ctx *cx = *state;
    static const int64_t ends[] = {TORI_OP_DENIED, TORI_OP_REDEEMED, TORI_OP_LAPSED,
                                   TORI_OP_EXPIRED};
    int64_t to;

    for (size_t i = 0; i < 4; i++)
        for (int event = TORI_OP_ALLOW; event <= TORI_OP_TOO_LATE; event++)
            assert_fails(tori_operation_step(cx, ends[i], (enum tori_operation_event)event, &to),
                         TORI_ERR_OPERATION_STATE);
    assert_fails(tori_operation_step(cx, TORI_OP_STEP_UP, TORI_OP_ALLOW, &to),
                 TORI_ERR_OPERATION_STATE);
    assert_fails(tori_operation_step(cx, TORI_OP_STEP_UP, TORI_OP_REDEEM, &to),
                 TORI_ERR_OPERATION_STATE);
    assert_ok(cx, tori_operation_step(cx, TORI_OP_STEP_UP, TORI_OP_PROVE, &to));
    assert_int_equal(to, TORI_OP_ALLOWED);
    for (int event = TORI_VISIT_BIND; event <= TORI_VISIT_FAIL; event++)
        assert_fails(tori_visit_step(cx, TORI_VISIT_COLLECTED, (enum tori_visit_event)event, &to),
                     TORI_ERR_INTERACTION_STATE);
}

/* AUTH-04: the three that the guideline names are important, and say so for good. */
static void the_three_are_always_important(void **state)
{
    (void)state;
    static const char *const three[] = {"login", "withdrawal", "payout_account_change"};
    for (size_t i = 0; i < 3; i++)
        assert_true(tori_operation_named(tori_str_z(three[i]))->type->always_important);
    assert_null(tori_operation_named(TORI_STR("withdraw")));
    assert_null(tori_operation_named(TORI_STR("withdrawals")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(the_broker_agrees_on_every_vector),
        unit(texts_that_look_alike_are_refused),
        unit(the_longest_text_is_taken_and_no_longer_one),
        unit(fields_keep_their_limits),
        unit(lines_read_back),
        unit(ends_are_ends),
        unit(the_three_are_always_important),
    };
    return tori_unit_run("unit/operation", tests);
}
