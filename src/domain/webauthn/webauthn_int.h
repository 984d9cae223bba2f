/* The parts of a response; only this room and its fuzz harnesses see them. */
#ifndef TORI_DOMAIN_WEBAUTHN_WEBAUTHN_INT_H
#define TORI_DOMAIN_WEBAUTHN_WEBAUTHN_INT_H

#include "codec/cbor.h"
#include "domain/webauthn/webauthn.h"

/* WebAuthn L3 §5.8.1: CollectedClientData */
struct tori_client_data {
    struct tori_str type;
    struct tori_bytes challenge;
    struct tori_str origin;
    bool cross_origin;
    bool has_top_origin;
    struct tori_str top_origin;
};
TORI_RESULT tori_client_data_read(struct tori_ctx *cx, struct tori_bytes json,
                                  struct tori_client_data *out);
TORI_RESULT tori_client_data_check(struct tori_ctx *cx, const struct tori_expected *expected,
                                   const struct tori_client_data *data, struct tori_str type);

/* WebAuthn L3 §6.1 */
enum {
    TORI_FLAG_UP = 0x01,
    TORI_FLAG_UV = 0x04,
    TORI_FLAG_BE = 0x08,
    TORI_FLAG_BS = 0x10,
    TORI_FLAG_AT = 0x40,
    TORI_FLAG_ED = 0x80,
    TORI_FLAGS_RESERVED = 0x22,
};
struct tori_authenticator_data {
    struct tori_bytes raw; /* all of it, as signed */
    struct tori_hash rp_id_hash;
    uint8_t flags;
    int64_t sign_count;
    /* with TORI_FLAG_AT */
    uint8_t aaguid[16];
    struct tori_bytes credential_id;
    struct tori_bytes public_key; /* COSE_Key, not imported */
    int64_t alg;
};
TORI_RESULT tori_authenticator_data_read(struct tori_ctx *cx, struct tori_bytes raw,
                                         struct tori_authenticator_data *out);
TORI_RESULT tori_authenticator_data_check(struct tori_ctx *cx, const struct tori_rp *rp,
                                          const struct tori_authenticator_data *data);

/* WebAuthn L3 §6.5.4 */
struct tori_attestation_object {
    struct tori_str format;
    struct tori_cbor statement;
    struct tori_authenticator_data data;
};
TORI_RESULT tori_attestation_object_read(struct tori_ctx *cx, struct tori_bytes raw,
                                         struct tori_attestation_object *out);

/* What a response says about itself beside its `response`: the two forms of the id agree, and the
 * type is the one that exists. */
TORI_RESULT tori_webauthn_envelope(struct tori_ctx *cx, struct tori_bytes id,
                                   struct tori_bytes raw_id, struct tori_str type);

/* The bytes that are signed: authenticator data, then the hash of the client data. */
TORI_RESULT tori_webauthn_signed_bytes(struct tori_ctx *cx, struct tori_bytes authenticator_data,
                                       const struct tori_hash *client_hash, struct tori_bytes *out);

/* Words of AuthenticatorTransport: bits in, "hybrid,internal" out. */
TORI_RESULT tori_transports_text(struct tori_ctx *cx, int64_t transports, struct tori_str *out);

#endif
