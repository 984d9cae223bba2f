/* The JSON forms of both responses (WebAuthn L3 §5.1.8), and what both ceremonies share. Limits are
 * generous for real devices: the longest attestation seen is below 10 KB, the longest signature, of
 * ML-DSA-87, has 4,627 bytes. */
#include <string.h>

#include "domain/webauthn/webauthn_int.h"

enum { CLIENT_DATA_MAX = 2048, ATTESTATION_MAX = 16384, DATA_MAX = 4096, SIGNATURE_MAX = 5120 };

static const char *const transport_words[] = {"ble",        "hybrid", "internal", "nfc",
                                              "smart-card", "usb",    NULL};

/* A member of a response that must be there. */
#define MEMBER(json, kind_, type, member, min_, max_)                                              \
    {                                                                                              \
        .name = json, .kind = kind_, .offset = offsetof(type, member), .min = min_, .max = max_    \
    }
#define MAY_BE(json, kind_, type, member, max_)                                                    \
    {                                                                                              \
        .name = json, .kind = kind_, .offset = offsetof(type, member), .max = max_,                \
        .optional = true                                                                           \
    }
/* What both kinds of response have around the inner one; the extensions' results are those of
 * WebAuthn L3 §7.1 step 4 and WebAuthn L3 §7.2 step 4. */
#define ENVELOPE(type_)                                                                            \
    MEMBER("id", TORI_FIELD_B64U, type_, id, 1, TORI_CREDENTIAL_ID_MAX),                           \
        MEMBER("rawId", TORI_FIELD_B64U, type_, raw_id, 1, TORI_CREDENTIAL_ID_MAX),                \
        MEMBER("type", TORI_FIELD_TEXT, type_, type, 1, 32),                                       \
        MAY_BE("authenticatorAttachment", TORI_FIELD_TEXT, type_, attachment, 32),                 \
        MAY_BE("clientExtensionResults", TORI_FIELD_JSON, type_, extensions, 32)

/* WebAuthn L3 §7.1 step 3: an AuthenticatorAttestationResponse has this shape, no other has */
static const struct tori_field attestation_response[] = {
    MEMBER("clientDataJSON", TORI_FIELD_B64U, struct tori_registration, response.client_data, 1,
           CLIENT_DATA_MAX),
    MEMBER("attestationObject", TORI_FIELD_B64U, struct tori_registration,
           response.attestation_object, 1, ATTESTATION_MAX),
    {.name = "transports",
     .kind = TORI_FIELD_SET,
     .offset = offsetof(struct tori_registration, response.transports),
     .max = 16,
     .words = transport_words,
     .open = true,
     .optional = true},
    TORI_FIELDS_END,
};

/* The inner tables count their offsets from the outer struct, so the inner object stands at 0. */
const struct tori_field tori_registration_fields[] = {
    ENVELOPE(struct tori_registration),
    MAY_BE("label", TORI_FIELD_TEXT, struct tori_registration, label, 64),
    {.name = "response", .kind = TORI_FIELD_OBJECT, .sub = attestation_response, .open = true},
    TORI_FIELDS_END,
};

/* WebAuthn L3 §7.2 step 3: and an AuthenticatorAssertionResponse this */
static const struct tori_field assertion_response[] = {
    MEMBER("clientDataJSON", TORI_FIELD_B64U, struct tori_assertion, response.client_data, 1,
           CLIENT_DATA_MAX),
    MEMBER("authenticatorData", TORI_FIELD_B64U, struct tori_assertion, response.authenticator_data,
           1, DATA_MAX),
    MEMBER("signature", TORI_FIELD_B64U, struct tori_assertion, response.signature, 1,
           SIGNATURE_MAX),
    MAY_BE("userHandle", TORI_FIELD_B64U, struct tori_assertion, response.user_handle, 64),
    TORI_FIELDS_END,
};

const struct tori_field tori_assertion_fields[] = {
    ENVELOPE(struct tori_assertion),
    {.name = "response", .kind = TORI_FIELD_OBJECT, .sub = assertion_response, .open = true},
    TORI_FIELDS_END,
};

/* The algorithms of every relying party, the most wanted first. */
const int64_t tori_webauthn_algs[TORI_WEBAUTHN_ALGS] = {TORI_COSE_ES256, TORI_COSE_EDDSA,
                                                        TORI_COSE_RS256};

struct tori_result tori_webauthn_envelope(struct tori_ctx *cx, struct tori_bytes id,
                                          struct tori_bytes raw_id, struct tori_str type)
{
    /* WebAuthn L3 §5.1: id is the base64url form of rawId, which the strict decoder makes unique */
    if (!tori_bytes_eq(id, raw_id))
        return TORI_FAIL(cx, PROOF_MALFORMED, tori_word("why", "id is not rawId"));
    if (!tori_str_eq(type, TORI_STR("public-key")))
        return TORI_FAIL(cx, PROOF_MALFORMED, tori_text("type", type));
    return TORI_OK;
}

struct tori_result tori_webauthn_signed_bytes(struct tori_ctx *cx,
                                              struct tori_bytes authenticator_data,
                                              const struct tori_hash *client_hash,
                                              struct tori_bytes *out)
{
    size_t len = authenticator_data.len + sizeof(client_hash->at);
    uint8_t *at;

    TORI_TRY(tori_take(cx, len, &at));
    memcpy(at, authenticator_data.at, authenticator_data.len);
    memcpy(at + authenticator_data.len, client_hash->at, sizeof(client_hash->at));
    *out = (struct tori_bytes){at, len};
    return TORI_OK;
}

struct tori_result tori_transports_text(struct tori_ctx *cx, int64_t transports,
                                        struct tori_str *out)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 128);

    for (int i = 0; transport_words[i] != NULL; i++) {
        if ((transports >> i & 1) == 0)
            continue;
        if (buf.len > 0)
            tori_buf_byte(&buf, ',');
        tori_buf_z(&buf, transport_words[i]);
    }
    TORI_TRY(tori_buf_done(cx, &buf));
    *out = tori_buf_text(&buf);
    return TORI_OK;
}
