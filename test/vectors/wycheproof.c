/* Project Wycheproof's signatures through our own keys and our own verify function. */
#include "test/vectors/vectors.h"

#include <stdlib.h>

#include "test/unit/authenticator.h"

static const char *folder;

struct counts {
    size_t tests;
    size_t accepted;
    size_t outside; /* valid by itself, yet nothing that COSE knows */
    size_t wrong;
};

/* A file of signatures and how its keys become COSE keys. */
struct signatures {
    const char *file;
    size_t least; /* tests in it */
    int64_t alg;
    int64_t crv; /* 0: RSA or ML-DSA */
};

/* {1: kty, 3: alg, … */
static void begin_key(struct tori_buf *buf, int members, int kty, const struct signatures *from)
{
    soft_cbor_head(buf, 5, (uint64_t)members);
    soft_cbor_int(buf, 1);
    soft_cbor_int(buf, kty);
    soft_cbor_int(buf, 3);
    soft_cbor_int(buf, from->alg);
    soft_cbor_int(buf, -1);
}

static void put_ec_key(struct tori_ctx *cx, struct tori_buf *buf, const struct signatures *from,
                       const json_t *group)
{
    struct tori_bytes point = vectors_hex(cx, json_object_get(group, "publicKey"), "uncompressed");

    begin_key(buf, 5, 2, from);
    soft_cbor_int(buf, from->crv);
    soft_cbor_int(buf, -2);
    soft_cbor_bytes(buf, (struct tori_bytes){point.at + 1, point.len / 2});
    soft_cbor_int(buf, -3);
    soft_cbor_bytes(buf, (struct tori_bytes){point.at + 1 + point.len / 2, point.len / 2});
}

static void put_ed_key(struct tori_ctx *cx, struct tori_buf *buf, const struct signatures *from,
                       const json_t *group)
{
    begin_key(buf, 4, 1, from);
    soft_cbor_int(buf, from->crv);
    soft_cbor_int(buf, -2);
    soft_cbor_bytes(buf, vectors_hex(cx, json_object_get(group, "publicKey"), "pk"));
}

static struct tori_bytes without_zeros(struct tori_bytes number)
{
    while (number.len > 0 && number.at[0] == 0)
        number = (struct tori_bytes){number.at + 1, number.len - 1};
    return number;
}

static void put_rsa_key(struct tori_ctx *cx, struct tori_buf *buf, const struct signatures *from,
                        const json_t *group)
{
    const json_t *key = json_object_get(group, "publicKey");

    begin_key(buf, 4, 3, from);
    soft_cbor_bytes(buf, without_zeros(vectors_hex(cx, key, "modulus")));
    soft_cbor_int(buf, -2);
    soft_cbor_bytes(buf, without_zeros(vectors_hex(cx, key, "publicExponent")));
}

static struct tori_bytes cose_of(struct tori_ctx *cx, const struct signatures *from,
                                 const json_t *group)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 16 * 1024);

    if (from->crv >= 6 && from->crv <= 7)
        put_ed_key(cx, &buf, from, group);
    else if (from->crv != 0)
        put_ec_key(cx, &buf, from, group);
    else if (json_is_string(json_object_get(group, "publicKey"))) {
        begin_key(&buf, 3, 7, from);
        soft_cbor_bytes(&buf, vectors_hex(cx, group, "publicKey"));
    } else
        put_rsa_key(cx, &buf, from, group);
    assert_false(buf.over);
    return tori_buf_view(&buf);
}

/* What Wycheproof allows more than COSE does: a PSS salt of another length than the hash (RFC 8230
 * §2), and a context, which COSE leaves empty. The file itself says where that is so. */
static bool is_of_cose(const json_t *group, const json_t *test)
{
    const json_t *salt = json_object_get(group, "sLen"), *context = json_object_get(test, "ctx");
    const char *sha = json_string_value(json_object_get(group, "sha"));

    if (salt != NULL && sha != NULL)
        return json_integer_value(salt) * 8 == strtol(sha + strlen("SHA-"), NULL, 10);
    return context == NULL || json_string_length(context) == 0;
}

static void check_test(struct tori_ctx *cx, const struct tori_verify_key *key, const json_t *group,
                       const json_t *test, struct counts *counts)
{
    struct tori_str due = vectors_text(test, "result");
    struct tori_result result =
        tori_verify(cx, key, vectors_hex(cx, test, "msg"), vectors_hex(cx, test, "sig"));
    bool of_cose = is_of_cose(group, test);
    bool valid = tori_str_eq(due, TORI_STR("valid")) && of_cose;
    bool right = tori_str_eq(due, TORI_STR("acceptable")) || valid == !TORI_FAILED(result);

    counts->tests++;
    counts->accepted += !TORI_FAILED(result);
    counts->outside += !of_cose;
    counts->wrong += !right;
    if (!right)
        print_error("test %lld: should be %.*s, is %s\n",
                    (long long)json_integer_value(json_object_get(test, "tcId")), TORI_STR_ARG(due),
                    tori_err_name(result.err));
}

/* A key that COSE cannot carry makes every test of its group invalid. */
static void refuse_group(const json_t *group, struct counts *counts)
{
    json_t *test;
    size_t i;

    json_array_foreach(json_object_get(group, "tests"), i, test)
    {
        counts->tests++;
        counts->wrong += tori_str_eq(vectors_text(test, "result"), TORI_STR("valid"));
    }
}

static void check_group(struct tori_ctx *cx, const struct signatures *from, const json_t *group,
                        struct counts *counts)
{
    struct tori_verify_key *key;
    json_t *test;
    size_t i;

    if (TORI_FAILED(tori_verify_key_new(cx, cose_of(cx, from, group), &key))) {
        refuse_group(group, counts);
        return;
    }
    json_array_foreach(json_object_get(group, "tests"), i, test)
    {
        check_test(cx, key, group, test, counts);
        tori_arena_reset(cx->arena);
    }
    tori_verify_key_free(key);
}

/* Where OpenSSL lacks the algorithm each key is refused as unknown, and so is each signature. */
static void refuse_file(struct tori_ctx *cx, const struct signatures *from, const json_t *all)
{
    struct tori_verify_key *key;
    size_t i, tests = 0;
    json_t *group;

    json_array_foreach(json_object_get(all, "testGroups"), i, group)
    {
        assert_fails(tori_verify_key_new(cx, cose_of(cx, from, group), &key),
                     TORI_ERR_PROOF_ALGORITHM);
        tests += json_array_size(json_object_get(group, "tests"));
        tori_arena_reset(cx->arena);
    }
    print_message("%s: OpenSSL has no %s here: the keys of %zu tests are refused as unknown\n",
                  from->file, tori_cose_name(from->alg), tests);
    assert_true(tests >= from->least);
}

static void check_file(struct tori_ctx *cx, const struct signatures *from)
{
    struct counts counts = {0};
    json_t *all, *group;
    size_t i;

    assert_true(vectors_load(folder, from->file, &all));
    if (!tori_cose_known(from->alg)) {
        refuse_file(cx, from, all);
        json_decref(all);
        return;
    }
    json_array_foreach(json_object_get(all, "testGroups"), i, group)
    {
        check_group(cx, from, group, &counts);
    }
    json_decref(all);
    print_message("%s: %zu tests, %zu accepted, %zu outside of COSE, %zu wrong\n", from->file,
                  counts.tests, counts.accepted, counts.outside, counts.wrong);
    assert_int_equal(counts.wrong, 0);
    assert_true(counts.tests >= from->least);
}

#define FILE_OF(name) "wycheproof/" name "_test.json"
static const struct signatures files[] = {
    {FILE_OF("ecdsa_secp256r1_sha256"), 484, TORI_COSE_ES256, 1},
    {FILE_OF("ecdsa_secp384r1_sha384"), 504, TORI_COSE_ES384, 2},
    {FILE_OF("ecdsa_secp521r1_sha512"), 542, TORI_COSE_ES512, 3},
    {FILE_OF("ed25519"), 151, TORI_COSE_EDDSA, 6},
    {FILE_OF("ed448"), 87, TORI_COSE_ED448, 7},
    {FILE_OF("rsa_signature_2048_sha256"), 259, TORI_COSE_RS256, 0},
    {FILE_OF("rsa_signature_3072_sha256"), 259, TORI_COSE_RS256, 0},
    {FILE_OF("rsa_signature_4096_sha256"), 258, TORI_COSE_RS256, 0},
    {FILE_OF("rsa_pss_2048_sha256_mgf1_32"), 108, TORI_COSE_PS256, 0},
    {FILE_OF("rsa_pss_3072_sha256_mgf1_32"), 108, TORI_COSE_PS256, 0},
    {FILE_OF("rsa_pss_4096_sha512_mgf1_32"), 177, TORI_COSE_PS512, 0},
    {FILE_OF("mldsa_44_verify"), 180, TORI_COSE_ML_DSA_44, 0},
    {FILE_OF("mldsa_65_verify"), 210, TORI_COSE_ML_DSA_65, 0},
    {FILE_OF("mldsa_87_verify"), 241, TORI_COSE_ML_DSA_87, 0},
};

static void signatures(void **state)
{
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++)
        check_file(*state, &files[i]);
}

/* All files or none: one missing is reason enough to skip. */
static bool all_there(void)
{
    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        json_t *file;
        if (!vectors_load(folder, files[i].file, &file))
            return false;
        json_decref(file);
    }
    return true;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        unit(signatures),
    };

    folder = argc == 2 ? argv[1] : ".";
    if (!all_there())
        return VECTORS_SKIPPED;
    return tori_unit_run("wycheproof", tests);
}
