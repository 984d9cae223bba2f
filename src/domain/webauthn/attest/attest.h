/* Attestation statement formats: one file each, named in meson.build, found by exact name. */
#ifndef TORI_DOMAIN_WEBAUTHN_ATTEST_ATTEST_H
#define TORI_DOMAIN_WEBAUTHN_ATTEST_ATTEST_H

#include "domain/webauthn/webauthn_int.h"

/* WebAuthn L3 §6.5.2: the inputs of a verification procedure */
struct tori_attest_input {
    const struct tori_cbor *statement;
    const struct tori_authenticator_data *data;
    const struct tori_hash *client_hash;
    const struct tori_verify_key *key; /* of the new credential */
};

/* Sees no store, no clock, no network. ATTESTATION_INVALID, ATTESTATION_FORMAT. */
typedef struct tori_result tori_attest_fn(struct tori_ctx *cx,
                                          const struct tori_attest_input *input,
                                          enum tori_attestation *out);

struct tori_attest_format {
    struct tori_str fmt; /* the identifier in the attestation object */
    tori_attest_fn *verify;
};

/* NULL when there is no such format. */
const struct tori_attest_format *tori_attest_find(struct tori_str fmt);

/* Generated from the list in meson.build. */
extern const struct tori_attest_format *const tori_attest_formats[];
extern const size_t tori_attest_format_count;

#endif
