/* Signatures by algorithm. To add one, add a row. */
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "base/tally.h"
#include "codec/key_int.h"

enum { DIGEST_MAX = 64 };
enum { CRV_P256 = 1, CRV_P384 = 2, CRV_P521 = 3, CRV_ED25519 = 6, CRV_ED448 = 7, CRV_K256 = 8 };

TORI_AUTO_DEFINE(EVP_MD_CTX, EVP_MD_CTX_free)
TORI_AUTO_DEFINE(EVP_KEYMGMT, EVP_KEYMGMT_free)

/* .alg = IANA's number, .name, key type, curve, OpenSSL's curve, bytes of a coordinate, digest */
#define EC2(id, name_, crv_, group_, size_, digest_)                                               \
    {                                                                                              \
        .alg = id, .name = name_, .kty = TORI_KTY_EC2, .crv = crv_, .type = "EC", .group = group_, \
        .size = size_, .digest = digest_                                                           \
    }
#define OKP(id, name_, crv_, type_, size_)                                                         \
    {                                                                                              \
        .alg = id, .name = name_, .kty = TORI_KTY_OKP, .crv = crv_, .type = type_, .size = size_   \
    }
#define RSA_ROW(id, name_, padding_, digest_)                                                      \
    .alg = id, .name = name_, .kty = TORI_KTY_RSA, .type = "RSA", .digest = digest_,               \
    .padding = padding_
#define AKP(id, name_, size_)                                                                      \
    {                                                                                              \
        .alg = id, .name = name_, .kty = TORI_KTY_AKP, .type = name_, .size = size_                \
    }

/* The curve belongs to the algorithm for all of them: WebAuthn L3 §5.8.5 and RFC 9864. */
static const struct tori_algorithm algorithms[] = {
    EC2(TORI_COSE_ES256, "ES256", CRV_P256, "prime256v1", 32, "SHA256"),
    EC2(TORI_COSE_ES384, "ES384", CRV_P384, "secp384r1", 48, "SHA384"),
    EC2(TORI_COSE_ES512, "ES512", CRV_P521, "secp521r1", 66, "SHA512"),
    EC2(TORI_COSE_ESP256, "ESP256", CRV_P256, "prime256v1", 32, "SHA256"),
    EC2(TORI_COSE_ESP384, "ESP384", CRV_P384, "secp384r1", 48, "SHA384"),
    EC2(TORI_COSE_ESP512, "ESP512", CRV_P521, "secp521r1", 66, "SHA512"),
    EC2(TORI_COSE_ES256K, "ES256K", CRV_K256, "secp256k1", 32, "SHA256"),
    OKP(TORI_COSE_EDDSA, "EdDSA", CRV_ED25519, "ED25519", 32),
    OKP(TORI_COSE_ED25519, "Ed25519", CRV_ED25519, "ED25519", 32),
    OKP(TORI_COSE_ED448, "Ed448", CRV_ED448, "ED448", 57),
    {RSA_ROW(TORI_COSE_RS256, "RS256", RSA_PKCS1_PADDING, "SHA256")},
    {RSA_ROW(TORI_COSE_RS384, "RS384", RSA_PKCS1_PADDING, "SHA384")},
    {RSA_ROW(TORI_COSE_RS512, "RS512", RSA_PKCS1_PADDING, "SHA512")},
    {RSA_ROW(TORI_COSE_PS256, "PS256", RSA_PKCS1_PSS_PADDING, "SHA256")},
    {RSA_ROW(TORI_COSE_PS384, "PS384", RSA_PKCS1_PSS_PADDING, "SHA384")},
    {RSA_ROW(TORI_COSE_PS512, "PS512", RSA_PKCS1_PSS_PADDING, "SHA512")},
    {RSA_ROW(TORI_COSE_RS1, "RS1", RSA_PKCS1_PADDING, "SHA1"), .statement_only = true},
    AKP(TORI_COSE_ML_DSA_44, "ML-DSA-44", 1312),
    AKP(TORI_COSE_ML_DSA_65, "ML-DSA-65", 1952),
    AKP(TORI_COSE_ML_DSA_87, "ML-DSA-87", 2592),
};
enum { ALGORITHMS = sizeof(algorithms) / sizeof(algorithms[0]) };

const struct tori_algorithm *tori_algorithm_find(int64_t alg)
{
    for (size_t i = 0; i < ALGORITHMS; i++) {
        if (algorithms[i].alg == alg)
            return &algorithms[i];
    }
    return NULL;
}

/* The classical ones are in every OpenSSL that this builds against. */
bool tori_algorithm_here(const struct tori_algorithm *algorithm)
{
    TORI_AUTO(EVP_KEYMGMT) kind = NULL;

    if (algorithm->kty != TORI_KTY_AKP)
        return true;
    kind = EVP_KEYMGMT_fetch(NULL, algorithm->type, NULL);
    ERR_clear_error();
    return kind != NULL;
}

bool tori_cose_known(int64_t alg)
{
    const struct tori_algorithm *algorithm = tori_algorithm_find(alg);

    return algorithm != NULL && !algorithm->statement_only && tori_algorithm_here(algorithm);
}

const char *tori_cose_name(int64_t alg)
{
    const struct tori_algorithm *algorithm = tori_algorithm_find(alg);

    return algorithm == NULL ? NULL : algorithm->name;
}

bool tori_cose_find(struct tori_str name, int64_t *alg)
{
    for (size_t i = 0; i < ALGORITHMS; i++) {
        if (!tori_str_eq(name, tori_str_z(algorithms[i].name)) ||
            !tori_cose_known(algorithms[i].alg))
            continue;
        *alg = algorithms[i].alg;
        return true;
    }
    return false;
}

struct tori_result tori_cose_digest(struct tori_ctx *cx, int64_t alg, struct tori_bytes message,
                                    struct tori_bytes *out)
{
    const struct tori_algorithm *algorithm = tori_algorithm_find(alg);
    uint8_t digest[DIGEST_MAX];
    size_t len = 0;

    if (algorithm == NULL || algorithm->digest == NULL)
        return TORI_FAIL(cx, PROOF_ALGORITHM, tori_i64("alg", alg));
    if (EVP_Q_digest(NULL, algorithm->digest, NULL, message.at, message.len, digest, &len) != 1)
        return TORI_FAIL(cx, CRYPTO, tori_word("digest", algorithm->digest));
    return tori_copy(cx, (struct tori_bytes){digest, len}, out);
}

struct tori_result tori_verify_key_wrap(struct tori_ctx *cx, const struct tori_algorithm *algorithm,
                                        EVP_PKEY *key, struct tori_verify_key **out)
{
    struct tori_verify_key *made = tori_heap_take(sizeof(*made));

    if (made == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    made->algorithm = algorithm;
    atomic_init(&made->owners, 1);
    if (algorithm->digest != NULL)
        made->digest = EVP_MD_fetch(NULL, algorithm->digest, NULL);
    made->ready = tori_heap_take(sizeof(*made->ready));
    if (made->ready == NULL || (algorithm->digest != NULL && made->digest == NULL)) {
        tori_verify_key_free(made);
        return TORI_FAIL(cx, CRYPTO, tori_word("digest", algorithm->digest));
    }
    EVP_PKEY_up_ref(key);
    made->key = key;
    *out = made;
    return TORI_OK;
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
    if (key->ready != NULL)
        EVP_PKEY_CTX_free(atomic_load(key->ready));
    tori_heap_free(key->ready);
    EVP_PKEY_free(key->key);
    EVP_MD_free(key->digest);
    tori_heap_free(key);
}

int64_t tori_verify_key_alg(const struct tori_verify_key *key)
{
    return key->algorithm->alg;
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

/* The salt of PSS is as long as the hash, and its mask is made with the same hash (RFC 8230 §2). */
static bool set_padding(EVP_PKEY_CTX *verify, const struct tori_verify_key *key)
{
    int padding = key->algorithm->padding;

    if (EVP_PKEY_CTX_set_rsa_padding(verify, padding) != 1 ||
        EVP_PKEY_CTX_set_signature_md(verify, key->digest) != 1)
        return false;
    return padding != RSA_PKCS1_PSS_PADDING ||
           (EVP_PKEY_CTX_set_rsa_mgf1_md(verify, key->digest) == 1 &&
            EVP_PKEY_CTX_set_rsa_pss_saltlen(verify, RSA_PSS_SALTLEN_DIGEST) == 1);
}

static EVP_PKEY_CTX *take_ready(const struct tori_verify_key *key)
{
    EVP_PKEY_CTX *ready = atomic_exchange(key->ready, NULL);

    if (ready != NULL)
        return ready;
    ready = EVP_PKEY_CTX_new_from_pkey(NULL, key->key, NULL);
    if (ready != NULL && EVP_PKEY_verify_init(ready) == 1 &&
        (key->algorithm->kty != TORI_KTY_RSA || set_padding(ready, key)))
        return ready;
    EVP_PKEY_CTX_free(ready);
    return NULL;
}

static void put_back(const struct tori_verify_key *key, EVP_PKEY_CTX *ready)
{
    EVP_PKEY_CTX_free(atomic_exchange(key->ready, ready));
}

/* ECDSA and RSA: the hash of the message is what gets verified. OpenSSL itself demands strict DER
 * of an ECDSA signature: it encodes what it has read once more and compares. */
static struct tori_result verify_digest(struct tori_ctx *cx, const struct tori_verify_key *key,
                                        struct tori_bytes message, struct tori_bytes signature)
{
    uint8_t digest[DIGEST_MAX];
    unsigned len = 0;

    if (EVP_Digest(message.at, message.len, digest, &len, key->digest, NULL) != 1)
        return unable(cx, key);
    EVP_PKEY_CTX *ready = take_ready(key);
    if (ready == NULL)
        return unable(cx, key);
    int ok = EVP_PKEY_verify(ready, signature.at, signature.len, digest, len);
    put_back(key, ready);
    return verdict(cx, key, ok);
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

struct tori_result tori_verify(struct tori_ctx *cx, const struct tori_verify_key *key,
                               struct tori_bytes message, struct tori_bytes signature)
{
    tori_tally(TORI_TALLY_SIGNATURE);
    if (key->digest == NULL)
        return verify_message(cx, key, message, signature);
    return verify_digest(cx, key, message, signature);
}
