/* What an assertion costs against the cryptography in it: one ES256 verification and three SHA-256.
 * CPU time of this thread; both sides in turn, the median of ROUNDS. */
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/hash.h"
#include "test/unit/authenticator.h"

enum { ROUNDS = 9, OPERATIONS = 4000, ARENA = 1024 * 1024 };

static const struct tori_str origin[] = {TORI_STR_INIT("https://auth.mihon.example")};
static const struct tori_rp rp = {.id = TORI_STR_INIT("auth.mihon.example"),
                                  .origin = origin,
                                  .origin_count = 1,
                                  .alg = tori_webauthn_algs,
                                  .alg_count = TORI_WEBAUTHN_ALGS};
static const uint8_t challenge[32] = {7};

/* One login, ready to be verified over and over. `cx` keeps the response, `each` serves one run. */
struct bench {
    struct tori_ctx cx;
    struct tori_ctx each;
    struct soft_passkey passkey;
    struct tori_assertion assertion;
    struct tori_str body;
    struct tori_verify_key *key;
    struct tori_known_credential known;
    EVP_PKEY_CTX *bare;
    EVP_MD *sha256;
};

#define must(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "bench: %s failed (line %d)\n", #what, __LINE__);                      \
            exit(1);                                                                               \
        }                                                                                          \
    } while (0)

static void begin(struct bench *b)
{
    const struct soft_ask ask = {.origin = "https://auth.mihon.example",
                                 .rp_id = "auth.mihon.example",
                                 .challenge = TORI_BYTES_OF(challenge)};

    tori_hash_init();
    b->cx.arena = tori_arena_new(ARENA);
    b->each.arena = tori_arena_new(ARENA);
    tori_random_fixed(&b->cx.random, 1);
    soft_passkey_new(&b->cx, TORI_COSE_ES256, &b->passkey);
    b->assertion = soft_assert(&b->cx, &b->passkey, &ask);
    b->body = soft_assertion_json(&b->cx, &b->assertion);
    must(!TORI_FAILED(tori_verify_key_new(&b->cx, soft_cose(&b->cx, &b->passkey), &b->key)));
    b->known = (struct tori_known_credential){.id = b->assertion.raw_id,
                                              .user = b->passkey.user,
                                              .backup_eligible = true,
                                              .active = true};
    b->sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    b->bare = EVP_PKEY_CTX_new_from_pkey(NULL, b->passkey.key, NULL);
    must(b->sha256 != NULL && EVP_PKEY_verify_init(b->bare) == 1);
}

/* As OpenSSL can do it at best: key and context kept, digest fetched once. */
static void bare_crypto(struct bench *b)
{
    const struct tori_bytes client = b->assertion.response.client_data;
    const struct tori_bytes data = b->assertion.response.authenticator_data;
    uint8_t message[37 + 32], digest[32], rp_hash[32];

    must(EVP_Digest(rp.id.at, rp.id.len, rp_hash, NULL, b->sha256, NULL) == 1);
    memcpy(message, data.at, 37);
    must(EVP_Digest(client.at, client.len, message + 37, NULL, b->sha256, NULL) == 1);
    must(EVP_Digest(message, sizeof(message), digest, NULL, b->sha256, NULL) == 1);
    must(EVP_PKEY_verify(b->bare, b->assertion.response.signature.at,
                         b->assertion.response.signature.len, digest, sizeof(digest)) == 1);
}

static void prove_and_accept(struct bench *b, const struct tori_assertion *assertion)
{
    const struct tori_expected expected = {&rp, TORI_BYTES_OF(challenge)};
    const struct tori_claimant anybody = {0};
    struct tori_asserted asserted;
    struct tori_proved proved;

    must(!TORI_FAILED(tori_webauthn_prove(&b->each, &expected, assertion, b->key, &proved)));
    must(!TORI_FAILED(tori_webauthn_accept(&b->each, &anybody, &b->known, &proved, &asserted)));
    tori_arena_reset(b->each.arena);
}

static void ceremony(struct bench *b)
{
    prove_and_accept(b, &b->assertion);
}

/* The same from the JSON that a browser posts. */
static void from_json(struct bench *b)
{
    struct tori_assertion assertion = {0};
    struct tori_json json;

    must(!TORI_FAILED(tori_json_parse(&b->each, tori_str_bytes(b->body), &json)));
    must(!TORI_FAILED(tori_fields_read(&b->each, tori_assertion_fields, &json, &assertion)));
    prove_and_accept(b, &assertion);
}

static void import_key(struct bench *b)
{
    struct tori_verify_key *key;

    must(!TORI_FAILED(tori_verify_key_new(&b->each, soft_cose(&b->each, &b->passkey), &key)));
    tori_verify_key_free(key);
    tori_arena_reset(b->each.arena);
}

static const struct {
    const char *what;
    void (*run)(struct bench *);
} parts[] = {
    {"bare OpenSSL: ES256 verify + 3 SHA-256", bare_crypto},
    {"prove + accept", ceremony},
    {"prove + accept from the JSON body", from_json},
    {"import of the key (once per cache miss)", import_key},
};
enum { PARTS = sizeof(parts) / sizeof(parts[0]) };

static double cpu_us(void)
{
    struct timespec t;

    must(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) == 0);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double round_us(struct bench *b, size_t part)
{
    double from = cpu_us();

    for (int i = 0; i < OPERATIONS; i++)
        parts[part].run(b);
    return (cpu_us() - from) / OPERATIONS;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

int main(void)
{
    static struct bench b;
    double us[PARTS][ROUNDS];

    begin(&b);
    for (int round = 0; round < ROUNDS; round++) {
        for (size_t part = 0; part < PARTS; part++)
            us[part][round] = round_us(&b, part);
    }
    for (size_t part = 0; part < PARTS; part++) {
        qsort(us[part], ROUNDS, sizeof(us[part][0]), by_size);
        printf("%-42s %7.2f us  [%.2f-%.2f]  %.2f of the bare cryptography\n", parts[part].what,
               us[part][ROUNDS / 2], us[part][0], us[part][ROUNDS - 1],
               us[0][ROUNDS / 2] / us[part][ROUNDS / 2]);
    }
    soft_passkey_free(&b.passkey);
    tori_verify_key_free(b.key);
    EVP_PKEY_CTX_free(b.bare);
    EVP_MD_free(b.sha256);
    tori_arena_free(b.cx.arena);
    tori_arena_free(b.each.arena);
    return 0;
}
