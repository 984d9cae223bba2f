/* A software authenticator with a browser around it, for every test in C that needs a passkey. It
 * keeps none of the rules it is not told to keep: each member of struct soft_ask is a fault one can
 * order, correctly signed. It ends the process when OpenSSL fails. */
#ifndef TORI_TEST_AUTHENTICATOR_H
#define TORI_TEST_AUTHENTICATOR_H

#include <openssl/evp.h>

#include "domain/webauthn/webauthn.h"

enum { SOFT_CREDENTIAL_ID = 32 };

enum {
    SOFT_UP = 0x01,
    SOFT_UV = 0x04,
    SOFT_BE = 0x08,
    SOFT_BS = 0x10,
    SOFT_AT = 0x40,
    SOFT_ED = 0x80,
};

/* One passkey. It outlives requests; soft_passkey_free() gives its key back. */
struct soft_passkey {
    EVP_PKEY *key;
    int64_t alg;
    uint8_t credential_id[SOFT_CREDENTIAL_ID];
    uint8_t aaguid[16];
    struct tori_user_handle user;
    uint32_t sign_count; /* raised before each use, unless it is 0: synced passkeys do not count */
    uint8_t flags;       /* UP, UV, BE, BS: what an honest synced passkey sets */
};

/* A key pair of an algorithm, one of TORI_COSE_*; the caller frees it. An RSA key takes a fifth of
 * a second. */
EVP_PKEY *soft_key_new(int64_t alg);
struct tori_bytes soft_sign_with(struct tori_ctx *cx, EVP_PKEY *key, int64_t alg,
                                 struct tori_bytes message);

void soft_passkey_new(struct tori_ctx *cx, int64_t alg, struct soft_passkey *out);
void soft_passkey_free(struct soft_passkey *passkey);
/* Its public key as COSE_Key, in the arena. */
struct tori_bytes soft_cose(struct tori_ctx *cx, const struct soft_passkey *passkey);

/* What gets signed; anything but the first half is a fault. */
enum soft_signed {
    SOFT_SIGNED_RIGHT,
    SOFT_SIGNED_WITHOUT_HASH,
    SOFT_SIGNED_SWAPPED,
};

/* A request to the authenticator. Zero: as an honest browser on the right page would ask. Texts are
 * zero-terminated; a `tori_bytes` whose `at` is NULL is not given. */
struct soft_ask {
    const char *origin; /* these two are always due */
    const char *rp_id;
    struct tori_bytes challenge;

    /* the page */
    const char *type;              /* "webauthn.get", … */
    const char *challenge_text;    /* as it stands in the client data */
    const char *more_client_data;  /* ",\"crossOrigin\":true": appended to the members */
    struct tori_bytes client_data; /* instead of all that */
    const char *envelope_type;     /* "public-key" */
    struct tori_bytes envelope_id; /* in place of the credential's, in id and rawId */
    bool no_user_handle;
    struct tori_bytes user_handle;

    /* the authenticator */
    uint8_t set_flags;
    uint8_t clear_flags;
    bool keep_count; /* do not raise the counter */
    struct tori_bytes cose;
    struct tori_bytes credential_id;
    struct tori_bytes extensions; /* CBOR; sets ED */
    struct tori_bytes trailing;   /* behind the authenticator data */
    struct tori_bytes auth_data;  /* instead of all of it */
    enum soft_signed signed_over;
    struct tori_bytes signature; /* instead of one made */

    /* the attestation */
    const char *fmt;                      /* "none" by default; "packed" makes self attestation */
    struct tori_bytes statement;          /* CBOR, instead of one made */
    struct tori_bytes attestation_object; /* instead of all of it */
};

/* What the browser would post, decoded. All bytes live in the arena of cx. */
struct tori_registration soft_register(struct tori_ctx *cx, struct soft_passkey *passkey,
                                       const struct soft_ask *ask);
struct tori_assertion soft_assert(struct tori_ctx *cx, struct soft_passkey *passkey,
                                  const struct soft_ask *ask);

/* The same as JSON: RegistrationResponseJSON and AuthenticationResponseJSON, one object each. */
struct tori_str soft_registration_json(struct tori_ctx *cx,
                                       const struct tori_registration *response);
struct tori_str soft_assertion_json(struct tori_ctx *cx, const struct tori_assertion *response);

/* Canonical CBOR, written the plain way. */
void soft_cbor_head(struct tori_buf *buf, int major, uint64_t value);
void soft_cbor_int(struct tori_buf *buf, int64_t value);
void soft_cbor_text(struct tori_buf *buf, const char *text);
void soft_cbor_bytes(struct tori_buf *buf, struct tori_bytes bytes);

/* A signature by the passkey's own key, and the signed bytes of both ceremonies. */
struct tori_bytes soft_sign(struct tori_ctx *cx, const struct soft_passkey *passkey,
                            struct tori_bytes message);

#endif
