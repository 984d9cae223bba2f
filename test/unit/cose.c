/* COSE keys and signatures: cases 39 and 42 … 46 of the list of what a relying party must
 * refuse. */
#include "test/unit/authenticator.h"
#include "test/unit/hex.h"

#include <openssl/bn.h>
#include <threads.h>

/* The generator of P-256: a point that is certainly on the curve. */
#define GX "6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
#define GY "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5"
#define ZERO32 "0000000000000000000000000000000000000000000000000000000000000000"
#define P256                                                                                       \
    "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff" /* the prime itself */
/* A public key from RFC 8032 §7.1, test 1 */
#define ED "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"

static struct tori_result import(struct tori_ctx *cx, struct tori_bytes cose)
{
    struct tori_verify_key *key;

    TORI_TRY(tori_verify_key_new(cx, cose, &key));
    tori_verify_key_free(key);
    return TORI_OK;
}

static void expect_import(struct tori_ctx *cx, const char *hex, tori_err err)
{
    struct tori_result result = import(cx, hex_bytes(cx, hex));
    if (result.err != err)
        fail_msg("%s: %s, not %s", hex, tori_err_name(result.err), tori_err_name(err));
}

static const int64_t all_algs[] = {
    TORI_COSE_ES256,   TORI_COSE_ES384,     TORI_COSE_ES512,     TORI_COSE_ESP256,
    TORI_COSE_ESP384,  TORI_COSE_ESP512,    TORI_COSE_ES256K,    TORI_COSE_EDDSA,
    TORI_COSE_ED25519, TORI_COSE_ED448,     TORI_COSE_RS256,     TORI_COSE_RS384,
    TORI_COSE_RS512,   TORI_COSE_PS256,     TORI_COSE_PS384,     TORI_COSE_PS512,
    TORI_COSE_RS1,     TORI_COSE_ML_DSA_44, TORI_COSE_ML_DSA_65, TORI_COSE_ML_DSA_87,
};

/* ML-DSA came with OpenSSL 3.5; asked of OpenSSL here, not of the product. */
static bool has_ml_dsa(void)
{
    EVP_SIGNATURE *found = EVP_SIGNATURE_fetch(NULL, "ML-DSA-44", NULL);

    EVP_SIGNATURE_free(found);
    return found != NULL;
}

static bool is_ml_dsa(int64_t alg)
{
    return alg <= TORI_COSE_ML_DSA_44 && alg >= TORI_COSE_ML_DSA_87;
}

static void check_alg(struct tori_ctx *cx, int64_t alg)
{
    struct tori_bytes message = tori_str_bytes(TORI_STR("取守"));
    struct soft_passkey passkey;
    struct tori_verify_key *key;

    soft_passkey_new(cx, alg, &passkey);
    assert_ok(cx, tori_verify_key_new(cx, soft_cose(cx, &passkey), &key));
    assert_int_equal(tori_verify_key_alg(key), alg);
    struct tori_bytes signature = soft_sign(cx, &passkey, message);
    assert_ok(cx, tori_verify(cx, key, message, signature));
    assert_fails(tori_verify(cx, key, (struct tori_bytes){message.at, 5}, signature),
                 TORI_ERR_PROOF_SIGNATURE);
    assert_fails(
        tori_verify(cx, key, message, (struct tori_bytes){signature.at, signature.len - 1}),
        TORI_ERR_PROOF_SIGNATURE);
    assert_fails(tori_verify(cx, key, message, (struct tori_bytes){signature.at, 0}),
                 TORI_ERR_PROOF_SIGNATURE);
    soft_passkey_free(&passkey);
    tori_verify_key_free(key);
}

static void what_was_signed_verifies(void **state)
{
    struct tori_ctx *cx = *state;

    for (size_t i = 0; i < sizeof(all_algs) / sizeof(all_algs[0]); i++) {
        if (!is_ml_dsa(all_algs[i]) || has_ml_dsa())
            check_alg(cx, all_algs[i]);
    }
}

/* PQC-04 */
static void algorithms_go_by_their_names(void **state)
{
    int64_t alg;

    for (size_t i = 0; i < sizeof(all_algs) / sizeof(all_algs[0]); i++) {
        const char *name = tori_cose_name(all_algs[i]);
        bool due = all_algs[i] != TORI_COSE_RS1 && (!is_ml_dsa(all_algs[i]) || has_ml_dsa());
        assert_non_null(name);
        assert_int_equal(tori_cose_known(all_algs[i]), due);
        assert_int_equal(tori_cose_find(tori_str_z(name), &alg), due);
        assert_true(!due || alg == all_algs[i]);
    }
    static const char *const names[] = {"", "es256", "ES25", "ES2567", "RS1", "HS256", "none"};
    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        assert_false(tori_cose_find(tori_str_z(names[i]), &alg));
    assert_null(tori_cose_name(0));
    assert_false(tori_cose_known(0));
    (void)state;
}

/* A key whose alg is changed to that of another: of the same kind of key it is another algorithm,
 * of another kind it is no key. */
static void a_signature_is_of_its_algorithm_alone(void **state)
{
    static const struct {
        int64_t made, claimed;
    } pairs[] = {
        {TORI_COSE_RS256, TORI_COSE_PS256}, {TORI_COSE_PS256, TORI_COSE_RS256},
        {TORI_COSE_RS256, TORI_COSE_RS384}, {TORI_COSE_PS384, TORI_COSE_PS512},
        {TORI_COSE_RS1, TORI_COSE_RS256},
    };
    struct tori_ctx *cx = *state;
    struct tori_bytes message = tori_str_bytes(TORI_STR("m"));

    for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
        struct soft_passkey passkey;
        struct tori_verify_key *key;
        soft_passkey_new(cx, pairs[i].made, &passkey);
        struct tori_bytes signature = soft_sign(cx, &passkey, message);
        passkey.alg = pairs[i].claimed;
        assert_ok(cx, tori_verify_key_new(cx, soft_cose(cx, &passkey), &key));
        assert_fails(tori_verify(cx, key, message, signature), TORI_ERR_PROOF_SIGNATURE);
        tori_verify_key_free(key);
        soft_passkey_free(&passkey);
    }
}

/* OpenSSL 3.0 has no ML-DSA: the answer is that of an unknown algorithm, not of a broken key. */
static void without_ml_dsa_it_is_an_unknown_algorithm(void **state)
{
    struct tori_ctx *cx = *state;

    if (has_ml_dsa())
        expect_import(cx, "a3 01 07 03 382f 20 4100", TORI_ERR_PROOF_KEY);
    else
        expect_import(cx, "a3 01 07 03 382f 20 4100", TORI_ERR_PROOF_ALGORITHM);
}

static void a_shared_key_lives_until_its_last_owner(void **state)
{
    struct tori_ctx *cx = *state;
    struct soft_passkey passkey;
    struct tori_verify_key *key, *second;
    struct tori_bytes message = tori_str_bytes(TORI_STR("m"));

    soft_passkey_new(cx, TORI_COSE_ES256, &passkey);
    assert_ok(cx, tori_verify_key_new(cx, soft_cose(cx, &passkey), &key));
    second = tori_verify_key_share(key);
    tori_verify_key_free(key);
    assert_ok(cx, tori_verify(cx, second, message, soft_sign(cx, &passkey, message)));
    tori_verify_key_free(second);
    tori_verify_key_free(NULL);
    assert_null(tori_verify_key_share(NULL));
    soft_passkey_free(&passkey);
}

/* What the threads of the test below share; each has a context of its own. */
struct shared {
    const struct tori_verify_key *key;
    struct tori_bytes message;
    struct tori_bytes signature;
};
enum { THREADS = 4, VERIFICATIONS = 100 };

static int verify_often(void *argument)
{
    const struct shared *shared = argument;
    struct tori_ctx cx = {0};
    int wrong = 0;

    for (int i = 0; i < VERIFICATIONS; i++) {
        struct tori_bytes shorter = {shared->message.at, shared->message.len - 1};
        wrong += TORI_FAILED(tori_verify(&cx, shared->key, shared->message, shared->signature));
        wrong += !TORI_FAILED(tori_verify(&cx, shared->key, shorter, shared->signature));
    }
    return wrong;
}

static void threads_share_a_key(void **state)
{
    struct tori_ctx *cx = *state;

    for (size_t i = 0; i < 3; i++) {
        struct soft_passkey passkey;
        struct tori_verify_key *key;
        thrd_t thread[THREADS];
        soft_passkey_new(cx, all_algs[i], &passkey);
        assert_ok(cx, tori_verify_key_new(cx, soft_cose(cx, &passkey), &key));
        struct shared shared = {.key = key, .message = tori_str_bytes(TORI_STR("message"))};
        shared.signature = soft_sign(cx, &passkey, shared.message);
        for (size_t t = 0; t < THREADS; t++)
            assert_int_equal(thrd_create(&thread[t], verify_often, &shared), thrd_success);
        for (size_t t = 0; t < THREADS; t++) {
            int wrong = -1;
            assert_int_equal(thrd_join(thread[t], &wrong), thrd_success);
            assert_int_equal(wrong, 0);
        }
        tori_verify_key_free(key);
        soft_passkey_free(&passkey);
    }
}

static void peek_tells_length_and_algorithm(void **state)
{
    struct tori_ctx *cx = *state;
    size_t used;
    int64_t alg;

    assert_ok(cx, tori_cose_peek(cx, hex_bytes(cx, "a2 01 02 03 38ff ffff"), &used, &alg));
    assert_int_equal(used, 6);
    assert_int_equal(alg, -256);
    assert_fails(tori_cose_peek(cx, hex_bytes(cx, "a1 01 02"), &used, &alg), TORI_ERR_PROOF_KEY);
    assert_fails(tori_cose_peek(cx, hex_bytes(cx, "80"), &used, &alg), TORI_ERR_PROOF_KEY);
}

static void case_39_keys_are_canonical(void **state)
{
    struct tori_ctx *cx = *state;

    expect_import(cx, "a5 01 02 03 26 20 01 21 5820" GX "22 5820" GY, TORI_ERR_NONE);
    expect_import(cx, "a5 03 26 01 02 20 01 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_MALFORMED);
    expect_import(cx, "a6 01 02 01 02 03 26 20 01 21 5820" GX "22 5820" GY,
                  TORI_ERR_PROOF_MALFORMED);
    expect_import(cx, "bf 01 02 03 26 20 01 21 5820" GX "22 5820" GY "ff",
                  TORI_ERR_PROOF_MALFORMED);
    expect_import(cx, "a5 01 1802 03 26 20 01 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_MALFORMED);
    expect_import(cx, "a5 01 02 03 26 20 01 21 5820" GX "22 5820" GY "00",
                  TORI_ERR_PROOF_MALFORMED);
    /* WebAuthn L3 §6.5.1: no optional parameters, key_ops here */
    expect_import(cx, "a6 01 02 03 26 04 81 02 20 01 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_KEY);
}

static void case_42_type_algorithm_and_curve(void **state)
{
    struct tori_ctx *cx = *state;

    expect_import(cx, "a4 01 01 03 27 20 06 21 5820" ED, TORI_ERR_NONE);
    expect_import(cx, "a5 01 02 03 26 20 02 21 5820" GX "22 5820" GY,
                  TORI_ERR_PROOF_KEY); /* P-384 */
    expect_import(cx, "a5 01 02 03 26 20 08 21 5820" GX "22 5820" GY,
                  TORI_ERR_PROOF_KEY); /* secp256k1 */
    expect_import(cx, "a5 01 02 03 27 20 01 21 5820" GX "22 5820" GY,
                  TORI_ERR_PROOF_KEY);                                        /* EdDSA, EC2 */
    expect_import(cx, "a4 01 01 03 26 20 06 21 5820" ED, TORI_ERR_PROOF_KEY); /* ES256, OKP */
    expect_import(cx, "a4 01 01 03 27 20 04 21 5820" ED, TORI_ERR_PROOF_KEY); /* X25519 */
    expect_import(cx, "a4 01 01 03 27 20 07 21 5820" ED, TORI_ERR_PROOF_KEY); /* Ed448 */
    expect_import(cx, "a5 01 02 03 390100 20 01 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a5 01 02 03 6126 20 01 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a5 01 02 03 f6 20 01 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a5 01 6132 03 26 20 01 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_KEY);
    /* only the type is wrong */
    expect_import(cx, "a5 01 01 03 26 20 01 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a4 01 02 03 27 20 06 21 5820" ED, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a4 01 02 20 01 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_KEY); /* no alg */
    expect_import(cx, "a4 03 26 20 01 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_KEY); /* no kty */
    expect_import(cx, "a4 01 02 03 26 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_KEY); /* no crv */
    expect_import(cx, "a5 01 02 03 3827 20 01 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_ALGORITHM);
    /* ES384, ESP384, ES256K with P-256; Ed448 with Ed25519; RS256 as PS256 is a key all the same */
    expect_import(cx, "a5 01 02 03 3822 20 01 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a5 01 02 03 3822 20 02 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a5 01 02 03 3832 20 01 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a5 01 02 03 382e 20 01 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a5 01 02 03 382e 20 08 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a5 01 02 03 28 20 01 21 5820" GX "22 5820" GY, TORI_ERR_NONE); /* ESP256 */
    expect_import(cx, "a5 01 02 03 28 20 02 21 5820" GX "22 5820" GY, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a4 01 01 03 32 20 06 21 5820" ED, TORI_ERR_NONE); /* Ed25519 */
    expect_import(cx, "a4 01 01 03 32 20 07 21 5820" ED, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a4 01 01 03 3834 20 06 21 5820" ED, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a4 01 01 03 3834 20 07 21 5820" ED, TORI_ERR_PROOF_KEY);
}

static void case_43_points(void **state)
{
    struct tori_ctx *cx = *state;

    expect_import(cx, "a5 01 02 03 26 20 01 21 5820" GY "22 5820" GX,
                  TORI_ERR_PROOF_KEY); /* off it */
    expect_import(cx, "a5 01 02 03 26 20 01 21 5820" ZERO32 "22 5820" ZERO32, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a5 01 02 03 26 20 01 21 5820" P256 "22 5820" GY, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a5 01 02 03 26 20 01 21 40 22 40", TORI_ERR_PROOF_KEY); /* infinity, as if */
    expect_import(cx, "a5 01 02 03 26 20 01 21 5821 00" GX "22 5821 00" GY, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a5 01 02 03 26 20 01 21 5820" GX "22 5821 00" GY, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a5 01 02 03 26 20 01 21 5820" GX "22 f5",
                  TORI_ERR_PROOF_KEY); /* compressed */
    expect_import(cx, "a4 01 02 03 26 20 01 21 5820" GX, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a4 01 01 03 27 20 06 21 5821 00" ED, TORI_ERR_PROOF_KEY);
    expect_import(cx, "a4 01 01 03 27 20 06 21 40", TORI_ERR_PROOF_KEY);
}

/* With one of these keys anybody can sign anything. */
static void case_43_points_of_small_order(void **state)
{
    struct tori_ctx *cx = *state;
    static const char *const points[] = {
        ZERO32,
        "0000000000000000000000000000000000000000000000000000000000000080",
        "0100000000000000000000000000000000000000000000000000000000000000",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    };
    char hex[100];

    for (size_t i = 0; i < sizeof(points) / sizeof(points[0]); i++) {
        snprintf(hex, sizeof(hex), "a4 01 01 03 27 20 06 21 5820%s", points[i]);
        expect_import(cx, hex, TORI_ERR_PROOF_KEY);
    }
}

/* The same for Ed448, where p = 2^448 - 2^224 - 1: 0, 1, p - 1, p, p + 1, each with both signs. */
static void case_43_points_of_small_order_448(void **state)
{
    struct tori_ctx *cx = *state;
    static const uint8_t parts[][4] = {/* the first byte, up to 27, the 28th, up to 55 */
                                       {0, 0, 0, 0},
                                       {1, 0, 0, 0},
                                       {0xfe, 0xff, 0xfe, 0xff},
                                       {0xff, 0xff, 0xfe, 0xff},
                                       {0, 0, 0xff, 0xff}};
    uint8_t cose[] = {0xa4, 1, 1, 3, 0x38, 0x34, 0x20, 7, 0x21, 0x58, 57, [67] = 0};

    for (int i = 0; i < 10; i++) {
        memset(cose + 11, parts[i / 2][1], 28);
        memset(cose + 39, parts[i / 2][3], 28);
        cose[11] = parts[i / 2][0];
        cose[39] = parts[i / 2][2];
        cose[67] = i % 2 == 0 ? 0 : 0x80;
        assert_fails(import(cx, TORI_BYTES_OF(cose)), TORI_ERR_PROOF_KEY);
    }
}

/* An RSA key: `bytes` of modulus, its first and last byte set, and an exponent. */
static struct tori_bytes rsa_key(struct tori_ctx *cx, size_t bytes, uint8_t first, uint8_t last,
                                 const char *exponent)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 4096);
    uint8_t modulus[600];

    memset(modulus, 0x5a, sizeof(modulus));
    modulus[0] = first;
    modulus[bytes - 1] = last;
    soft_cbor_head(&buf, 5, 4);
    soft_cbor_int(&buf, 1);
    soft_cbor_int(&buf, 3);
    soft_cbor_int(&buf, 3);
    soft_cbor_int(&buf, TORI_COSE_RS256);
    soft_cbor_int(&buf, -1);
    soft_cbor_bytes(&buf, (struct tori_bytes){modulus, bytes});
    soft_cbor_int(&buf, -2);
    soft_cbor_bytes(&buf, hex_bytes(cx, exponent));
    return tori_buf_view(&buf);
}

static void case_44_rsa_keys(void **state)
{
    struct tori_ctx *cx = *state;

    assert_ok(cx, import(cx, rsa_key(cx, 256, 0x80, 0x01, "010001")));
    assert_ok(cx, import(cx, rsa_key(cx, 256, 0x80, 0x01, "03")));
    assert_ok(cx, import(cx, rsa_key(cx, 512, 0xff, 0x01, "010001")));
    const struct tori_bytes bad[] = {
        rsa_key(cx, 256, 0x7f, 0x01, "010001"), /* 2047 bits */
        rsa_key(cx, 128, 0xff, 0x01, "010001"),
        rsa_key(cx, 513, 0x01, 0x01, "010001"), /* 4097 bits */
        rsa_key(cx, 257, 0x00, 0x01, "010001"), /* a leading zero */
        rsa_key(cx, 256, 0x80, 0x02, "010001"), /* even */
        rsa_key(cx, 256, 0x80, 0x01, ""),
        rsa_key(cx, 256, 0x80, 0x01, "01"),
        rsa_key(cx, 256, 0x80, 0x01, "02"),
        rsa_key(cx, 256, 0x80, 0x01, "010000"),
        rsa_key(cx, 256, 0x80, 0x01, "00010001"),
        rsa_key(cx, 256, 0x80, 0x01, "010000000000000001"), /* longer than anybody needs */
    };
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_fails(import(cx, bad[i]), TORI_ERR_PROOF_KEY);
    expect_import(cx, "a4 01 03 03 390100 20 f6 21 43010001", TORI_ERR_PROOF_KEY);
}

/* One more than a multiple of all the primes it could be told by, and 2048 bits long. */
static struct tori_bytes flawed_modulus(struct tori_ctx *cx)
{
    static const unsigned primes[] = {11, 13, 17,  19,  37,  53,  61,  71, 73,
                                      79, 97, 103, 107, 109, 127, 151, 157};
    BIGNUM *product = BN_new(), *n = BN_new();
    uint8_t *bytes = tori_arena_take(cx->arena, 256);

    assert_int_equal(BN_set_word(product, 2), 1);
    for (size_t i = 0; i < sizeof(primes) / sizeof(primes[0]); i++)
        assert_int_equal(BN_mul_word(product, primes[i]), 1);
    assert_int_equal(BN_lshift(n, product, 2048 - BN_num_bits(product)), 1);
    assert_int_equal(BN_add_word(n, 1), 1);
    assert_int_equal(BN_num_bits(n), 2048);
    BN_bn2bin(n, bytes);
    BN_free(product);
    BN_free(n);
    return (struct tori_bytes){bytes, 256};
}

static void case_44_a_flawed_generator(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_bytes flawed = flawed_modulus(cx);
    struct tori_bytes key = rsa_key(cx, 256, 0x80, 0x01, "010001");
    uint8_t *bytes = tori_arena_copy(cx->arena, key.at, key.len);

    /* {1: 3, 3: -257, -1: and three bytes of head */
    memcpy(bytes + 11, flawed.at, flawed.len);
    assert_fails(import(cx, (struct tori_bytes){bytes, key.len}), TORI_ERR_PROOF_KEY);
    bytes[11 + 255] ^= 2;
    assert_ok(cx, import(cx, (struct tori_bytes){bytes, key.len}));
}

/* A passkey, what it signed, and r and s of the signature. */
struct signed_message {
    struct soft_passkey passkey;
    struct tori_verify_key *key;
    struct tori_bytes message;
    struct tori_bytes r; /* as DER INTEGER contents */
    struct tori_bytes s;
    struct tori_bytes signature;
};

static void signed_begin(struct tori_ctx *cx, struct signed_message *m)
{
    m->message = tori_str_bytes(TORI_STR("message"));
    soft_passkey_new(cx, TORI_COSE_ES256, &m->passkey);
    assert_ok(cx, tori_verify_key_new(cx, soft_cose(cx, &m->passkey), &m->key));
    /* Both with a leading zero, so that the negative and the long forms below are one byte off. */
    do {
        m->signature = soft_sign(cx, &m->passkey, m->message);
        m->r = (struct tori_bytes){m->signature.at + 4, m->signature.at[3]};
        m->s = (struct tori_bytes){m->r.at + m->r.len + 2, m->r.at[m->r.len + 1]};
    } while (m->r.len != 33 || m->s.len != 33);
}

static void signed_end(struct signed_message *m)
{
    soft_passkey_free(&m->passkey);
    tori_verify_key_free(m->key);
}

/* SEQUENCE { INTEGER r, INTEGER s } of the given contents. */
static struct tori_bytes der(struct tori_ctx *cx, struct tori_bytes r, struct tori_bytes s)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 256);

    tori_buf_byte(&buf, 0x30);
    tori_buf_byte(&buf, (uint8_t)(r.len + s.len + 4));
    tori_buf_byte(&buf, 0x02);
    tori_buf_byte(&buf, (uint8_t)r.len);
    tori_buf_bytes(&buf, r.at, r.len);
    tori_buf_byte(&buf, 0x02);
    tori_buf_byte(&buf, (uint8_t)s.len);
    tori_buf_bytes(&buf, s.at, s.len);
    return tori_buf_view(&buf);
}

static void expect_signature(struct tori_ctx *cx, const struct signed_message *m,
                             struct tori_bytes signature, tori_err err)
{
    assert_fails(tori_verify(cx, m->key, m->message, signature), err);
}

static void case_45_r_and_s_in_range(void **state)
{
    struct tori_ctx *cx = *state;
    struct signed_message m;
    struct tori_bytes n =
        hex_bytes(cx, "00 ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551");
    struct tori_bytes zero = hex_bytes(cx, "00"), one = hex_bytes(cx, "01");

    signed_begin(cx, &m);
    expect_signature(cx, &m, der(cx, m.r, m.s), TORI_ERR_NONE);
    expect_signature(cx, &m, der(cx, zero, m.s), TORI_ERR_PROOF_SIGNATURE);
    expect_signature(cx, &m, der(cx, m.r, zero), TORI_ERR_PROOF_SIGNATURE);
    expect_signature(cx, &m, der(cx, zero, zero), TORI_ERR_PROOF_SIGNATURE);
    expect_signature(cx, &m, der(cx, n, m.s), TORI_ERR_PROOF_SIGNATURE);
    expect_signature(cx, &m, der(cx, m.r, n), TORI_ERR_PROOF_SIGNATURE);
    expect_signature(cx, &m, der(cx, n, n), TORI_ERR_PROOF_SIGNATURE);
    expect_signature(cx, &m, der(cx, one, one), TORI_ERR_PROOF_SIGNATURE);
    signed_end(&m);
}

static void case_46_strict_der(void **state)
{
    struct tori_ctx *cx = *state;
    struct signed_message m;
    struct tori_buf buf = tori_buf_new(cx->arena, 256);
    struct tori_bytes bare_r, bare_s;

    signed_begin(cx, &m);
    bare_r = (struct tori_bytes){m.r.at + 1, 32};
    bare_s = (struct tori_bytes){m.s.at + 1, 32};
    /* trailing bytes */
    tori_buf_bytes(&buf, m.signature.at, m.signature.len);
    tori_buf_byte(&buf, 0);
    expect_signature(cx, &m, tori_buf_view(&buf), TORI_ERR_PROOF_SIGNATURE);
    buf.at[1]++; /* the same inside the sequence */
    expect_signature(cx, &m, tori_buf_view(&buf), TORI_ERR_PROOF_SIGNATURE);
    /* long-form length */
    buf.len = 0;
    tori_buf_bytes(&buf, "\x30\x81", 2);
    tori_buf_bytes(&buf, m.signature.at + 1, m.signature.len - 1);
    expect_signature(cx, &m, tori_buf_view(&buf), TORI_ERR_PROOF_SIGNATURE);
    /* negative integers: the leading zero is missing; a zero too many */
    expect_signature(cx, &m, der(cx, bare_r, m.s), TORI_ERR_PROOF_SIGNATURE);
    expect_signature(cx, &m, der(cx, m.r, bare_s), TORI_ERR_PROOF_SIGNATURE);
    buf.len = 0;
    tori_buf_byte(&buf, 0);
    tori_buf_bytes(&buf, m.r.at, m.r.len);
    expect_signature(cx, &m, der(cx, tori_buf_view(&buf), m.s), TORI_ERR_PROOF_SIGNATURE);
    /* raw r || s */
    buf.len = 0;
    tori_buf_bytes(&buf, bare_r.at, 32);
    tori_buf_bytes(&buf, bare_s.at, 32);
    expect_signature(cx, &m, tori_buf_view(&buf), TORI_ERR_PROOF_SIGNATURE);
    /* every prefix */
    for (size_t len = 0; len < m.signature.len; len++)
        expect_signature(cx, &m, (struct tori_bytes){m.signature.at, len},
                         TORI_ERR_PROOF_SIGNATURE);
    expect_signature(cx, &m, m.signature, TORI_ERR_NONE);
    signed_end(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(what_was_signed_verifies),
        unit(algorithms_go_by_their_names),
        unit(a_signature_is_of_its_algorithm_alone),
        unit(without_ml_dsa_it_is_an_unknown_algorithm),
        unit(a_shared_key_lives_until_its_last_owner),
        unit(threads_share_a_key),
        unit(peek_tells_length_and_algorithm),
        unit(case_39_keys_are_canonical),
        unit(case_42_type_algorithm_and_curve),
        unit(case_43_points),
        unit(case_43_points_of_small_order),
        unit(case_43_points_of_small_order_448),
        unit(case_44_rsa_keys),
        unit(case_44_a_flawed_generator),
        unit(case_45_r_and_s_in_range),
        unit(case_46_strict_der),
    };
    return tori_unit_run("cose", tests);
}
