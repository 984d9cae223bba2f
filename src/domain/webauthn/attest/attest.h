/* Attestation statement formats: one file each, named in meson.build, found by exact name. */
#ifndef TORI_DOMAIN_WEBAUTHN_ATTEST_ATTEST_H
#define TORI_DOMAIN_WEBAUTHN_ATTEST_ATTEST_H

#include "codec/der.h"
#include "domain/webauthn/webauthn_int.h"

/* The certificates of a statement, the attestation certificate first. */
struct tori_x5c {
    struct tori_certificate *at[TORI_CHAIN_MAX];
    size_t count; /* 0: the statement has none */
};

/* At most TORI_CHAIN_MAX of them; tori_x5c_free gives them back. CERTIFICATE_INVALID. */
TORI_RESULT tori_x5c_read(struct tori_ctx *cx, const struct tori_bytes *certificate, size_t count,
                          struct tori_x5c *out);
void tori_x5c_free(struct tori_x5c *x5c);

/* WebAuthn L3 §6.5.2: the inputs of a verification procedure */
struct tori_attest_input {
    struct tori_str format;
    const struct tori_cbor *statement;
    const struct tori_authenticator_data *data;
    const struct tori_hash *client_hash;
    const struct tori_verify_key *key; /* of the new credential */
    const struct tori_attestation_rules *rules;
    /* what tori_attest_verify adds */
    struct tori_bytes signed_bytes; /* authenticator data, then the hash of the client data */
    struct tori_x5c x5c;
};

/* Sees no store, no clock, no network. Where a format has certificates its last step is
 * tori_attest_trust. ATTESTATION_*, CERTIFICATE_INVALID. */
typedef struct tori_result tori_attest_fn(struct tori_ctx *cx,
                                          const struct tori_attest_input *input,
                                          struct tori_attestation_facts *out);

struct tori_attest_format {
    struct tori_str fmt; /* the identifier in the attestation object */
    tori_attest_fn *verify;
};

/* NULL when there is no such format. */
const struct tori_attest_format *tori_attest_find(struct tori_str fmt);

/* Generated from the list in meson.build. */
extern const struct tori_attest_format *const tori_attest_formats[];
extern const size_t tori_attest_format_count;

/* The procedure of the input's format, with the certificates read before and given back after. */
tori_attest_fn tori_attest_verify;

/* ATTESTATION_INVALID with the format and the reason. */
struct tori_result tori_attest_invalid(struct tori_ctx *cx, const struct tori_attest_input *input,
                                       const char *why);
/* A refusal by a reader or a key means that the statement is invalid; what is no refusal stays. */
struct tori_result tori_attest_check(struct tori_ctx *cx, const struct tori_attest_input *input,
                                     struct tori_result result, const char *why);
/* Whether it says no to a statement, and not that the question could not be put. */
bool tori_attest_is_refusal(struct tori_result result);

/* Members of the statement, which must be there and of the type. */
TORI_RESULT tori_attest_int(struct tori_ctx *cx, const struct tori_attest_input *input,
                            const char *name, int64_t *out);
TORI_RESULT tori_attest_bytes(struct tori_ctx *cx, const struct tori_attest_input *input,
                              const char *name, struct tori_bytes *out);
/* It is a map of so many members, and x5c is among them or not. */
TORI_RESULT tori_attest_shape(struct tori_ctx *cx, const struct tori_attest_input *input,
                              size_t members, bool with_x5c);

/* `signature` over `message` by the attestation certificate's key. */
struct tori_signed {
    int64_t alg;
    struct tori_bytes message;
    struct tori_bytes signature;
};
TORI_RESULT tori_attest_signature(struct tori_ctx *cx, const struct tori_attest_input *input,
                                  const struct tori_signed *signed_);
/* The attestation certificate names no other AAGUID than the authenticator data. */
TORI_RESULT tori_attest_aaguid(struct tori_ctx *cx, const struct tori_attest_input *input);
/* Where the certificates lead: fills in the type and everything about trust. ATTESTATION_UNTRUSTED,
 * CERTIFICATE_INVALID. */
TORI_RESULT tori_attest_trust(struct tori_ctx *cx, const struct tori_attest_input *input,
                              enum tori_attestation type, struct tori_attestation_facts *out);

/* x and y, or n and e, of the credential's COSE_Key, which has been imported before. */
TORI_RESULT tori_attest_key_parts(struct tori_ctx *cx, const struct tori_attest_input *input,
                                  struct tori_bytes part[static 2]);

#endif
