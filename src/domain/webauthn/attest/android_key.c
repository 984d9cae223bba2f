/* Android's keystore: the key's own certificate says how it is held (WebAuthn L3 §8.4). */
#include "domain/webauthn/attest/android_key.h"

#include "domain/webauthn/attest/attest.h"

/* 1.3.6.1.4.1.11129.2.1.17 */
static const uint8_t description_id[] = {0x2b, 6, 1, 4, 1, 0xd6, 0x79, 2, 1, 0x11};

enum { ORIGIN_GENERATED = 0 };
enum { LEVEL_SOFTWARE = 0, LEVEL_TEE = 1, LEVEL_STRONGBOX = 2 };

/* A key can issue certificates of its own; what their extensions say its holder made up. So the
 * description stands in the first certificate and in no other. */
static struct tori_result find_description(struct tori_ctx *cx,
                                           const struct tori_attest_input *input,
                                           struct tori_android_key *out)
{
    struct tori_cert_extension extension = {.critical = false};

    for (size_t i = input->x5c.count; i > 0; i--) {
        TORI_TRY(tori_certificate_extension(cx, input->x5c.at[i - 1], TORI_BYTES_OF(description_id),
                                            &extension));
        if ((extension.value.at != NULL) != (i == 1))
            return tori_attest_invalid(cx, input, "place of the key description");
    }
    return tori_attest_check(cx, input, tori_android_key_read(cx, extension.value, out),
                             "key description");
}

static struct tori_result check_list(struct tori_ctx *cx, const struct tori_attest_input *input,
                                     const struct tori_android_list *list)
{
    if (list->has_origin && list->origin != ORIGIN_GENERATED)
        return tori_attest_invalid(cx, input, "origin");
    if (list->has_purpose && !list->signs_only)
        return tori_attest_invalid(cx, input, "purpose");
    return TORI_OK;
}

/* WebAuthn L3 §8.4 verification step 5 */
static struct tori_result check_lists(struct tori_ctx *cx, const struct tori_attest_input *input,
                                      const struct tori_android_key *key)
{
    const struct tori_android_list *hard = &key->hardware, *soft = &key->software;
    bool both = input->rules->android_software;

    if (hard->all_applications || soft->all_applications)
        return tori_attest_invalid(cx, input, "all applications");
    /* What either list says must be right; what must be said, only the trusted one can say. */
    TORI_TRY(check_list(cx, input, hard));
    TORI_TRY(check_list(cx, input, soft));
    if (input->rules->android_unlisted)
        return TORI_OK;
    if (!hard->has_origin && !(both && soft->has_origin))
        return tori_attest_invalid(cx, input, "no origin");
    if (!hard->has_purpose && !(both && soft->has_purpose))
        return tori_attest_invalid(cx, input, "no purpose");
    return TORI_OK;
}

static struct tori_result check_level(struct tori_ctx *cx, const struct tori_attest_input *input,
                                      const struct tori_android_key *key, enum tori_protection *out)
{
    int64_t level =
        key->key_level < key->attestation_level ? key->key_level : key->attestation_level;

    if (level < LEVEL_SOFTWARE || key->key_level > LEVEL_STRONGBOX ||
        key->attestation_level > LEVEL_STRONGBOX)
        return tori_attest_invalid(cx, input, "security level");
    if (level == LEVEL_SOFTWARE && !input->rules->android_software)
        return tori_attest_invalid(cx, input, "held by software");
    *out = level == LEVEL_SOFTWARE ? TORI_PROTECTION_SOFTWARE
           : level == LEVEL_TEE    ? TORI_PROTECTION_TEE
                                   : TORI_PROTECTION_STRONGBOX;
    return TORI_OK;
}

static struct tori_result verify(struct tori_ctx *cx, const struct tori_attest_input *input,
                                 struct tori_attestation_facts *out)
{
    struct tori_signed signed_ = {.message = input->signed_bytes};
    struct tori_android_key key;

    /* WebAuthn L3 §8.4 verification step 1 */
    TORI_TRY(tori_attest_shape(cx, input, 3, true));
    TORI_TRY(tori_attest_int(cx, input, "alg", &signed_.alg));
    TORI_TRY(tori_attest_bytes(cx, input, "sig", &signed_.signature));
    /* WebAuthn L3 §8.4 verification step 2; alg is the credential's, as its key signs */
    if (signed_.alg != tori_verify_key_alg(input->key))
        return tori_attest_invalid(cx, input, "alg differs from the credential's");
    TORI_TRY(tori_attest_signature(cx, input, &signed_));
    /* WebAuthn L3 §8.4 verification step 3 */
    if (!tori_certificate_holds(input->x5c.at[0], input->key))
        return tori_attest_invalid(cx, input, "another key");
    TORI_TRY(find_description(cx, input, &key));
    /* WebAuthn L3 §8.4 verification step 4 */
    if (!tori_bytes_eq(key.challenge, tori_hash_bytes(input->client_hash)))
        return tori_attest_invalid(cx, input, "challenge");
    TORI_TRY(check_lists(cx, input, &key));
    TORI_TRY(check_level(cx, input, &key, &out->protection));
    return tori_attest_trust(cx, input, TORI_ATTESTATION_BASIC, out);
}

const struct tori_attest_format tori_attest_android_key = {
    .fmt = TORI_STR_INIT("android-key"),
    .verify = verify,
};
