/* One certificate: all that is ever asked of it. It never leads to another's anchor. */
#include "test/fuzz/fuzz.h"

#include "codec/x509.h"

static const int64_t algs[] = {TORI_COSE_ES256, TORI_COSE_ES384, TORI_COSE_ES512, TORI_COSE_EDDSA,
                               TORI_COSE_ED448, TORI_COSE_RS256, TORI_COSE_PS256, TORI_COSE_RS1};

static void use_keys(struct tori_ctx *cx, const struct tori_certificate *certificate)
{
    struct tori_verify_key *key;

    for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
        if (TORI_FAILED(tori_certificate_key(cx, certificate, algs[i], &key)))
            continue;
        assert(tori_verify_key_alg(key) == algs[i] && tori_certificate_holds(certificate, key));
        assert(TORI_FAILED(tori_verify(cx, key, TORI_BYTES_OF("m"), TORI_BYTES_OF("s"))));
        tori_verify_key_free(key);
    }
}

/* The words it has for itself, and a path that ends where it begins. */
static void ask_the_rest(struct tori_ctx *cx, const struct tori_certificate *certificate)
{
    const struct tori_certificate *const one = certificate;
    const struct tori_path own = {&one, 1, &one, 1};
    int version = tori_certificate_version(certificate);
    size_t which = 7;

    (void)tori_certificate_is_ca(certificate);
    (void)tori_certificate_is_for(certificate, "mihon.example");
    (void)tori_certificate_subject_is_empty(certificate);
    (void)TORI_FAILED(tori_certificate_check_form(cx, certificate));
    if (!TORI_FAILED(tori_path_anchor(cx, &own, &which)))
        assert(which <= 1);
    assert(version == tori_certificate_version(certificate));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t key_usage[] = {0x55, 0x1d, 0x25}, common_name[] = {0x55, 4, 3};
    struct tori_ctx *cx = fuzz_begin();
    struct tori_certificate_facts facts;
    struct tori_cert_extension extension;
    struct tori_certificate *certificate;
    struct tori_str name;
    size_t which = 0;

    if (TORI_FAILED(tori_certificate_new(cx, (struct tori_bytes){data, size}, &certificate)))
        return 0;
    if (!TORI_FAILED(tori_certificate_facts(cx, certificate, &facts))) {
        struct tori_hash due = tori_sha256((struct tori_bytes){data, size});
        assert(tori_hash_eq(&due, &facts.fingerprint));
    }
    if (tori_certificate_subject(certificate, TORI_BYTES_OF(common_name), &name))
        assert(tori_utf8_valid(tori_str_bytes(name)));
    if (!TORI_FAILED(
            tori_certificate_extension(cx, certificate, TORI_BYTES_OF(key_usage), &extension)))
        assert(extension.value.at != NULL || extension.value.len == 0);
    int version = tori_certificate_version(certificate);
    if (!TORI_FAILED(tori_certificate_check_form(cx, certificate)) && version >= 1 && version <= 3)
        assert(!tori_certificate_is_ca(certificate) || !tori_certificate_is_for(certificate, "x"));
    if (tori_certificate_subject_is_empty(certificate))
        assert(!tori_certificate_subject(certificate, TORI_BYTES_OF(common_name), &name));
    use_keys(cx, certificate);
    ask_the_rest(cx, certificate);
    const struct tori_certificate *const one = certificate;
    const struct tori_path path = {&one, 1, NULL, 0};
    if (!TORI_FAILED(tori_path_anchor(cx, &path, &which)))
        assert(which == 0); /* the count of anchors: nowhere */
    tori_certificate_free(certificate);
    return 0;
}
