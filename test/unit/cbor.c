/* CBOR: what both modes read, what one of them refuses, what both refuse. */
#include "test/unit/hex.h"

#include "codec/cbor.h"

static struct tori_result parse(struct tori_ctx *cx, const char *hex, enum tori_cbor_mode mode,
                                struct tori_cbor *out)
{
    return tori_cbor_parse(cx, hex_bytes(cx, hex), mode, out);
}

static void expect_both(struct tori_ctx *cx, const char *hex, tori_err err)
{
    struct tori_cbor value;

    for (enum tori_cbor_mode mode = TORI_CBOR_STRICT; mode <= TORI_CBOR_LENIENT; mode++) {
        struct tori_result result = parse(cx, hex, mode, &value);
        if (result.err != err)
            fail_msg("%s in mode %d: %s, not %s", hex, (int)mode, tori_err_name(result.err),
                     tori_err_name(err));
    }
}

static void values_of_every_kind(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_cbor value;

    /* {1: -7, 2: h'0102', -1: true, "a": [null, 24, -9223372036854775808], "取": {}} */
    assert_ok(cx, parse(cx, "a5 0126 02420102 20f5 6161 83 f6 1818 3b7fffffffffffffff 63e58f96 a0",
                        TORI_CBOR_STRICT, &value));
    assert_int_equal(value.kind, TORI_CBOR_MAP);
    assert_int_equal(value.count, 5);
    assert_int_equal(tori_cbor_get_int(&value, 1)->number, -7);
    assert_int_equal(tori_cbor_get_int(&value, 2)->bytes.len, 2);
    assert_int_equal(tori_cbor_get_int(&value, -1)->kind, TORI_CBOR_BOOL);
    const struct tori_cbor *list = tori_cbor_get(&value, TORI_STR("a"));
    assert_int_equal(list->count, 3);
    assert_int_equal(list->item[0].kind, TORI_CBOR_NULL);
    assert_int_equal(list->item[1].number, 24);
    assert_true(list->item[2].number == INT64_MIN);
    assert_int_equal(tori_cbor_get(&value, TORI_STR("取"))->kind, TORI_CBOR_MAP);
    assert_null(tori_cbor_get(&value, TORI_STR("b")));
    assert_null(tori_cbor_get_int(&value, 3));
    assert_null(tori_cbor_get_int(list, 0));
}

static void read_says_how_much_it_used(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_cbor value;
    size_t used;

    assert_ok(cx,
              tori_cbor_read(cx, hex_bytes(cx, "a10102 ffff"), TORI_CBOR_STRICT, &value, &used));
    assert_int_equal(used, 3);
    expect_both(cx, "a10102 00", TORI_ERR_PROOF_MALFORMED);
}

/* CTAP2 canonical CBOR, required inside the authenticator data */
static void only_lenient_takes_any_order_and_indefinite_lengths(void **state)
{
    struct tori_ctx *cx = *state;
    static const char *const cases[] = {
        "a2 02 00 01 00",       /* integers out of order */
        "a2 20 00 01 00",       /* negative before positive */
        "a2 21 00 20 00",       /* -2 before -1 */
        "a2 6161 00 01 00",     /* text before integer */
        "a2 6162 00 6161 00",   /* text out of order */
        "a2 626161 00 6162 00", /* longer before shorter */
        "bf 01 00 ff",          /* map of indefinite length */
        "9f 01 9f ff ff",       /* lists */
        "5f 4101 40 420203 ff", /* bytes in pieces */
        "7f 6161 60 ff",        /* text in pieces */
    };
    struct tori_cbor value;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_fails(parse(cx, cases[i], TORI_CBOR_STRICT, &value), TORI_ERR_PROOF_MALFORMED);
        assert_ok(cx, parse(cx, cases[i], TORI_CBOR_LENIENT, &value));
    }
    assert_ok(cx, parse(cx, "5f 4101 40 420203 ff", TORI_CBOR_LENIENT, &value));
    assert_true(tori_bytes_eq(value.bytes, hex_bytes(cx, "010203")));
    assert_ok(cx, parse(cx, "9f 00 01 02 03 04 05 06 07 08 09 ff", TORI_CBOR_LENIENT, &value));
    assert_int_equal(value.count, 10);
    assert_int_equal(value.item[9].number, 9);
}

static void both_modes_refuse(void **state)
{
    struct tori_ctx *cx = *state;
    static const char *const cases[] = {
        "",
        "a2 01 00 01 00", /* duplicate keys */
        "a2 6161 00 6161 01",
        "a3 01 00 02 00 01 00",
        "a1 40 00", /* a key of bytes, a list, true */
        "a1 80 00",
        "a1 f5 00",
        "c0 00", /* tag */
        "d8 18 40",
        "f9 0000", /* floats */
        "fa 00000000",
        "fb 0000000000000000",
        "f7", /* undefined, simple values */
        "e0",
        "f8 20",
        "ff", /* a break without a beginning */
        "81 ff",
        "bf 01 ff", /* a break between key and value */
        "1f",       /* indefinite integers */
        "3f",
        "1c",
        "1d",
        "1e",    /* reserved */
        "18 17", /* longer than need be */
        "19 00ff",
        "1a 0000ffff",
        "1b 00000000ffffffff",
        "58 01 00",
        "b8 01 01 02",
        "1b 8000000000000000", /* outside int64 */
        "3b 8000000000000000",
        "18", /* cut off */
        "42 01",
        "82 01",
        "a1 01",
        "5b 7fffffffffffffff 00", /* huge lengths */
        "9b 7fffffffffffffff 00",
        "bb 7fffffffffffffff 00",
        "62 c0af", /* text that is not UTF-8 */
        "61 00",
        "5f 41", /* pieces: cut off, of another kind, nested, without end */
        "5f 6161 ff",
        "5f 5f ff ff",
        "5f 4101",
    };

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        expect_both(cx, cases[i], TORI_ERR_PROOF_MALFORMED);
}

static void depth_is_bounded(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_cbor value;
    uint8_t bomb[5000];

    assert_ok(cx, parse(cx, "81818180", TORI_CBOR_STRICT, &value));
    assert_fails(parse(cx, "8181818180", TORI_CBOR_STRICT, &value), TORI_ERR_TOO_DEEP);
    assert_ok(cx, parse(cx, "818181818180", TORI_CBOR_LENIENT, &value));
    assert_fails(parse(cx, "81818181818180", TORI_CBOR_LENIENT, &value), TORI_ERR_TOO_DEEP);
    memset(bomb, 0x81, sizeof(bomb));
    assert_fails(tori_cbor_parse(cx, TORI_BYTES_OF(bomb), TORI_CBOR_LENIENT, &value),
                 TORI_ERR_TOO_DEEP);
    memset(bomb, 0x9f, sizeof(bomb));
    assert_fails(tori_cbor_parse(cx, TORI_BYTES_OF(bomb), TORI_CBOR_LENIENT, &value),
                 TORI_ERR_TOO_DEEP);
}

static void items_are_bounded(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_cbor value;
    uint8_t list[3 + 300] = {0x99, 0x01, 0x2c};
    uint8_t endless[302] = {0x9f};
    uint8_t pieces[302];

    assert_fails(tori_cbor_parse(cx, TORI_BYTES_OF(list), TORI_CBOR_STRICT, &value),
                 TORI_ERR_TOO_LARGE);
    endless[301] = 0xff;
    assert_fails(tori_cbor_parse(cx, TORI_BYTES_OF(endless), TORI_CBOR_LENIENT, &value),
                 TORI_ERR_TOO_LARGE);
    memset(pieces, 0x40, sizeof(pieces));
    pieces[0] = 0x5f;
    pieces[301] = 0xff;
    assert_fails(tori_cbor_parse(cx, TORI_BYTES_OF(pieces), TORI_CBOR_LENIENT, &value),
                 TORI_ERR_TOO_LARGE);
    /* 255 values and the list itself */
    list[0] = 0x98;
    list[1] = 255;
    list[2] = 0;
    assert_ok(cx,
              tori_cbor_parse(cx, (struct tori_bytes){list, 2 + 255}, TORI_CBOR_STRICT, &value));
    assert_int_equal(value.count, 255);
}

/* Every proper prefix of a document is cut off, never something else. */
static void every_prefix_is_refused(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_bytes whole =
        hex_bytes(cx, "a3 01 83 18ff 420102 f6 02 a1 6161 3903e7 6162 1a00010000");
    struct tori_cbor value;

    assert_ok(cx, tori_cbor_parse(cx, whole, TORI_CBOR_STRICT, &value));
    for (size_t n = 0; n < whole.len; n++)
        assert_fails(
            tori_cbor_parse(cx, (struct tori_bytes){whole.at, n}, TORI_CBOR_LENIENT, &value),
            TORI_ERR_PROOF_MALFORMED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(values_of_every_kind),
        unit(read_says_how_much_it_used),
        unit(only_lenient_takes_any_order_and_indefinite_lengths),
        unit(both_modes_refuse),
        unit(depth_is_bounded),
        unit(items_are_bounded),
        unit(every_prefix_is_refused),
    };
    return tori_unit_run("cbor", tests);
}
