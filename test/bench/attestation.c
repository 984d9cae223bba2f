/* What registrations cost by format, and signatures by algorithm, against OpenSSL alone: the same
 * certificates read, the same signatures verified, the same key imported, nothing checked besides.
 * The statements are the seeds of the fuzz corpus; the CA in each is the anchor, read once, as in a
 * server. CPU time of this thread; both sides in turn, the median of ROUNDS. */
#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "codec/cbor.h"
#include "test/unit/authenticator.h"

enum {
    ROUNDS = 9,
    REGISTRATIONS = 300,
    SIGNATURES = 1000,
    ARENA = 1024 * 1024,
    NOW_S = 1795150800
};

#define must(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "bench: %s failed (line %d)\n", #what, __LINE__);                      \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static double cpu_us(void)
{
    struct timespec t;

    must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void compare(const char *what, void (*ours)(void *), void (*bare)(void *), void *with,
                    int times)
{
    double us[2][ROUNDS];

    for (int round = 0; round < ROUNDS; round++) {
        for (int side = 0; side < 2; side++) {
            double from = cpu_us();
            for (int i = 0; i < times; i++)
                (side == 0 ? ours : bare)(with);
            us[side][round] = (cpu_us() - from) / times;
        }
    }
    for (int side = 0; side < 2; side++)
        qsort(us[side], ROUNDS, sizeof(us[side][0]), by_size);
    printf("%-28s %8.2f us  [%.2f-%.2f]  OpenSSL alone %8.2f us  ratio %.2f\n", what,
           us[0][ROUNDS / 2], us[0][0], us[0][ROUNDS - 1], us[1][ROUNDS / 2],
           us[1][ROUNDS / 2] / us[0][ROUNDS / 2]);
}

/* One statement, taken apart for the bare side. */
struct registration {
    struct tori_ctx cx;   /* keeps what was read */
    struct tori_ctx each; /* serves one run */
    struct tori_rp rp;
    struct tori_attestation_rules rules;
    struct tori_anchors *anchors;
    struct tori_registration posted;
    struct tori_bytes x5c[4];
    size_t x5c_count;
    struct tori_bytes sig, message, point;
    const char *digest;
    EVP_PKEY *ca_key;
};

static const struct tori_str origin[] = {TORI_STR_INIT("https://auth.mihon.example")};
static const uint8_t challenge[32] = "a challenge of 32 bytes, not 31";
#define CLIENT_DATA                                                                                \
    "{\"type\":\"webauthn.create\",\"challenge\":\"YSBjaGFsbGVuZ2Ugb2YgMzIgYnl0ZXMsIG5vdCAzMQA\"," \
    "\"origin\":\"https://auth.mihon.example\",\"crossOrigin\":false}"

static void begin_ctx(struct tori_ctx *cx)
{
    cx->arena = tori_arena_new(ARENA);
    cx->now = (tori_time)NOW_S * 1000;
    tori_random_fixed(&cx->random, 1);
    must(cx->arena != NULL);
}

static struct tori_bytes read_seed(struct tori_ctx *cx, const char *folder, const char *name)
{
    static uint8_t bytes[16 * 1024];
    struct tori_bytes out;
    char path[4096];

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    must(file != NULL);
    size_t size = fread(bytes, 1, sizeof(bytes), file);
    fclose(file);
    must(!TORI_FAILED(tori_copy(cx, (struct tori_bytes){bytes, size}, &out)));
    return out;
}

static struct tori_bytes bytes_of(const struct tori_cbor *map, const char *name)
{
    const struct tori_cbor *value = tori_cbor_get(map, tori_str_z(name));

    return value == NULL ? (struct tori_bytes){0} : value->bytes;
}

/* Behind 55 bytes of authenticator data: the credential id, then a canonical ES256 key. */
static void take_apart(struct registration *r, struct tori_bytes object)
{
    static const uint8_t client[] = CLIENT_DATA;
    struct tori_bytes client_data = {client, sizeof(client) - 1};
    struct tori_hash hash = tori_sha256(client_data);
    struct tori_buf message = tori_buf_new(r->cx.arena, 4096);
    struct tori_cbor read;

    must(!TORI_FAILED(tori_cbor_parse(&r->cx, object, TORI_CBOR_LENIENT, &read)));
    const struct tori_cbor *statement = tori_cbor_get(&read, TORI_STR("attStmt"));
    const struct tori_cbor *x5c = tori_cbor_get(statement, TORI_STR("x5c"));
    struct tori_bytes data = bytes_of(&read, "authData");
    r->posted = (struct tori_registration){
        .id = {data.at + 55, 32},
        .raw_id = {data.at + 55, 32},
        .type = TORI_STR("public-key"),
        .response = {.client_data = client_data, .attestation_object = object},
    };
    r->point = (struct tori_bytes){data.at + 87, 77};
    tori_buf_bytes(&message, data.at, data.len);
    tori_buf_bytes(&message, hash.at, sizeof(hash.at));
    r->message = tori_buf_view(&message);
    r->sig = bytes_of(statement, "sig");
    for (size_t i = 0; x5c != NULL && i < x5c->count; i++)
        r->x5c[r->x5c_count++] = x5c->item[i].bytes;
}

static void begin(struct registration *r, const char *folder, const char *format)
{
    *r = (struct registration){.digest = "SHA256"};
    begin_ctx(&r->cx);
    begin_ctx(&r->each);
    take_apart(r, read_seed(&r->cx, folder, format));
    struct tori_anchor anchor = {.name = TORI_STR("anchor")};
    if (r->x5c_count > 0) {
        anchor.certificate = r->x5c[r->x5c_count - 1];
        const uint8_t *at = anchor.certificate.at;
        X509 *ca = d2i_X509(NULL, &at, (long)anchor.certificate.len);
        must(ca != NULL);
        r->ca_key = X509_get_pubkey(ca);
        X509_free(ca);
    }
    must(!TORI_FAILED(tori_anchors_new(&r->cx, &anchor, r->x5c_count > 0, &r->anchors)));
    r->rules = (struct tori_attestation_rules){.anchors = r->anchors};
    r->rp = (struct tori_rp){.id = TORI_STR("auth.mihon.example"),
                             .origin = origin,
                             .origin_count = 1,
                             .alg = tori_webauthn_algs,
                             .alg_count = TORI_WEBAUTHN_ALGS,
                             .attestation = &r->rules,
                             .uv_optional = true};
    if (tori_str_eq(tori_str_z(format), TORI_STR("tpm"))) {
        struct tori_cbor read;
        must(!TORI_FAILED(tori_cbor_parse(&r->cx, r->posted.response.attestation_object,
                                          TORI_CBOR_LENIENT, &read)));
        r->message = bytes_of(tori_cbor_get(&read, TORI_STR("attStmt")), "certInfo");
    }
}

static void end(struct registration *r)
{
    tori_anchors_free(r->anchors);
    EVP_PKEY_free(r->ca_key);
    tori_arena_free(r->cx.arena);
    tori_arena_free(r->each.arena);
}

static void register_ours(void *with)
{
    struct registration *r = with;
    const struct tori_expected expected = {&r->rp, TORI_BYTES_OF(challenge)};
    struct tori_attested record;

    must(!TORI_FAILED(tori_webauthn_register(&r->each, &expected, &r->posted, &record)));
    must(record.attestation.trusted == (r->x5c_count > 0));
    tori_arena_reset(r->each.arena);
}

static void import_bare(const struct registration *r)
{
    uint8_t point[65] = {4};
    char group[] = "prime256v1";
    EVP_PKEY_CTX *import = EVP_PKEY_CTX_new_from_name(NULL, "EC", NULL);
    EVP_PKEY *key = NULL;

    memcpy(point + 1, r->point.at + 10, 32);
    memcpy(point + 33, r->point.at + 45, 32);
    OSSL_PARAM parameter[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point)),
        OSSL_PARAM_construct_end(),
    };
    must(EVP_PKEY_fromdata_init(import) == 1 &&
         EVP_PKEY_fromdata(import, &key, EVP_PKEY_PUBLIC_KEY, parameter) == 1);
    EVP_PKEY_CTX_free(import);
    EVP_PKEY_free(key);
}

/* Reads every certificate, verifies the first by the anchor's key, and the statement's signature by
 * the first. One that is its own anchor has nobody above it to ask. */
static void register_bare(void *with)
{
    struct registration *r = with;
    X509 *chain[4];

    import_bare(r);
    for (size_t i = 0; i < r->x5c_count; i++) {
        const uint8_t *at = r->x5c[i].at;
        chain[i] = d2i_X509(NULL, &at, (long)r->x5c[i].len);
        must(chain[i] != NULL);
    }
    if (r->x5c_count > 1)
        must(X509_verify(chain[0], r->ca_key) == 1);
    if (r->x5c_count > 0 && r->sig.at != NULL) {
        EVP_MD_CTX *verify = EVP_MD_CTX_new();
        must(EVP_DigestVerifyInit_ex(verify, NULL, r->digest, NULL, NULL,
                                     X509_get0_pubkey(chain[0]), NULL) == 1);
        /* Of U2F other bytes are signed; a verification costs the same when it says no. */
        (void)EVP_DigestVerify(verify, r->sig.at, r->sig.len, r->message.at, r->message.len);
        EVP_MD_CTX_free(verify);
    }
    for (size_t i = 0; i < r->x5c_count; i++)
        X509_free(chain[i]);
}

struct signature {
    struct tori_ctx cx;
    struct tori_verify_key *key;
    struct soft_passkey passkey;
    struct tori_bytes message, signature;
    EVP_PKEY_CTX *bare; /* kept, as OpenSSL can do it at best; NULL: hashes by itself */
    EVP_MD *digest;
};

static void verify_ours(void *with)
{
    struct signature *s = with;

    must(!TORI_FAILED(tori_verify(&s->cx, s->key, s->message, s->signature)));
}

static void verify_bare(void *with)
{
    struct signature *s = with;
    uint8_t digest[64];
    unsigned len = 0;

    if (s->bare != NULL) {
        must(EVP_Digest(s->message.at, s->message.len, digest, &len, s->digest, NULL) == 1);
        must(EVP_PKEY_verify(s->bare, s->signature.at, s->signature.len, digest, len) == 1);
        return;
    }
    EVP_MD_CTX *verify = EVP_MD_CTX_new();
    must(EVP_DigestVerifyInit_ex(verify, NULL, NULL, NULL, NULL, s->passkey.key, NULL) == 1);
    must(EVP_DigestVerify(verify, s->signature.at, s->signature.len, s->message.at,
                          s->message.len) == 1);
    EVP_MD_CTX_free(verify);
}

static void bench_algorithm(int64_t alg, const char *digest, bool pss)
{
    static const uint8_t message[37 + 32] = {1};
    struct signature s = {.message = TORI_BYTES_OF(message)};

    begin_ctx(&s.cx);
    soft_passkey_new(&s.cx, alg, &s.passkey);
    s.signature = soft_sign(&s.cx, &s.passkey, s.message);
    must(!TORI_FAILED(tori_verify_key_new(&s.cx, soft_cose(&s.cx, &s.passkey), &s.key)));
    if (digest != NULL) {
        s.digest = EVP_MD_fetch(NULL, digest, NULL);
        s.bare = EVP_PKEY_CTX_new_from_pkey(NULL, s.passkey.key, NULL);
        must(EVP_PKEY_verify_init(s.bare) == 1);
        if (EVP_PKEY_is_a(s.passkey.key, "RSA"))
            must(EVP_PKEY_CTX_set_rsa_padding(s.bare, pss ? RSA_PKCS1_PSS_PADDING
                                                          : RSA_PKCS1_PADDING) == 1 &&
                 EVP_PKEY_CTX_set_signature_md(s.bare, s.digest) == 1);
    }
    compare(tori_cose_name(alg), verify_ours, verify_bare, &s, SIGNATURES);
    tori_verify_key_free(s.key);
    soft_passkey_free(&s.passkey);
    EVP_PKEY_CTX_free(s.bare);
    EVP_MD_free(s.digest);
    tori_arena_free(s.cx.arena);
}

int main(int argc, char **argv)
{
    static const char *const formats[] = {"packed", "fido-u2f", "apple", "android-key", "tpm"};
    static const struct {
        int64_t alg;
        const char *digest;
        bool pss;
    } algorithms[] = {
        {TORI_COSE_ES256, "SHA256", false}, {TORI_COSE_ES384, "SHA384", false},
        {TORI_COSE_ES512, "SHA512", false}, {TORI_COSE_EDDSA, NULL, false},
        {TORI_COSE_ED448, NULL, false},     {TORI_COSE_RS256, "SHA256", false},
        {TORI_COSE_RS512, "SHA512", false}, {TORI_COSE_PS256, "SHA256", true},
    };

    must(argc == 2);
    tori_hash_init();
    for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
        static struct registration r;
        begin(&r, argv[1], formats[i]);
        compare(formats[i], register_ours, register_bare, &r, REGISTRATIONS);
        end(&r);
    }
    for (size_t i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++)
        bench_algorithm(algorithms[i].alg, algorithms[i].digest, algorithms[i].pss);
    return 0;
}
