/* Sealed bytes open only where they lie, for whom they belong to, unaltered. */
#include "test/unit/unit.h"

#include "domain/evidence/seal.h"

static const struct tori_key32 key = {{1, 2, 3}};
static const struct tori_key32 other_key = {{1, 2, 4}};

static struct tori_sealing sealing_of(const struct tori_id *owner)
{
    return (struct tori_sealing){.key = &key,
                                 .owner = owner,
                                 .row = {(const uint8_t *)"row 7", 5},
                                 .column = TORI_STR("contact.sealed_value")};
}

static struct tori_id begin(struct tori_ctx *cx)
{
    tori_aead_init();
    return tori_id_new(&cx->random, cx->now, 3);
}

static void what_is_sealed_opens(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_id owner = begin(cx);
    struct tori_sealing s = sealing_of(&owner);
    static uint8_t text[1000];
    struct tori_bytes sealed, again, plain;

    for (size_t n = 0; n <= sizeof(text); n += 125) {
        assert_ok(cx, tori_seal(cx, &s, (struct tori_bytes){text, n}, &sealed));
        assert_ok(cx, tori_seal(cx, &s, (struct tori_bytes){text, n}, &again));
        assert_int_equal(sealed.len, TORI_SEAL_HEAD + n + TORI_AEAD_TAG);
        assert_int_equal(sealed.at[0], TORI_SEAL_AES256GCM);
        assert_false(tori_bytes_eq(sealed, again)); /* another nonce */
        assert_ok(cx, tori_unseal(cx, &s, sealed, &plain));
        assert_true(tori_bytes_eq(plain, (struct tori_bytes){text, n}));
    }
}

static void a_given_nonce_repeats(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_id owner = begin(cx);
    struct tori_sealing s = sealing_of(&owner);
    static const uint8_t nonce[TORI_AEAD_NONCE] = {9};
    struct tori_bytes one, two;

    s.nonce = nonce;
    assert_ok(cx, tori_seal(cx, &s, tori_str_bytes(TORI_STR("x")), &one));
    assert_ok(cx, tori_seal(cx, &s, tori_str_bytes(TORI_STR("x")), &two));
    assert_true(tori_bytes_eq(one, two));
}

static void moved_bytes_do_not_open(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_id owner = begin(cx), stranger = tori_id_new(&cx->random, cx->now, 3);
    struct tori_sealing s = sealing_of(&owner);
    struct tori_bytes sealed, plain;

    assert_ok(cx, tori_seal(cx, &s, tori_str_bytes(TORI_STR("03-0000-0000")), &sealed));
    struct tori_sealing moved[5] = {s, s, s, s, s};
    moved[0].owner = &stranger;
    moved[1].row = (struct tori_bytes){(const uint8_t *)"row 8", 5};
    moved[2].column = TORI_STR("payee.sealed_account");
    moved[3].key = &other_key;
    /* The border between row and column moved by one byte. */
    moved[4].row.len--;
    moved[4].column = TORI_STR("7contact.sealed_value");
    for (size_t i = 0; i < 5; i++)
        assert_fails(tori_unseal(cx, &moved[i], sealed, &plain), TORI_ERR_STORE_DATA);
    assert_ok(cx, tori_unseal(cx, &s, sealed, &plain));
}

static void altered_bytes_do_not_open(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_id owner = begin(cx);
    struct tori_sealing s = sealing_of(&owner);
    struct tori_bytes sealed, plain;

    assert_ok(cx, tori_seal(cx, &s, tori_str_bytes(TORI_STR("03-0000-0000")), &sealed));
    uint8_t *bent = tori_arena_copy(cx->arena, sealed.at, sealed.len);
    for (size_t i = 0; i < sealed.len; i++) {
        bent[i] ^= 0x10;
        assert_fails(tori_unseal(cx, &s, (struct tori_bytes){bent, sealed.len}, &plain),
                     TORI_ERR_STORE_DATA);
        bent[i] ^= 0x10;
        assert_fails(tori_unseal(cx, &s, (struct tori_bytes){bent, i}, &plain),
                     TORI_ERR_STORE_DATA);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(what_is_sealed_opens),
        unit(a_given_nonce_repeats),
        unit(moved_bytes_do_not_open),
        unit(altered_bytes_do_not_open),
    };
    return tori_unit_run("unit/seal", tests);
}
