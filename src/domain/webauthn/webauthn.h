/* WebAuthn Level 3, the server's side: options out, registrations and assertions in. Values in,
 * values out: no store, no clock, no session. What depends on the moment (challenge open,
 * credential not yet registered, lock) is the service's business.
 *
 *   prepare  tori_webauthn_register, tori_webauthn_prove: everything that the bytes alone can show
 *   decide   tori_webauthn_accept: what the credential's record says to it, a few
 * comparisons */
#ifndef TORI_DOMAIN_WEBAUTHN_WEBAUTHN_H
#define TORI_DOMAIN_WEBAUTHN_WEBAUTHN_H

#include "codec/cose.h"
#include "codec/fields.h"
#include "codec/x509.h"

/* WebAuthn L3 §6.5.3; kept in the store, so numbers never change. */
enum tori_attestation {
    TORI_ATTESTATION_NONE,   /* nothing but the key itself */
    TORI_ATTESTATION_SELF,   /* the key signed its own registration */
    TORI_ATTESTATION_BASIC,  /* a key of the model vouches for it */
    TORI_ATTESTATION_ATTCA,  /* a key certified for this one device does */
    TORI_ATTESTATION_ANONCA, /* a certificate made for this one credential does */
};

/* Who is believed, and for what. Texts and bytes are the caller's and outlive tori_anchors_new only
 * in copies. */
struct tori_anchor {
    struct tori_str name;          /* for people: "Example Vendor Root 2" */
    struct tori_bytes certificate; /* DER; any issuer, or the attestation certificate itself */
    struct tori_str format;        /* speaks for this format only; empty: for any */
    const uint8_t *aaguid;         /* 16 bytes: for this model only; NULL: for any */
    const uint8_t *key_id; /* 20 bytes: for leaves with this SHA-1 of the public key only, as
                            * metadata names models without AAGUID; NULL: for any */
};

/* Anchors read once; they never change, so threads may share them. */
struct tori_anchors;
/* CERTIFICATE_INVALID with the name: one of them is no certificate, or of a form that nobody should
 * make. */
TORI_RESULT tori_anchors_new(struct tori_ctx *cx, const struct tori_anchor *list, size_t count,
                             struct tori_anchors **out);
void tori_anchors_free(struct tori_anchors *anchors);

/* What options ask for (WebAuthn L3 §5.4.7). */
enum tori_conveyance {
    TORI_CONVEYANCE_NONE,
    TORI_CONVEYANCE_INDIRECT,
    TORI_CONVEYANCE_DIRECT,
    TORI_CONVEYANCE_ENTERPRISE,
};

/* How attestation statements are judged. Zero in each switch is the strict side. */
struct tori_attestation_rules {
    enum tori_conveyance conveyance;
    const struct tori_anchors *anchors; /* NULL: nobody is believed */
    bool untrusted; /* a sound statement whose chain ends at no anchor passes; it counts as self */
    bool compound_any;      /* compound: one good member is enough; else all must be good */
    bool compound_repeats;  /* compound: members of the same format */
    bool android_software;  /* android-key: what software says about the key counts, too */
    bool android_unlisted;  /* android-key: lists that name neither origin nor purpose */
    bool u2f_any_aaguid;    /* fido-u2f: an AAGUID that is not zero */
    bool safetynet;         /* android-safetynet at all; it is obsolete */
    bool safetynet_no_cts;  /* without the profile match */
    bool safetynet_any_age; /* older than a minute */
    const struct tori_str *tpm_vendor; /* beside the TCG's list: "FFFFF1D0" */
    size_t tpm_vendor_count;
};

/* A relying party: one for customers, one for operators. Zero in the switches is the strict
 * side. */
struct tori_rp {
    struct tori_str id;
    struct tori_str name;          /* shown by authenticators */
    const struct tori_str *origin; /* the exact list: compared byte for byte */
    size_t origin_count;
    const int64_t *alg; /* accepted COSE algorithms, the most wanted first */
    size_t alg_count;
    const struct tori_attestation_rules *attestation; /* NULL: all of them zero */
    enum tori_attestation least; /* what a registration must bring at least; above SELF, from an
                                  * anchor */
    bool uv_optional;            /* false wherever people log in; the published vectors need it */
    bool cross_origin;           /* a frame inside another site may ask; false, as before */
    const struct tori_str *top_origin; /* with cross_origin: whose frame */
    size_t top_origin_count;
};

/* What every relying party of ours accepts: ES256, EdDSA, RS256. */
enum { TORI_WEBAUTHN_ALGS = 3 };
extern const int64_t tori_webauthn_algs[TORI_WEBAUTHN_ALGS];

enum { TORI_CREDENTIAL_ID_MAX = 1023 };

/* RegistrationResponseJSON, as PublicKeyCredential.toJSON() writes it (WebAuthn L3 §5.1.8). */
struct tori_registration {
    struct tori_bytes id;
    struct tori_bytes raw_id;
    struct tori_str type;
    struct tori_str attachment; /* empty: not told */
    struct {
        struct tori_bytes client_data;
        struct tori_bytes attestation_object;
        int64_t transports; /* bits of the known words */
    } response;
    const struct tori_json *extensions; /* the client's word, not signed; NULL: none */
    struct tori_str label; /* our own member beside them: what the person calls it; may be empty */
};

/* AuthenticationResponseJSON */
struct tori_assertion {
    struct tori_bytes id;
    struct tori_bytes raw_id;
    struct tori_str type;
    struct tori_str attachment;
    struct {
        struct tori_bytes client_data;
        struct tori_bytes authenticator_data;
        struct tori_bytes signature;
        struct tori_bytes user_handle; /* at == NULL: absent */
    } response;
    const struct tori_json *extensions;
};

/* Body tables of both; what browsers add beside is ignored. */
extern const struct tori_field tori_registration_fields[];
extern const struct tori_field tori_assertion_fields[];

#define TORI_REGISTRATION(type, member)                                                            \
    {                                                                                              \
        .name = #member, .kind = TORI_FIELD_OBJECT, .offset = offsetof(type, member),              \
        .sub = tori_registration_fields, .open = true                                              \
    }
#define TORI_ASSERTION(type, member)                                                               \
    {                                                                                              \
        .name = #member, .kind = TORI_FIELD_OBJECT, .offset = offsetof(type, member),              \
        .sub = tori_assertion_fields, .open = true                                                 \
    }

/* The ceremony that a response must belong to. */
struct tori_expected {
    const struct tori_rp *rp;
    struct tori_bytes challenge;
};

/* Where the private key lives, by the word of a trusted statement. */
enum tori_protection {
    TORI_PROTECTION_UNKNOWN,
    TORI_PROTECTION_SOFTWARE,
    TORI_PROTECTION_TEE,       /* a trusted execution environment beside the system */
    TORI_PROTECTION_STRONGBOX, /* a chip of its own */
    TORI_PROTECTION_TPM,
};

/* What an attestation statement showed. Nothing in it counts for more than self attestation unless
 * it is trusted, the AAGUID of the credential neither. */
struct tori_attestation_facts {
    enum tori_attestation type;
    bool trusted;
    struct tori_str anchor; /* its name, when trusted; in the arena */
    enum tori_protection protection;
    bool has_certificate;
    struct tori_certificate_facts certificate; /* the first of x5c */
};
/* What it counts for: its type when trusted, at most SELF otherwise. */
enum tori_attestation tori_attestation_worth(const struct tori_attestation_facts *facts);

/* A new credential. Bytes and texts point into the registration or the arena. */
struct tori_attested {
    struct tori_bytes credential_id;
    uint8_t aaguid[16];
    struct tori_bytes public_key; /* COSE_Key; tori_verify_key_new takes it */
    int64_t alg;
    int64_t sign_count;
    bool user_verified;
    bool backup_eligible;
    bool backed_up;
    struct tori_str format; /* of the attestation */
    struct tori_attestation_facts attestation;
    struct tori_str transports; /* "hybrid,internal": known words only */
};

/* WebAuthn L3 §7.1 but for step 26 (not yet registered for any user), which needs the store.
 * PROOF_*, ATTESTATION_*, CERTIFICATE_INVALID, CREDENTIAL_NOT_DISCOVERABLE. */
TORI_RESULT tori_webauthn_register(struct tori_ctx *cx, const struct tori_expected *expected,
                                   const struct tori_registration *registration,
                                   struct tori_attested *out);

/* What an assertion shows by itself, once its signature has been verified. */
struct tori_proved {
    struct tori_bytes credential_id;
    struct tori_bytes user_handle; /* at == NULL: absent */
    int64_t sign_count;
    bool user_verified;
    bool backup_eligible;
    bool backed_up;
};

/* WebAuthn L3 §7.2 steps 7 … 18, 20, 21 and 23. `key` is that of the credential named by raw_id. */
TORI_RESULT tori_webauthn_prove(struct tori_ctx *cx, const struct tori_expected *expected,
                                const struct tori_assertion *assertion,
                                const struct tori_verify_key *key, struct tori_proved *out);

/* The challenge that client data carries, unchecked: prepare verifies a signature with it, and
 * decide holds it against the one that is open (step 12 of §7.2, step 8 of §7.1).
 * PROOF_MALFORMED. */
TORI_RESULT tori_webauthn_challenge_of(struct tori_ctx *cx, struct tori_bytes client_data,
                                       struct tori_bytes *out);

/* Whose answer was asked for. */
struct tori_claimant {
    const struct tori_user_handle *user; /* NULL: nobody was named before, as in a login */
    const struct tori_bytes *allow;      /* the allowCredentials that were sent */
    size_t allow_count;                  /* 0: any credential of the user */
};

/* The record of the credential, as the aggregate has it now. */
struct tori_known_credential {
    struct tori_bytes id;
    struct tori_user_handle user;
    int64_t sign_count;
    bool backup_eligible;
    bool active;
};

/* What to write into the record (WebAuthn L3 §7.2 step 24). */
struct tori_asserted {
    int64_t sign_count;
    bool user_verified;
    bool backed_up;
};

/* WebAuthn L3 §7.2 steps 5, 6, 19, 22 and 24: comparisons only. CREDENTIAL_UNKNOWN, PROOF_USER,
 * CREDENTIAL_INACTIVE, PROOF_BACKUP_CHANGED; PROOF_SIGN_COUNT when the counter did not rise: the
 * credential may have been cloned, and the record stays as it is. */
TORI_RESULT tori_webauthn_accept(struct tori_ctx *cx, const struct tori_claimant *claimant,
                                 const struct tori_known_credential *known,
                                 const struct tori_proved *proved, struct tori_asserted *out);

/* A configured origin in the form in which browsers write it; a trailing slash is dropped.
 * SETTING_BAD when no browser could ever send it: another scheme than https (http for localhost and
 * below), upper case, a path, the default port, a host outside `rp_id`. `out` points into
 * `configured`. */
TORI_RESULT tori_webauthn_origin(struct tori_ctx *cx, struct tori_str configured,
                                 struct tori_str rp_id, struct tori_str *out);

/* A credential named in options. */
struct tori_descriptor {
    struct tori_bytes id;
    struct tori_str transports; /* as tori_attested has it; may be empty */
};

struct tori_creation_options {
    const struct tori_rp *rp;
    struct tori_bytes challenge;
    int64_t timeout_ms;
    struct tori_user_handle user;
    struct tori_str user_name;
    struct tori_str user_display_name;
    const struct tori_descriptor *exclude;
    size_t exclude_count;
};

struct tori_request_options {
    const struct tori_rp *rp;
    struct tori_bytes challenge;
    int64_t timeout_ms;
    const struct tori_descriptor *allow;
    size_t allow_count;
};

/* Writes "name": PublicKeyCredentialCreationOptionsJSON: discoverable, user verification required,
 * attestation as the rules want it: none, unless they say otherwise. */
void tori_webauthn_write_creation(struct tori_json_out *out, const char *name,
                                  const struct tori_creation_options *options);
/* Writes "name": PublicKeyCredentialRequestOptionsJSON. */
void tori_webauthn_write_request(struct tori_json_out *out, const char *name,
                                 const struct tori_request_options *options);

#endif
