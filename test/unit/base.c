/* The ground floor: views, arena, buffers, clock, randomness, texts. */
#include "test/unit/unit.h"

#include "base/buf.h"
#include "base/hash.h"
#include "base/secret.h"
#include "base/text.h"

static void utf8_is_strict(void **state)
{
    (void)state;
    assert_true(tori_utf8_valid(tori_str_bytes(TORI_STR("取守 torimori"))));
    assert_false(tori_utf8_valid((struct tori_bytes){(const uint8_t *)"a\0b", 3}));
    assert_false(tori_utf8_valid(tori_str_bytes(TORI_STR("\xc0\xaf"))));         /* overlong */
    assert_false(tori_utf8_valid(tori_str_bytes(TORI_STR("\xed\xa0\x80"))));     /* surrogate */
    assert_false(tori_utf8_valid(tori_str_bytes(TORI_STR("\xf4\x90\x80\x80")))); /* > U+10FFFF */
    assert_false(tori_utf8_valid(tori_str_bytes(TORI_STR("\xe3\x81"))));         /* cut off */
}

static void errors_are_named_in_lower_case(void **state)
{
    (void)state;
    assert_string_equal(tori_err_name(TORI_ERR_NONE), "none");
    assert_string_equal(tori_err_name(TORI_ERR_PROOF_SIGN_COUNT), "proof_sign_count");
    assert_string_equal(tori_err_name(TORI_ERR_COUNT), "internal");
    assert_int_equal(tori_err_status(TORI_ERR_NONE), 200);
    assert_int_equal(tori_err_status(TORI_ERR_BUSY), 503);
}

static void arena_stops_at_its_cap(void **state)
{
    (void)state;
    struct tori_arena *arena = tori_arena_new(100 * 1000);
    uint8_t *a = tori_arena_take(arena, 60 * 1000);
    assert_non_null(a);
    memset(a, 0xff, 60 * 1000);
    assert_null(tori_arena_take(arena, 60 * 1000));
    tori_arena_reset(arena);
    a = tori_arena_take(arena, 7000);
    for (size_t i = 0; i < 7000; i++)
        assert_int_equal(a[i], 0);
    tori_arena_free(arena);
}

static void buffers_escape_and_encode(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_buf buf = tori_buf_new(cx->arena, 1000);

    tori_buf_html(&buf, TORI_STR("<a href='x'>&\"</a>"));
    assert_text(tori_buf_text(&buf), "&lt;a href=&#39;x&#39;&gt;&amp;&quot;&lt;/a&gt;");
    buf.len = 0;
    tori_buf_json_str(&buf, TORI_STR("a\"\\\n取"));
    assert_text(tori_buf_text(&buf), "\"a\\\"\\\\\\u000a取\"");
    buf.len = 0;
    tori_buf_b64u(&buf, tori_str_bytes(TORI_STR("\xfb\xff\xbe?")));
    assert_text(tori_buf_text(&buf), "-_--Pw");
    buf.len = 0;
    tori_buf_b64(&buf, tori_str_bytes(TORI_STR("a")));
    assert_text(tori_buf_text(&buf), "YQ==");
}

static void a_full_buffer_says_so(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_buf buf = tori_buf_new(cx->arena, 8);

    tori_buf_z(&buf, "12345678");
    assert_ok(cx, tori_buf_done(cx, &buf));
    tori_buf_z(&buf, "9");
    assert_fails(tori_buf_done(cx, &buf), TORI_ERR_TOO_LARGE);
}

static void time_prints_and_parses(void **state)
{
    (void)state;
    static const tori_time times[] = {
        0, 1, 951782400000, 1795150800123, 4102444799999, 253402300799999};
    for (size_t i = 0; i < sizeof(times) / sizeof(times[0]); i++) {
        char text[TORI_TIME_TEXT];
        tori_time back;
        tori_time_print(times[i], text);
        assert_true(tori_time_parse((struct tori_str){text, sizeof(text)}, &back));
        assert_int_equal(back, times[i]);
    }
    tori_time t;
    assert_true(tori_time_parse(TORI_STR("2000-02-29T00:00:00Z"), &t));
    assert_int_equal(t, 951782400000);
    assert_false(tori_time_parse(TORI_STR("2001-02-29T00:00:00Z"), &t));
    assert_false(tori_time_parse(TORI_STR("2000-02-29T24:00:00Z"), &t));
    assert_false(tori_time_parse(TORI_STR("2000-02-29 00:00:00Z"), &t));
    assert_false(tori_time_parse(TORI_STR("2000-02-29T00:00:00.000+"), &t));
}

static void hashes_are_the_published_ones(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_buf buf = tori_buf_new(cx->arena, 100);
    struct tori_hash h = tori_sha256(tori_str_bytes(TORI_STR("abc")));

    tori_buf_hex(&buf, tori_hash_bytes(&h));
    assert_text(tori_buf_text(&buf),
                "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

static void hmac_is_rfc_4231(void **state)
{
    /* Test case 1 of RFC 4231 with its 20-byte key padded by zeros, as HMAC itself pads it. */
    struct tori_ctx *cx = *state;
    struct tori_buf buf = tori_buf_new(cx->arena, 100);
    struct tori_key32 key = {{0}};

    memset(key.at, 0x0b, 20);
    struct tori_hash h = tori_hmac_sha256(&key, tori_str_bytes(TORI_STR("Hi There")));
    tori_buf_hex(&buf, tori_hash_bytes(&h));
    assert_text(tori_buf_text(&buf),
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
}

static void a_fixed_seed_repeats(void **state)
{
    (void)state;
    struct tori_random a, b;
    tori_random_fixed(&a, 7);
    tori_random_fixed(&b, 7);
    struct tori_id first = tori_id_new(&a, 1795150800123, 5);
    struct tori_id second = tori_id_new(&b, 1795150800123, 5);
    assert_true(tori_id_eq(&first, &second));
    assert_int_equal(tori_id_bucket(&first), 5);
    assert_int_equal(first.at[8] >> 4, 7);
    struct tori_id third = tori_id_new(&a, 1795150800123, 5);
    assert_false(tori_id_eq(&first, &third));
}

static void texts_fill_their_holes(void **state)
{
    struct tori_ctx *cx = *state;
    enum tori_text_key key;

    assert_true(tori_text_find(TORI_STR("error.locked"), &key));
    assert_int_equal(key, TORI_T_ERROR_LOCKED);
    assert_false(tori_text_find(TORI_STR("error.lock"), &key));
    struct tori_buf buf = tori_buf_new(cx->arena, 500);
    tori_text_put(&buf, TORI_EN, TORI_T_ERROR_LOCKED, NULL);
    assert_true(buf.len > 10);
}

/* A comparison that always says yes, or looks at a part only, must not pass. */
static void secrets_compare_whole(void **state)
{
    struct tori_key32 a = {{0}}, b = {{0}};

    (void)state;
    assert_true(tori_ct_eq(&a, &b, sizeof(a)));
    for (size_t i = 0; i < sizeof(a); i++) {
        b.at[i] = 1;
        assert_false(tori_ct_eq(&a, &b, sizeof(a)));
        b.at[i] = 0;
    }
    tori_wipe(&a, sizeof(a));
    assert_true(tori_ct_eq(&a, &b, sizeof(a)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(utf8_is_strict),
        unit(errors_are_named_in_lower_case),
        unit(arena_stops_at_its_cap),
        unit(buffers_escape_and_encode),
        unit(a_full_buffer_says_so),
        unit(time_prints_and_parses),
        unit(hashes_are_the_published_ones),
        unit(hmac_is_rfc_4231),
        unit(a_fixed_seed_repeats),
        unit(texts_fill_their_holes),
        unit(secrets_compare_whole),
    };
    return tori_unit_run("unit/base", tests);
}
