/* A maker of authenticators: a vendor with its root and its CA, attestation certificates and
 * statements of every format. Like the software authenticator it keeps none of the rules it is not
 * told to keep: a test changes one member before it is signed, and all the rest stays right. */
#ifndef TORI_TEST_STATEMENT_H
#define TORI_TEST_STATEMENT_H

#include <openssl/x509.h>

#include "test/unit/authenticator.h"

enum { SOFT_EXTENSIONS = 4, SOFT_X5C = 10 };

struct soft_extension {
    const char *oid; /* "1.2.3"; NULL: none */
    bool critical;
    struct tori_bytes value;
};

/* A certificate to be made. Zero but for the keys: version 3, no CA, serial 7, valid from a year
 * ago to in a year. */
struct soft_cert {
    EVP_PKEY *key;       /* whose certificate it is */
    EVP_PKEY *signer;    /* NULL: signed by `key` */
    const X509 *issuer;  /* NULL: it issues itself */
    const char *subject; /* "C=JP/O=Mihon Devices/CN=Key"; NULL: empty */
    int version;         /* 0: 3 */
    bool ca;
    bool without_constraints; /* no basicConstraints at all */
    int path_length;          /* of a CA; 0: not told; n: n - 1 */
    const char *key_usage;    /* as OpenSSL's configuration has it; NULL: none */
    const char *ext_key_usage;
    int64_t from_ms, until_ms; /* from now; 0: a year */
    long serial;               /* 0: 7 */
    bool sha1;                 /* signed over SHA-1 */
    struct soft_extension extension[SOFT_EXTENSIONS];
};
/* The caller frees it. */
X509 *soft_cert_new(const struct tori_ctx *cx, const struct soft_cert *spec);
struct tori_bytes soft_der(struct tori_ctx *cx, const X509 *certificate);

/* A root and a CA below it. */
struct soft_vendor {
    EVP_PKEY *root_key, *ca_key;
    X509 *root, *ca;
    struct tori_anchors
        *anchors; /* the root, under the name "Mihon Devices Root", for everything */
};
void soft_vendor_new(struct tori_ctx *cx, struct soft_vendor *out);
void soft_vendor_named(struct tori_ctx *cx, const char *name, struct soft_vendor *out);
void soft_vendor_free(struct soft_vendor *vendor);

/* Members of a statement; what is zero is left out. */
struct soft_stmt {
    bool has_alg;
    int64_t alg;
    struct tori_bytes sig;
    const char *ver;
    struct tori_bytes x5c[SOFT_X5C];
    size_t x5c_count;
    bool x5c_empty; /* x5c: [] */
    struct tori_bytes pub_area, cert_info, response;
    bool more; /* a member that nobody knows */
};
struct tori_bytes soft_stmt_cbor(struct tori_ctx *cx, const struct soft_stmt *stmt);

/* What a registration by this passkey signs: the same bytes for every statement it carries. */
struct soft_parts {
    struct tori_bytes auth_data;
    struct tori_bytes client_data;
    struct tori_hash client_hash;
    struct tori_bytes message; /* auth_data, then client_hash */
};
struct soft_parts soft_parts_of(struct tori_ctx *cx, struct soft_passkey *passkey,
                                const struct soft_ask *ask);

/* DER by hand: one value, its content in one or two parts. */
struct tori_bytes soft_tlv(struct tori_ctx *cx, int identifier, struct tori_bytes first,
                           struct tori_bytes second);
struct tori_bytes soft_join(struct tori_ctx *cx, struct tori_bytes first, struct tori_bytes second);

#endif
