#include "codec/cose.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <string.h>

#include "codec/key_int.h"

/* RFC 9052 §7.1, RFC 9053 §7, RFC 8230 §4 */
enum {
    LABEL_KTY = 1,
    LABEL_ALG = 3,
    LABEL_CRV = -1,
    LABEL_X = -2,
    LABEL_Y = -3,
    LABEL_N = -1,
    LABEL_E = -2,
    LABEL_PUB = -1,
};
enum { COORDINATE_MAX = 66 };

TORI_AUTO_DEFINE(BIGNUM, BN_free)
TORI_AUTO_DEFINE(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
TORI_AUTO_DEFINE(OSSL_PARAM, OSSL_PARAM_free)

static struct tori_result from_parameters(struct tori_ctx *cx, const char *type,
                                          OSSL_PARAM *parameter, EVP_PKEY **out)
{
    TORI_AUTO(EVP_PKEY_CTX) import = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

    if (import == NULL || EVP_PKEY_fromdata_init(import) != 1)
        return TORI_FAIL(cx, CRYPTO, tori_word("type", type));
    /* A point that is not on the curve fails here. */
    if (EVP_PKEY_fromdata(import, out, EVP_PKEY_PUBLIC_KEY, parameter) != 1)
        return tori_bad_key(cx, "import");
    return TORI_OK;
}

static struct tori_result get_bytes(struct tori_ctx *cx, const struct tori_cbor *key, int64_t label,
                                    struct tori_bytes *out)
{
    const struct tori_cbor *value = tori_cbor_get_int(key, label);

    if (value == NULL || value->kind != TORI_CBOR_BYTES)
        return tori_bad_key(cx, "parameter");
    *out = value->bytes;
    return TORI_OK;
}

static struct tori_result import_ec(struct tori_ctx *cx, const struct tori_algorithm *algorithm,
                                    const struct tori_cbor *key, EVP_PKEY **out)
{
    uint8_t point[1 + 2 * COORDINATE_MAX] = {POINT_CONVERSION_UNCOMPRESSED};
    size_t n = algorithm->size;
    struct tori_bytes x = {0}, y = {0};
    char group[32];

    TORI_TRY(get_bytes(cx, key, LABEL_X, &x));
    TORI_TRY(get_bytes(cx, key, LABEL_Y, &y)); /* a boolean here would be a compressed point */
    if (x.len != n || y.len != n)
        return tori_bad_key(cx, "length of a coordinate");
    memcpy(point + 1, x.at, n);
    memcpy(point + 1 + n, y.at, n);
    snprintf(group, sizeof(group), "%s", algorithm->group);
    OSSL_PARAM parameter[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * n),
        OSSL_PARAM_construct_end(),
    };
    return from_parameters(cx, algorithm->type, parameter, out);
}

/* OKP and AKP: the key is one string of bytes of a fixed length. */
static struct tori_result import_raw(struct tori_ctx *cx, const struct tori_algorithm *algorithm,
                                     const struct tori_cbor *key, EVP_PKEY **out)
{
    struct tori_bytes point = {0};

    TORI_TRY(get_bytes(cx, key, algorithm->kty == TORI_KTY_AKP ? LABEL_PUB : LABEL_X, &point));
    TORI_TRY(tori_key_check_point(cx, algorithm, point));
    *out = EVP_PKEY_new_raw_public_key_ex(NULL, algorithm->type, NULL, point.at, point.len);
    if (*out == NULL)
        return tori_bad_key(cx, "import");
    return TORI_OK;
}

static struct tori_result import_rsa(struct tori_ctx *cx, const struct tori_algorithm *algorithm,
                                     const struct tori_cbor *key, EVP_PKEY **out)
{
    struct tori_bytes n = {0}, e = {0};

    TORI_TRY(get_bytes(cx, key, LABEL_N, &n));
    TORI_TRY(get_bytes(cx, key, LABEL_E, &e));
    TORI_TRY(tori_key_check_rsa(cx, n, e));
    TORI_AUTO(BIGNUM) modulus = BN_bin2bn(n.at, (int)n.len, NULL);
    TORI_AUTO(BIGNUM) exponent = BN_bin2bn(e.at, (int)e.len, NULL);
    TORI_AUTO(OSSL_PARAM_BLD) build = OSSL_PARAM_BLD_new();
    if (modulus == NULL || exponent == NULL || build == NULL ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_N, modulus) != 1 ||
        OSSL_PARAM_BLD_push_BN(build, OSSL_PKEY_PARAM_RSA_E, exponent) != 1)
        return TORI_FAIL(cx, CRYPTO);
    TORI_AUTO(OSSL_PARAM) parameter = OSSL_PARAM_BLD_to_param(build);
    if (parameter == NULL)
        return TORI_FAIL(cx, CRYPTO);
    return from_parameters(cx, algorithm->type, parameter, out);
}

static struct tori_result import_key(struct tori_ctx *cx, const struct tori_algorithm *algorithm,
                                     const struct tori_cbor *key, EVP_PKEY **out)
{
    switch (algorithm->kty) {
    case TORI_KTY_EC2:
        return import_ec(cx, algorithm, key, out);
    case TORI_KTY_RSA:
        return import_rsa(cx, algorithm, key, out);
    case TORI_KTY_OKP:
    case TORI_KTY_AKP:
        return import_raw(cx, algorithm, key, out);
    }
    return tori_bad_key(cx, "type");
}

static struct tori_result get_int(struct tori_ctx *cx, const struct tori_cbor *key, int64_t label,
                                  int64_t *out)
{
    const struct tori_cbor *value = tori_cbor_get_int(key, label);

    if (value == NULL || value->kind != TORI_CBOR_INT)
        return tori_bad_key(cx, "integer parameter");
    *out = value->number;
    return TORI_OK;
}

struct tori_result tori_cose_peek(struct tori_ctx *cx, struct tori_bytes bytes, size_t *used,
                                  int64_t *alg)
{
    struct tori_cbor key;
    size_t len;

    TORI_TRY(tori_cbor_read(cx, bytes, TORI_CBOR_STRICT, &key, &len));
    TORI_TRY(get_int(cx, &key, LABEL_ALG, alg));
    *used = len;
    return TORI_OK;
}

static size_t parameters_of(enum tori_kty kty)
{
    switch (kty) {
    case TORI_KTY_EC2:
        return 5; /* kty, alg, crv, x, y */
    case TORI_KTY_OKP:
    case TORI_KTY_RSA:
        return 4; /* kty, alg, crv, x; kty, alg, n, e */
    case TORI_KTY_AKP:
        return 3; /* kty, alg, pub */
    }
    return 0;
}

/* The parameters of its type and no others: WebAuthn L3 §6.5.1 forbids optional ones, and what
 * nobody looks at nobody can trust. */
static struct tori_result check_shape(struct tori_ctx *cx, const struct tori_algorithm *algorithm,
                                      const struct tori_cbor *key)
{
    int64_t kty = 0, crv = 0;

    TORI_TRY(get_int(cx, key, LABEL_KTY, &kty));
    if (kty != (int64_t)algorithm->kty)
        return tori_bad_key(cx, "type");
    if (algorithm->crv != 0)
        TORI_TRY(get_int(cx, key, LABEL_CRV, &crv));
    if (crv != algorithm->crv)
        return tori_bad_key(cx, "curve");
    if (key->count != parameters_of(algorithm->kty))
        return tori_bad_key(cx, "number of parameters");
    return TORI_OK;
}

struct tori_result tori_verify_key_new(struct tori_ctx *cx, struct tori_bytes cose,
                                       struct tori_verify_key **out)
{
    const struct tori_algorithm *algorithm;
    struct tori_cbor parameters;
    int64_t alg = 0;
    TORI_AUTO(EVP_PKEY) key = NULL;

    TORI_TRY(tori_cbor_parse(cx, cose, TORI_CBOR_STRICT, &parameters));
    TORI_TRY(get_int(cx, &parameters, LABEL_ALG, &alg));
    algorithm = tori_algorithm_find(alg);
    if (algorithm == NULL || !tori_algorithm_here(algorithm))
        return TORI_FAIL(cx, PROOF_ALGORITHM, tori_i64("alg", alg));
    TORI_TRY(check_shape(cx, algorithm, &parameters));
    TORI_TRY(import_key(cx, algorithm, &parameters, &key));
    return tori_verify_key_wrap(cx, algorithm, key, out);
}
