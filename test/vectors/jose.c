/* Project Wycheproof's JOSE files: what the JWS reader and tori_verify make of them. Keys are JSON
 * there; the product reads no JWK, so this file turns them into COSE. What needs HMAC, encryption,
 * key agreement or sets of keys is no business of the product: it is counted, and must be
 * refused. */
#include "test/vectors/vectors.h"

#include <stdlib.h>

#include "codec/base64url.h"
#include "codec/jws.h"
#include "test/unit/authenticator.h"

static const char *folder;

struct counts {
    size_t tests, accepted, outside, stricter, wrong;
};

static const char *text_of(const json_t *object, const char *name)
{
    const char *text = json_string_value(json_object_get(object, name));

    return text != NULL ? text : "";
}

static bool is(const char *a, const char *b)
{
    return tori_str_eq(tori_str_z(a), tori_str_z(b));
}

/* The one key of a group; NULL: several, or none that signs with a public half. */
static const json_t *jwk_of(const json_t *group)
{
    const json_t *key = json_object_get(group, "public");
    const json_t *keys;

    if (key == NULL)
        key = json_object_get(group, "private");
    keys = json_object_get(key, "keys");
    if (keys != NULL)
        key = json_array_size(keys) == 1 ? json_array_get(keys, 0) : NULL;
    return key != NULL && !is(text_of(key, "kty"), "oct") ? key : NULL;
}

/* RFC 7517 §4.2 and §4.3: what the key says it is for */
static bool is_for_signatures(const json_t *key)
{
    const json_t *operation, *operations = json_object_get(key, "key_ops");
    bool verifies = operations == NULL;
    size_t i;

    json_array_foreach(operations, i, operation)
    {
        verifies = verifies || strstr(json_string_value(operation), "verify") != NULL;
    }
    return verifies && !is(text_of(key, "use"), "enc");
}

static int64_t curve_of(const json_t *key)
{
    const char *name = text_of(key, "crv");

    return is(name, "P-256") ? 1 : is(name, "P-384") ? 2 : is(name, "P-521") ? 3 : 0;
}

/* The algorithm that the key names, or that of its curve when it names none; 0: one that no
 * registry has. */
static int64_t alg_of(const json_t *key)
{
    static const int64_t by_curve[] = {0, TORI_COSE_ES256, TORI_COSE_ES384, TORI_COSE_ES512};
    int64_t alg;

    if (json_object_get(key, "alg") != NULL)
        return tori_cose_find(tori_str_z(text_of(key, "alg")), &alg) ? alg : 0;
    return by_curve[curve_of(key)];
}

static struct tori_bytes number(struct tori_ctx *cx, const json_t *key, const char *name)
{
    struct tori_bytes bytes = {0};

    if (TORI_FAILED(tori_b64u_decode(cx, tori_str_z(text_of(key, name)), &bytes)))
        return (struct tori_bytes){0};
    return bytes;
}

static struct tori_bytes cose_of(struct tori_ctx *cx, const json_t *key)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 4096);
    bool rsa = is(text_of(key, "kty"), "RSA");

    soft_cbor_head(&buf, 5, rsa ? 4 : 5);
    soft_cbor_int(&buf, 1);
    soft_cbor_int(&buf, rsa ? 3 : 2);
    soft_cbor_int(&buf, 3);
    soft_cbor_int(&buf, alg_of(key));
    soft_cbor_int(&buf, -1);
    if (!rsa)
        soft_cbor_int(&buf, curve_of(key));
    if (!rsa)
        soft_cbor_int(&buf, -2);
    soft_cbor_bytes(&buf, number(cx, key, rsa ? "n" : "x"));
    soft_cbor_int(&buf, rsa ? -2 : -3);
    soft_cbor_bytes(&buf, number(cx, key, rsa ? "e" : "y"));
    return tori_buf_view(&buf);
}

static bool verifies(struct tori_ctx *cx, const json_t *key, const json_t *test)
{
    const json_t *compact = json_object_get(test, "jws");
    struct tori_verify_key *verify;
    struct tori_jws jws;

    if (!is_for_signatures(key) || !json_is_string(compact) ||
        TORI_FAILED(tori_jws_read(cx, tori_str_z(json_string_value(compact)), &jws)) ||
        TORI_FAILED(tori_verify_key_new(cx, cose_of(cx, key), &verify)))
        return false;
    bool good = jws.alg == tori_verify_key_alg(verify) &&
                !TORI_FAILED(tori_verify(cx, verify, jws.signed_bytes, jws.signature));
    tori_verify_key_free(verify);
    return good;
}

/* A key is used with its own algorithm only (RFC 8725 §3.1), also where the file lets it pass. */
static bool is_of_another(struct tori_ctx *cx, const json_t *key, const json_t *test)
{
    struct tori_jws jws;

    return !TORI_FAILED(tori_jws_read(cx, tori_str_z(text_of(test, "jws")), &jws)) &&
           jws.alg != alg_of(key);
}

/* Some tests of the mixed files are of encryption: they carry no signature at all. */
static bool is_signed(const json_t *test)
{
    return json_object_get(test, "jws") != NULL;
}

static void check_test(struct tori_ctx *cx, const json_t *key, const json_t *test,
                       struct counts *counts)
{
    bool due = tori_str_eq(vectors_text(test, "result"), TORI_STR("valid"));
    bool got;

    counts->tests++;
    if (key == NULL || !is_signed(test)) {
        counts->outside++;
        return;
    }
    got = verifies(cx, key, test);
    counts->accepted += got;
    if (due && !got && is_of_another(cx, key, test)) {
        counts->stricter++;
        return;
    }
    counts->wrong += got != due;
    if (got != due)
        print_error("test %lld: should be %s, is not: %s\n",
                    (long long)json_integer_value(json_object_get(test, "tcId")),
                    due ? "valid" : "invalid", text_of(test, "comment"));
}

static void check_file(struct tori_ctx *cx, const char *file, size_t least)
{
    struct counts counts = {0};
    json_t *all, *group, *test;
    size_t i, k;

    assert_true(vectors_load(folder, file, &all));
    json_array_foreach(json_object_get(all, "testGroups"), i, group)
    {
        json_array_foreach(json_object_get(group, "tests"), k, test)
        {
            check_test(cx, jwk_of(group), test, &counts);
            tori_arena_reset(cx->arena);
        }
    }
    json_decref(all);
    print_message(
        "%s: %zu tests, %zu accepted, %zu outside of the product, %zu refused for another "
        "algorithm than the key's, %zu wrong\n",
        file, counts.tests, counts.accepted, counts.outside, counts.stricter, counts.wrong);
    assert_int_equal(counts.wrong, 0);
    assert_true(counts.tests >= least);
}

#define FILE_OF(name) "wycheproof/" name "_test.json"

static void signatures(void **state)
{
    check_file(*state, FILE_OF("json_web_signature"), 401);
    check_file(*state, FILE_OF("json_web_crypto"), 83);
    check_file(*state, FILE_OF("json_web_key"), 26);
}

/* r and s side by side, as JWS has them, behind a header and a payload that are made here. */
static bool verifies_raw(struct tori_ctx *cx, const struct tori_verify_key *key, const json_t *test)
{
    struct tori_bytes der = {0};

    return !TORI_FAILED(tori_jws_ecdsa(cx, vectors_hex(cx, test, "sig"), 32, &der)) &&
           !TORI_FAILED(tori_verify(cx, key, vectors_hex(cx, test, "msg"), der));
}

static void p1363(void **state)
{
    struct tori_ctx *cx = *state;
    const char *file = FILE_OF("ecdsa_secp256r1_sha256_p1363");
    struct counts counts = {0};
    json_t *all, *group, *test;
    size_t i, k;

    assert_true(vectors_load(folder, file, &all));
    json_array_foreach(json_object_get(all, "testGroups"), i, group)
    {
        struct tori_bytes point =
            vectors_hex(cx, json_object_get(group, "publicKey"), "uncompressed");
        struct tori_buf cose = tori_buf_new(cx->arena, 256);
        struct tori_verify_key *key;
        tori_buf_bytes(&cose, (const uint8_t[]){0xa5, 1, 2, 3, 0x26, 0x20, 1, 0x21}, 8);
        soft_cbor_bytes(&cose, (struct tori_bytes){point.at + 1, 32});
        soft_cbor_int(&cose, -3);
        soft_cbor_bytes(&cose, (struct tori_bytes){point.at + 33, 32});
        assert_ok(cx, tori_verify_key_new(cx, tori_buf_view(&cose), &key));
        json_array_foreach(json_object_get(group, "tests"), k, test)
        {
            bool got = verifies_raw(cx, key, test);
            counts.tests++;
            counts.accepted += got;
            counts.wrong += got != tori_str_eq(vectors_text(test, "result"), TORI_STR("valid"));
            tori_arena_reset(cx->arena);
        }
        tori_verify_key_free(key);
    }
    json_decref(all);
    print_message("%s: %zu tests, %zu accepted, %zu wrong\n", file, counts.tests, counts.accepted,
                  counts.wrong);
    assert_int_equal(counts.wrong, 0);
    assert_true(counts.tests >= 262);
}

/* No key agreement and no encryption: nothing here is a signature, in either form. */
static void no_business_of_ours(void **state)
{
    struct tori_ctx *cx = *state;
    const char *const files[] = {FILE_OF("json_web_encryption"), FILE_OF("ecdh_secp256r1")};
    const size_t least[] = {139, 612};

    for (size_t f = 0; f < 2; f++) {
        json_t *all, *group, *test;
        size_t i, k, tests = 0;
        assert_true(vectors_load(folder, files[f], &all));
        json_array_foreach(json_object_get(all, "testGroups"), i, group)
        {
            json_array_foreach(json_object_get(group, "tests"), k, test)
            {
                struct tori_jws jws;
                const char *jwe = text_of(test, "jwe");
                assert_true(TORI_FAILED(tori_jws_read(cx, tori_str_z(jwe), &jws)));
                tori_arena_reset(cx->arena);
                tests++;
            }
        }
        json_decref(all);
        print_message("%s: %zu tests, all outside of the product\n", files[f], tests);
        assert_true(tests >= least[f]);
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        unit(signatures),
        unit(p1363),
        unit(no_business_of_ours),
    };
    json_t *first;

    folder = argc == 2 ? argv[1] : ".";
    if (!vectors_load(folder, FILE_OF("json_web_signature"), &first))
        return VECTORS_SKIPPED;
    json_decref(first);
    return tori_unit_run("jose", tests);
}
