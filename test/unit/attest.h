/* One registration with attestation, made right and then changed in one place: what the tests of
 * all formats share. */
#ifndef TORI_TEST_ATTEST_H
#define TORI_TEST_ATTEST_H

#include <stdlib.h>

#include "test/unit/statement.h"
#include "test/unit/webauthn.h"

struct scene {
    struct tori_ctx *cx;
    const char *format;
    struct soft_vendor vendor;
    struct soft_passkey passkey;
    EVP_PKEY *leaf_key; /* of the attestation certificate; the passkey's own in some formats */
    struct soft_ask ask;
    struct soft_parts parts; /* what the authenticator and the browser said */
    struct soft_cert leaf;
    struct soft_stmt stmt;
    struct tori_bytes message; /* what the attestation key signs */
    struct tori_attestation_rules rules;
    struct tori_rp rp;
    void *more; /* the format's own */
};

/* A format: `set_up` says what an honest device would put in, `make` signs and writes it down. */
struct attest_kind {
    const char *format;
    int64_t alg; /* of the passkey */
    void (*set_up)(struct scene *s);
    void (*make)(struct scene *s);
};

/* One change, before anything is signed or after all of it, and what comes of it. */
struct attest_case {
    const char *name;
    void (*before)(struct scene *s);
    void (*after)(struct scene *s);
    tori_err err;
};

static inline void scene_begin(struct tori_ctx *cx, const struct attest_kind *kind, struct scene *s)
{
    memset(s, 0, sizeof(*s));
    s->cx = cx;
    s->format = kind->format;
    soft_vendor_new(cx, &s->vendor);
    soft_passkey_new(cx, kind->alg, &s->passkey);
    s->leaf_key = soft_key_new(TORI_COSE_ES256);
    s->ask = honest_ask();
    s->rules.anchors = s->vendor.anchors;
    s->rp = test_rp;
    s->rp.attestation = &s->rules;
    s->leaf = (struct soft_cert){
        .key = s->leaf_key,
        .signer = s->vendor.ca_key,
        .issuer = s->vendor.ca,
        .subject = "C=JP/O=Mihon Devices/OU=Authenticator Attestation/CN=Model 1",
    };
    kind->set_up(s);
}

static inline void scene_end(struct scene *s)
{
    soft_vendor_free(&s->vendor);
    soft_passkey_free(&s->passkey);
    EVP_PKEY_free(s->leaf_key);
    tori_arena_reset(s->cx->arena);
}

/* The leaf as it is described now, and the CA behind it. */
static inline void scene_certify(struct scene *s)
{
    X509 *leaf = soft_cert_new(s->cx, &s->leaf);

    s->stmt.x5c[0] = soft_der(s->cx, leaf);
    s->stmt.x5c[1] = soft_der(s->cx, s->vendor.ca);
    s->stmt.x5c_count = 2;
    X509_free(leaf);
}

static inline void scene_make(const struct attest_kind *kind, const struct attest_case *change,
                              struct scene *s)
{
    if (change != NULL && change->before != NULL)
        change->before(s);
    s->parts = soft_parts_of(s->cx, &s->passkey, &s->ask);
    kind->make(s);
    if (change != NULL && change->after != NULL)
        change->after(s);
    if (s->ask.statement.at == NULL)
        s->ask.statement = soft_stmt_cbor(s->cx, &s->stmt);
    s->ask.fmt = s->format;
}

static inline struct tori_result scene_register(struct scene *s, struct tori_attested *out)
{
    const struct tori_expected expected = {&s->rp, TORI_BYTES_OF(test_challenge)};
    struct tori_registration registration = soft_register(s->cx, &s->passkey, &s->ask);

    return tori_webauthn_register(s->cx, &expected, &registration, out);
}

/* Where TORIMORI_SEEDS names the folder of the fuzz corpus, honest bytes become its seeds. */
static inline void attest_save(const char *harness, const char *seed, struct tori_bytes bytes)
{
    const char *folder = getenv("TORIMORI_SEEDS");
    char path[4096];

    if (folder == NULL)
        return;
    snprintf(path, sizeof(path), "%s/%s/%s", folder, harness, seed);
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes.at, 1, bytes.len, file), bytes.len);
    fclose(file);
}

/* The same under the words of a case, as a file name. */
static inline void attest_save_named(const char *harness, const char *words,
                                     struct tori_bytes bytes)
{
    char seed[128];

    snprintf(seed, sizeof(seed), "%s", words);
    for (char *at = seed; *at != '\0'; at++)
        *at = *at == ' ' || *at == ',' || *at == ':' ? '-' : *at;
    attest_save(harness, seed, bytes);
}

/* What one case posts. Which of them are worth a place in the corpus libFuzzer's merge tells. */
static inline void attest_save_case(struct scene *s, const char *name)
{
    char words[128];

    if (getenv("TORIMORI_SEEDS") == NULL)
        return;
    snprintf(words, sizeof(words), "%s-%s", s->format, name);
    struct tori_registration made = soft_register(s->cx, &s->passkey, &s->ask);
    attest_save_named("statement", words, made.response.attestation_object);
    attest_save_named("x509", words, s->stmt.x5c[0]);
}

static inline void attest_run(struct tori_ctx *cx, const struct attest_kind *kind,
                              const struct attest_case *cases, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct tori_attested attested;
        struct scene s;
        scene_begin(cx, kind, &s);
        scene_make(kind, &cases[i], &s);
        struct tori_result result = scene_register(&s, &attested);
        attest_save_case(&s, cases[i].name);
        if (result.err != cases[i].err)
            tori_unit_tell(&cx->failure);
        if (result.err != cases[i].err)
            fail_msg("%s: %s, not %s", cases[i].name, tori_err_name(result.err),
                     tori_err_name(cases[i].err));
        scene_end(&s);
    }
}
#define ATTEST_RUN(cx, kind, cases)                                                                \
    attest_run((cx), (kind), (cases), sizeof(cases) / sizeof((cases)[0]))

/* Bytes that a format leaves unsigned: `len` bytes from `from` in the authenticator data. */
struct attest_unsigned {
    struct tori_bytes auth_data;
    size_t from, len;
};

static inline bool is_unsigned(struct tori_bytes object, size_t i, const struct attest_unsigned *u)
{
    size_t data = object.len - u->auth_data.len; /* the last member of the object */

    return i >= data + u->from && i < data + u->from + u->len;
}

/* One bit of each byte of the object turned over, one at a time: nothing passes. */
static inline void attest_flip_all(struct scene *s, struct tori_bytes object,
                                   struct attest_unsigned exempt)
{
    const struct tori_expected expected = {&s->rp, TORI_BYTES_OF(test_challenge)};
    struct tori_ctx each = *s->cx;
    uint8_t *copy = tori_arena_take(s->cx->arena, object.len);
    struct tori_registration registration = soft_register(s->cx, &s->passkey, &s->ask);
    struct tori_attested attested;

    assert_non_null(copy);
    attest_save("statement", s->format, object);
    attest_save("x509", s->format, s->stmt.x5c[0]);
    each.arena = tori_arena_new(1024 * 1024);
    memcpy(copy, object.at, object.len);
    registration.response.attestation_object = (struct tori_bytes){copy, object.len};
    for (size_t i = 0; i < object.len; i++) {
        if (is_unsigned(object, i, &exempt))
            continue;
        copy[i] ^= (uint8_t)(1 << (i % 8));
        if (!TORI_FAILED(tori_webauthn_register(&each, &expected, &registration, &attested)))
            fail_msg("%s: byte %zu of %zu changed, and accepted", s->format, i, object.len);
        copy[i] ^= (uint8_t)(1 << (i % 8));
        tori_arena_reset(each.arena);
    }
    assert_ok(&each, tori_webauthn_register(&each, &expected, &registration, &attested));
    tori_arena_free(each.arena);
}

/* The honest statement is accepted; with any byte of the attestation object changed it is not. */
static inline void attest_mutate(struct tori_ctx *cx, const struct attest_kind *kind)
{
    struct scene s;

    scene_begin(cx, kind, &s);
    scene_make(kind, NULL, &s);
    struct tori_registration registration = soft_register(cx, &s.passkey, &s.ask);
    attest_flip_all(&s, registration.response.attestation_object,
                    (struct attest_unsigned){s.parts.auth_data, 0, 0});
    scene_end(&s);
}

#endif
