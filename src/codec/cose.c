#include "codec/cose.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>
#include <stdatomic.h>
#include <string.h>

#include "base/auto.h"
#include "codec/cbor.h"

/* RFC 9052 §7.1, RFC 9053 §7, RFC 8230 §4 */
enum {
    LABEL_KTY = 1,
    LABEL_ALG = 3,
    LABEL_CRV = -1,
    LABEL_X = -2,
    LABEL_Y = -3,
    LABEL_N = -1,
    LABEL_E = -2
};
enum { KTY_OKP = 1, KTY_EC2 = 2, KTY_RSA = 3 };
enum { CRV_P256 = 1, CRV_ED25519 = 6 };
enum {
    COORDINATE_MAX = 66,
    DIGEST_MAX = 64,
    EXPONENT_MAX = 8,
    MODULUS_MIN = 2048,
    MODULUS_MAX = 4096
};

TORI_AUTO_DEFINE(EVP_PKEY, EVP_PKEY_free)
TORI_AUTO_DEFINE(EVP_PKEY_CTX, EVP_PKEY_CTX_free)
TORI_AUTO_DEFINE(EVP_MD_CTX, EVP_MD_CTX_free)
TORI_AUTO_DEFINE(BIGNUM, BN_free)
TORI_AUTO_DEFINE(OSSL_PARAM_BLD, OSSL_PARAM_BLD_free)
TORI_AUTO_DEFINE(OSSL_PARAM, OSSL_PARAM_free)

struct algorithm {
    int64_t alg;
    int64_t kty;
    int64_t crv;        /* 0: this type of key has no curve */
    size_t parameters;  /* exactly so many in the key */
    const char *type;   /* OpenSSL's name of the kind of key */
    const char *group;  /* OpenSSL's name of the curve */
    size_t coordinate;  /* bytes of x and y */
    const char *digest; /* NULL: the algorithm hashes by itself */
    struct tori_result (*import)(struct tori_ctx *cx, const struct algorithm *algorithm,
                                 const struct tori_cbor *key, EVP_PKEY **out);
    struct tori_result (*verify)(struct tori_ctx *cx, const struct tori_verify_key *key,
                                 struct tori_bytes message, struct tori_bytes signature);
};

struct tori_verify_key {
    atomic_uint owners;
    const struct algorithm *algorithm;
    EVP_PKEY *key;
    EVP_MD *digest; /* fetched once: an implicit fetch costs as much as the hash */
};

static struct tori_result bad_key(struct tori_ctx *cx, const char *why)
{
    /* What OpenSSL leaves in this thread's queue would be read by the next TLS call as its own. */
    ERR_clear_error();
    return TORI_FAIL(cx, PROOF_KEY, tori_word("why", why));
}

static struct tori_result from_parameters(struct tori_ctx *cx, const char *type,
                                          OSSL_PARAM *parameter, EVP_PKEY **out)
{
    TORI_AUTO(EVP_PKEY_CTX) import = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);

    if (import == NULL || EVP_PKEY_fromdata_init(import) != 1)
        return TORI_FAIL(cx, CRYPTO, tori_word("type", type));
    /* A point that is not on the curve fails here. */
    if (EVP_PKEY_fromdata(import, out, EVP_PKEY_PUBLIC_KEY, parameter) != 1)
        return bad_key(cx, "import");
    return TORI_OK;
}

static struct tori_result get_bytes(struct tori_ctx *cx, const struct tori_cbor *key, int64_t label,
                                    struct tori_bytes *out)
{
    const struct tori_cbor *value = tori_cbor_get_int(key, label);

    if (value == NULL || value->kind != TORI_CBOR_BYTES)
        return bad_key(cx, "parameter");
    *out = value->bytes;
    return TORI_OK;
}

static struct tori_result import_ec(struct tori_ctx *cx, const struct algorithm *algorithm,
                                    const struct tori_cbor *key, EVP_PKEY **out)
{
    uint8_t point[1 + 2 * COORDINATE_MAX] = {POINT_CONVERSION_UNCOMPRESSED};
    size_t n = algorithm->coordinate;
    struct tori_bytes x = {0}, y = {0};
    char group[32];

    TORI_TRY(get_bytes(cx, key, LABEL_X, &x));
    TORI_TRY(get_bytes(cx, key, LABEL_Y, &y)); /* a boolean here would be a compressed point */
    if (x.len != n || y.len != n)
        return bad_key(cx, "length of a coordinate");
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

/* Points of small order: everybody can sign for them. The y of each, also those written with p or
 * p + 1, without the sign of x. */
static bool has_small_order(const uint8_t y[static 32])
{
    static const uint8_t small[][32] = {
        {0},
        {1},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4,
         0x89, 0xf2, 0xef, 0x98, 0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6,
         0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53, 0xfc, 0x05},
        {0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b,
         0x76, 0x0d, 0x10, 0x67, 0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39,
         0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac, 0x03, 0x7a},
    };
    uint8_t bare[32];

    memcpy(bare, y, sizeof(bare));
    bare[31] &= 0x7f;
    for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
        if (tori_bytes_eq(TORI_BYTES_OF(bare), TORI_BYTES_OF(small[i])))
            return true;
    }
    return false;
}

static struct tori_result import_okp(struct tori_ctx *cx, const struct algorithm *algorithm,
                                     const struct tori_cbor *key, EVP_PKEY **out)
{
    struct tori_bytes x = {0};

    TORI_TRY(get_bytes(cx, key, LABEL_X, &x));
    if (x.len != algorithm->coordinate)
        return bad_key(cx, "length of a coordinate");
    if (algorithm->crv == CRV_ED25519 && has_small_order(x.at))
        return bad_key(cx, "small order");
    *out = EVP_PKEY_new_raw_public_key_ex(NULL, algorithm->type, NULL, x.at, x.len);
    if (*out == NULL)
        return bad_key(cx, "import");
    return TORI_OK;
}

static bool is_odd(struct tori_bytes number)
{
    return number.len > 0 && (number.at[number.len - 1] & 1) == 1;
}

static struct tori_result check_rsa(struct tori_ctx *cx, struct tori_bytes n, struct tori_bytes e)
{
    if (n.len == 0 || n.len > MODULUS_MAX / 8 || n.at[0] == 0 || !is_odd(n))
        return bad_key(cx, "modulus");
    size_t bits = n.len * 8;
    for (uint8_t top = n.at[0]; (top & 0x80) == 0; top = (uint8_t)(top << 1))
        bits--;
    if (bits < MODULUS_MIN)
        return bad_key(cx, "modulus too small");
    if (e.len == 0 || e.len > EXPONENT_MAX || e.at[0] == 0 || !is_odd(e) ||
        (e.len == 1 && e.at[0] < 3))
        return bad_key(cx, "exponent");
    return TORI_OK;
}

static struct tori_result import_rsa(struct tori_ctx *cx, const struct algorithm *algorithm,
                                     const struct tori_cbor *key, EVP_PKEY **out)
{
    struct tori_bytes n = {0}, e = {0};

    TORI_TRY(get_bytes(cx, key, LABEL_N, &n));
    TORI_TRY(get_bytes(cx, key, LABEL_E, &e));
    TORI_TRY(check_rsa(cx, n, e));
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

/* What OpenSSL said of a signature; anything but 1 is no. */
static struct tori_result verdict(struct tori_ctx *cx, const struct tori_verify_key *key, int ok)
{
    if (ok == 1)
        return TORI_OK;
    ERR_clear_error();
    return TORI_FAIL(cx, PROOF_SIGNATURE, tori_i64("alg", key->algorithm->alg));
}

/* The question could not even be put. */
static struct tori_result unable(struct tori_ctx *cx, const struct tori_verify_key *key)
{
    ERR_clear_error();
    return TORI_FAIL(cx, CRYPTO, tori_i64("alg", key->algorithm->alg));
}

/* ECDSA and RSA: the hash of the message is what gets verified. OpenSSL itself demands strict DER
 * of an ECDSA signature: it encodes what it has read once more and compares. */
static struct tori_result verify_digest(struct tori_ctx *cx, const struct tori_verify_key *key,
                                        struct tori_bytes message, struct tori_bytes signature)
{
    TORI_AUTO(EVP_PKEY_CTX) verify = EVP_PKEY_CTX_new_from_pkey(NULL, key->key, NULL);
    uint8_t digest[DIGEST_MAX];
    unsigned len = 0;

    if (verify == NULL || EVP_PKEY_verify_init(verify) != 1 ||
        EVP_Digest(message.at, message.len, digest, &len, key->digest, NULL) != 1)
        return unable(cx, key);
    if (key->algorithm->kty == KTY_RSA &&
        (EVP_PKEY_CTX_set_rsa_padding(verify, RSA_PKCS1_PADDING) != 1 ||
         EVP_PKEY_CTX_set_signature_md(verify, key->digest) != 1))
        return unable(cx, key);
    return verdict(cx, key, EVP_PKEY_verify(verify, signature.at, signature.len, digest, len));
}

static struct tori_result verify_message(struct tori_ctx *cx, const struct tori_verify_key *key,
                                         struct tori_bytes message, struct tori_bytes signature)
{
    TORI_AUTO(EVP_MD_CTX) verify = EVP_MD_CTX_new();

    if (verify == NULL ||
        EVP_DigestVerifyInit_ex(verify, NULL, NULL, NULL, NULL, key->key, NULL) != 1)
        return unable(cx, key);
    return verdict(cx, key,
                   EVP_DigestVerify(verify, signature.at, signature.len, message.at, message.len));
}

static const struct algorithm algorithms[] = {
    {.alg = TORI_COSE_ES256,
     .kty = KTY_EC2,
     .crv = CRV_P256,
     .parameters = 5,
     .type = "EC",
     .group = "P-256",
     .coordinate = 32,
     .digest = "SHA256",
     .import = import_ec,
     .verify = verify_digest},
    {.alg = TORI_COSE_EDDSA,
     .kty = KTY_OKP,
     .crv = CRV_ED25519,
     .parameters = 4,
     .type = "ED25519",
     .coordinate = 32,
     .import = import_okp,
     .verify = verify_message},
    {.alg = TORI_COSE_RS256,
     .kty = KTY_RSA,
     .parameters = 4,
     .type = "RSA",
     .digest = "SHA256",
     .import = import_rsa,
     .verify = verify_digest},
};

static const struct algorithm *find_algorithm(int64_t alg)
{
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
        if (algorithms[i].alg == alg)
            return &algorithms[i];
    }
    return NULL;
}

bool tori_cose_known(int64_t alg)
{
    return find_algorithm(alg) != NULL;
}

static struct tori_result get_int(struct tori_ctx *cx, const struct tori_cbor *key, int64_t label,
                                  int64_t *out)
{
    const struct tori_cbor *value = tori_cbor_get_int(key, label);

    if (value == NULL || value->kind != TORI_CBOR_INT)
        return bad_key(cx, "integer parameter");
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

/* The parameters of its type and no others: WebAuthn L3 §6.5.1 forbids optional ones, and what
 * nobody looks at nobody can trust. */
static struct tori_result check_shape(struct tori_ctx *cx, const struct algorithm *algorithm,
                                      const struct tori_cbor *key)
{
    int64_t kty = 0, crv = 0;

    TORI_TRY(get_int(cx, key, LABEL_KTY, &kty));
    if (kty != algorithm->kty)
        return bad_key(cx, "type");
    if (algorithm->crv != 0)
        TORI_TRY(get_int(cx, key, LABEL_CRV, &crv));
    if (crv != algorithm->crv)
        return bad_key(cx, "curve");
    if (key->count != algorithm->parameters)
        return bad_key(cx, "number of parameters");
    return TORI_OK;
}

static struct tori_result new_key(struct tori_ctx *cx, const struct algorithm *algorithm,
                                  EVP_PKEY *key, struct tori_verify_key **out)
{
    struct tori_verify_key *made = tori_heap_take(sizeof(*made));

    if (made == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    made->algorithm = algorithm;
    atomic_init(&made->owners, 1);
    if (algorithm->digest != NULL)
        made->digest = EVP_MD_fetch(NULL, algorithm->digest, NULL);
    if (algorithm->digest != NULL && made->digest == NULL) {
        tori_heap_free(made);
        return TORI_FAIL(cx, CRYPTO, tori_word("digest", algorithm->digest));
    }
    EVP_PKEY_up_ref(key);
    made->key = key;
    *out = made;
    return TORI_OK;
}

struct tori_result tori_verify_key_new(struct tori_ctx *cx, struct tori_bytes cose,
                                       struct tori_verify_key **out)
{
    const struct algorithm *algorithm;
    struct tori_cbor parameters;
    int64_t alg = 0;
    TORI_AUTO(EVP_PKEY) key = NULL;

    TORI_TRY(tori_cbor_parse(cx, cose, TORI_CBOR_STRICT, &parameters));
    TORI_TRY(get_int(cx, &parameters, LABEL_ALG, &alg));
    algorithm = find_algorithm(alg);
    if (algorithm == NULL)
        return TORI_FAIL(cx, PROOF_ALGORITHM, tori_i64("alg", alg));
    TORI_TRY(check_shape(cx, algorithm, &parameters));
    TORI_TRY(algorithm->import(cx, algorithm, &parameters, &key));
    return new_key(cx, algorithm, key, out);
}

struct tori_verify_key *tori_verify_key_share(struct tori_verify_key *key)
{
    if (key != NULL)
        atomic_fetch_add(&key->owners, 1);
    return key;
}

void tori_verify_key_free(struct tori_verify_key *key)
{
    if (key == NULL || atomic_fetch_sub(&key->owners, 1) > 1)
        return;
    EVP_PKEY_free(key->key);
    EVP_MD_free(key->digest);
    tori_heap_free(key);
}

int64_t tori_verify_key_alg(const struct tori_verify_key *key)
{
    return key->algorithm->alg;
}

struct tori_result tori_verify(struct tori_ctx *cx, const struct tori_verify_key *key,
                               struct tori_bytes message, struct tori_bytes signature)
{
    return key->algorithm->verify(cx, key, message, signature);
}
