/* Certificates (RFC 5280) of hostile origin, and the paths from them to anchors that the caller
 * names one by one: no store of the system is ever asked. Values in, values out; the time is handed
 * in with cx. What a certificate must look like for its purpose is the caller's business. */
#ifndef TORI_CODEC_X509_H
#define TORI_CODEC_X509_H

#include "codec/cose.h"

enum { TORI_CERTIFICATE_MAX = 8192, TORI_CHAIN_MAX = 8 };

/* One certificate, on the heap. It never changes, so threads may share it. */
struct tori_certificate;

/* `der` is exactly one certificate. CERTIFICATE_INVALID. */
TORI_RESULT tori_certificate_new(struct tori_ctx *cx, struct tori_bytes der,
                                 struct tori_certificate **out);
void tori_certificate_free(struct tori_certificate *certificate);

/* CERTIFICATE_INVALID with what nobody should still make: malformed extensions, negative serial
 * numbers, GeneralizedTime before 2050. Old devices carry such certificates; an anchor must not be
 * one. */
TORI_RESULT tori_certificate_check_form(struct tori_ctx *cx,
                                        const struct tori_certificate *certificate);

/* What an operator wants to know of a certificate. Texts and bytes live in the arena. */
struct tori_certificate_facts {
    struct tori_str subject; /* RFC 2253 */
    struct tori_str issuer;
    struct tori_bytes serial; /* big-endian, without sign */
    tori_time not_before;
    tori_time not_after;
    struct tori_hash fingerprint; /* SHA-256 of the DER */
    uint8_t key_id[20];           /* RFC 5280 §4.2.1.2 (1): SHA-1 of the public key's bits */
};
TORI_RESULT tori_certificate_facts(struct tori_ctx *cx, const struct tori_certificate *certificate,
                                   struct tori_certificate_facts *out);

int tori_certificate_version(const struct tori_certificate *certificate); /* 1, 2, 3 */
bool tori_certificate_is_ca(const struct tori_certificate *certificate);  /* by its word */
bool tori_certificate_subject_is_empty(const struct tori_certificate *certificate);

/* Whether it was issued to this host: by its alternative names, or its common name without any. */
bool tori_certificate_is_for(const struct tori_certificate *certificate, const char *host);

/* The attribute of the subject with this id (the content of its OID in DER), which must occur once
 * and be of a string type; false otherwise. */
bool tori_certificate_subject(const struct tori_certificate *certificate, struct tori_bytes id,
                              struct tori_str *out);

struct tori_cert_extension {
    struct tori_bytes value; /* inside the OCTET STRING; at == NULL: there is none */
    bool critical;
};
/* The extension with this id (the content of its OID in DER). CERTIFICATE_INVALID when it occurs
 * twice. */
TORI_RESULT tori_certificate_extension(struct tori_ctx *cx,
                                       const struct tori_certificate *certificate,
                                       struct tori_bytes id, struct tori_cert_extension *out);

/* Its public key, to verify signatures of `alg` with; the caller frees it. PROOF_ALGORITHM;
 * PROOF_KEY when the key is of another kind or curve, too weak, or cannot be read. */
TORI_RESULT tori_certificate_key(struct tori_ctx *cx, const struct tori_certificate *certificate,
                                 int64_t alg, struct tori_verify_key **out);
/* Whether its public key is this one. */
bool tori_certificate_holds(const struct tori_certificate *certificate,
                            const struct tori_verify_key *key);

/* A chain, the first certificate to judge in front, and the anchors that may end it. */
struct tori_path {
    const struct tori_certificate *const *chain;
    size_t length;
    const struct tori_certificate *const *anchor;
    size_t count;
};

/* Whether the path ends at one of the anchors, and at which. The chain is 1 … TORI_CHAIN_MAX
 * certificates, each issued by the next; one at its end that issued itself counts for nothing. An
 * anchor may be an issuer, or the first certificate itself. Valid at cx->now from end to end; keys
 * and signatures of at least 112 bits (below an anchor); issuers are CAs of version 3 with the
 * right to sign, within their path lengths and name constraints; unknown critical extensions are
 * refused. Revocation is not looked at.
 *
 * CERTIFICATE_INVALID: the chain is broken by itself or up to its anchor. TORI_OK with *out ==
 * count: it ends nowhere; it is sound by itself, unless it holds a malformed extension, with which
 * no path leads anywhere. */
TORI_RESULT tori_path_anchor(struct tori_ctx *cx, const struct tori_path *path, size_t *out);

#endif
