/* Project Wycheproof's signatures through our own keys and our own verify function. */
#include "test/vectors/vectors.h"

#include "test/unit/authenticator.h"

static const char *folder;

struct counts {
    size_t tests;
    size_t wrong;
};

/* A COSE_Key: the head of its map, then labels and values in turn. */
static struct tori_bytes ec_key(struct tori_ctx *cx, const json_t *group)
{
    struct tori_bytes point = vectors_hex(cx, json_object_get(group, "publicKey"), "uncompressed");
    struct tori_bytes head = hex_bytes(cx, "a5 01 02 03 26 20 01 21");
    struct tori_buf buf = tori_buf_new(cx->arena, 256);

    assert_int_equal(point.len, 65);
    tori_buf_bytes(&buf, head.at, head.len);
    soft_cbor_bytes(&buf, (struct tori_bytes){point.at + 1, 32});
    soft_cbor_int(&buf, -3);
    soft_cbor_bytes(&buf, (struct tori_bytes){point.at + 33, 32});
    return tori_buf_view(&buf);
}

static struct tori_bytes ed_key(struct tori_ctx *cx, const json_t *group)
{
    struct tori_bytes head = hex_bytes(cx, "a4 01 01 03 27 20 06 21");
    struct tori_buf buf = tori_buf_new(cx->arena, 256);

    tori_buf_bytes(&buf, head.at, head.len);
    soft_cbor_bytes(&buf, vectors_hex(cx, json_object_get(group, "publicKey"), "pk"));
    return tori_buf_view(&buf);
}

static struct tori_bytes without_zeros(struct tori_bytes number)
{
    while (number.len > 0 && number.at[0] == 0)
        number = (struct tori_bytes){number.at + 1, number.len - 1};
    return number;
}

static struct tori_bytes rsa_key(struct tori_ctx *cx, const json_t *group)
{
    const json_t *key = json_object_get(group, "publicKey");
    struct tori_bytes head = hex_bytes(cx, "a4 01 03 03 390100 20");
    struct tori_buf buf = tori_buf_new(cx->arena, 1024);

    tori_buf_bytes(&buf, head.at, head.len);
    soft_cbor_bytes(&buf, without_zeros(vectors_hex(cx, key, "modulus")));
    soft_cbor_int(&buf, -2);
    soft_cbor_bytes(&buf, without_zeros(vectors_hex(cx, key, "publicExponent")));
    return tori_buf_view(&buf);
}

static void check_test(struct tori_ctx *cx, const struct tori_verify_key *key, const json_t *test,
                       struct counts *counts)
{
    struct tori_str due = vectors_text(test, "result");
    struct tori_result result =
        tori_verify(cx, key, vectors_hex(cx, test, "msg"), vectors_hex(cx, test, "sig"));
    bool right = tori_str_eq(due, TORI_STR("acceptable")) ||
                 tori_str_eq(due, TORI_STR("valid")) == !TORI_FAILED(result);

    counts->tests++;
    counts->wrong += !right;
    if (!right)
        print_error("test %lld: should be %.*s, is %s\n",
                    (long long)json_integer_value(json_object_get(test, "tcId")), TORI_STR_ARG(due),
                    tori_err_name(result.err));
}

static void check_group(struct tori_ctx *cx, const json_t *group, struct tori_bytes cose,
                        struct counts *counts)
{
    struct tori_verify_key *key;
    json_t *test;
    size_t i;

    assert_ok(cx, tori_verify_key_new(cx, cose, &key));
    json_array_foreach(json_object_get(group, "tests"), i, test)
    {
        check_test(cx, key, test, counts);
    }
    tori_verify_key_free(key);
}

static void check_file(struct tori_ctx *cx, const char *file, size_t least,
                       struct tori_bytes (*cose)(struct tori_ctx *, const json_t *))
{
    struct counts counts = {0};
    json_t *all, *group;
    size_t i;

    assert_true(vectors_load(folder, file, &all));
    json_array_foreach(json_object_get(all, "testGroups"), i, group)
    {
        check_group(cx, group, cose(cx, group), &counts);
    }
    json_decref(all);
    print_message("%s: %zu tests, %zu wrong\n", file, counts.tests, counts.wrong);
    assert_int_equal(counts.wrong, 0);
    assert_true(counts.tests >= least);
}

static void es256(void **state)
{
    check_file(*state, "wycheproof/ecdsa_secp256r1_sha256_test.json", 484, ec_key);
}

static void eddsa(void **state)
{
    check_file(*state, "wycheproof/ed25519_test.json", 151, ed_key);
}

static void rs256(void **state)
{
    check_file(*state, "wycheproof/rsa_signature_2048_sha256_test.json", 259, rsa_key);
}

/* All three files or none: one missing is reason enough to skip. */
static bool all_there(void)
{
    static const char *const files[] = {"wycheproof/ecdsa_secp256r1_sha256_test.json",
                                        "wycheproof/ed25519_test.json",
                                        "wycheproof/rsa_signature_2048_sha256_test.json"};

    for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
        json_t *file;
        if (!vectors_load(folder, files[i], &file))
            return false;
        json_decref(file);
    }
    return true;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        unit(es256),
        unit(eddsa),
        unit(rs256),
    };

    folder = argc == 2 ? argv[1] : ".";
    if (!all_there())
        return VECTORS_SKIPPED;
    return tori_unit_run("wycheproof", tests);
}
