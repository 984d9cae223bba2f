#include "codec/x509.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/hash.h"
#include "codec/key_int.h"
#include "codec/x509_int.h"

struct tori_certificate {
    X509 *x509;
    bool unreadable; /* an extension that the path needs cannot be read */
    struct tori_hash fingerprint;
};

TORI_AUTO_DEFINE(X509, X509_free)
TORI_AUTO_DEFINE(BIO, BIO_free_all)
TORI_AUTO_DEFINE(BIGNUM, BN_free)
TORI_AUTO_DEFINE(ASN1_TIME, ASN1_TIME_free)

enum { NAME_TEXT_MAX = 1024, MODULUS_MAX = 1024 };

static struct tori_result invalid(struct tori_ctx *cx, const char *why)
{
    ERR_clear_error();
    return TORI_FAIL(cx, CERTIFICATE_INVALID, tori_word("why", why));
}

struct tori_result tori_certificate_new(struct tori_ctx *cx, struct tori_bytes der,
                                        struct tori_certificate **out)
{
    const uint8_t *at = der.at;

    if (der.len == 0 || der.len > TORI_CERTIFICATE_MAX)
        return invalid(cx, "length");
    TORI_AUTO(X509) x509 = d2i_X509(NULL, &at, (long)der.len);
    if (x509 == NULL)
        return invalid(cx, "not a certificate");
    if (at != der.at + der.len)
        return invalid(cx, "trailing bytes");
    struct tori_certificate *made = tori_heap_take(sizeof(*made));
    if (made == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    X509_up_ref(x509);
    /* Reads the extensions now, once, so that threads find them read. */
    bool readable = X509_check_purpose(x509, -1, 0) == 1 &&
                    (X509_get_extension_flags(x509) & EXFLAG_INVALID) == 0;
    ERR_clear_error();
    *made = (struct tori_certificate){x509, !readable, tori_sha256(der)};
    *out = made;
    return TORI_OK;
}

void tori_certificate_free(struct tori_certificate *certificate)
{
    if (certificate == NULL)
        return;
    X509_free(certificate->x509);
    tori_heap_free(certificate);
}

/* RFC 5280 §4.1.2.5: UTCTime through the year 2049 */
static bool has_old_form(const ASN1_TIME *time)
{
    struct tm parts;

    return ASN1_STRING_type(time) == V_ASN1_GENERALIZEDTIME &&
           (ASN1_TIME_to_tm(time, &parts) != 1 || parts.tm_year + 1900 < 2050);
}

struct tori_result tori_certificate_check_form(struct tori_ctx *cx,
                                               const struct tori_certificate *certificate)
{
    X509 *x509 = certificate->x509;

    if (certificate->unreadable)
        return invalid(cx, "extensions");
    if (ASN1_STRING_type(X509_get0_serialNumber(x509)) == V_ASN1_NEG_INTEGER)
        return invalid(cx, "negative serial number");
    if (has_old_form(X509_get0_notBefore(x509)) || has_old_form(X509_get0_notAfter(x509)))
        return invalid(cx, "form of a time");
    return TORI_OK;
}

static struct tori_result name_text(struct tori_ctx *cx, const X509_NAME *name,
                                    struct tori_str *out)
{
    TORI_AUTO(BIO) text = BIO_new(BIO_s_mem());
    struct tori_bytes copy;
    char *at = NULL;

    if (text == NULL || X509_NAME_print_ex(text, name, 0, XN_FLAG_RFC2253) < 0)
        return TORI_FAIL(cx, CRYPTO, tori_word("why", "name"));
    long len = BIO_get_mem_data(text, &at);
    if (len < 0 || len > NAME_TEXT_MAX)
        return invalid(cx, "name too long");
    TORI_TRY(tori_copy(cx, (struct tori_bytes){(const uint8_t *)at, (size_t)len}, &copy));
    *out = tori_bytes_str(copy);
    return TORI_OK;
}

static struct tori_result read_time(struct tori_ctx *cx, const ASN1_TIME *time, tori_time *out)
{
    TORI_AUTO(ASN1_TIME) epoch = ASN1_TIME_set(NULL, 0);
    int days, seconds;

    if (epoch == NULL || ASN1_TIME_diff(&days, &seconds, epoch, time) != 1)
        return invalid(cx, "time");
    *out = days * TORI_DAY_MS + (int64_t)seconds * TORI_SECOND_MS;
    return TORI_OK;
}

struct tori_result tori_certificate_facts(struct tori_ctx *cx,
                                          const struct tori_certificate *certificate,
                                          struct tori_certificate_facts *out)
{
    struct tori_certificate_facts facts = {.fingerprint = certificate->fingerprint};
    X509 *x509 = certificate->x509;
    const ASN1_INTEGER *serial = X509_get0_serialNumber(x509);
    struct tori_bytes number = {ASN1_STRING_get0_data(serial), (size_t)ASN1_STRING_length(serial)};
    unsigned len = 0;

    TORI_TRY(name_text(cx, X509_get_subject_name(x509), &facts.subject));
    TORI_TRY(name_text(cx, X509_get_issuer_name(x509), &facts.issuer));
    TORI_TRY(tori_copy(cx, number, &facts.serial));
    TORI_TRY(read_time(cx, X509_get0_notBefore(x509), &facts.not_before));
    TORI_TRY(read_time(cx, X509_get0_notAfter(x509), &facts.not_after));
    if (X509_pubkey_digest(x509, EVP_sha1(), facts.key_id, &len) != 1 ||
        len != sizeof(facts.key_id))
        return invalid(cx, "public key");
    *out = facts;
    return TORI_OK;
}

int tori_certificate_version(const struct tori_certificate *certificate)
{
    return (int)X509_get_version(certificate->x509) + 1;
}

bool tori_certificate_is_ca(const struct tori_certificate *certificate)
{
    return (X509_get_extension_flags(certificate->x509) & EXFLAG_CA) != 0;
}

bool tori_certificate_subject_is_empty(const struct tori_certificate *certificate)
{
    return X509_NAME_entry_count(X509_get_subject_name(certificate->x509)) == 0;
}

bool tori_certificate_is_for(const struct tori_certificate *certificate, const char *host)
{
    bool found = X509_check_host(certificate->x509, host, strlen(host),
                                 X509_CHECK_FLAG_NO_WILDCARDS, NULL) == 1;

    ERR_clear_error();
    return found;
}

static bool is_object(const ASN1_OBJECT *object, struct tori_bytes id)
{
    return tori_bytes_eq((struct tori_bytes){OBJ_get0_data(object), OBJ_length(object)}, id);
}

static bool is_text(const ASN1_STRING *value)
{
    int type = ASN1_STRING_type(value);

    return type == V_ASN1_UTF8STRING || type == V_ASN1_PRINTABLESTRING ||
           type == V_ASN1_IA5STRING || type == V_ASN1_T61STRING;
}

bool tori_certificate_subject(const struct tori_certificate *certificate, struct tori_bytes id,
                              struct tori_str *out)
{
    const X509_NAME *name = X509_get_subject_name(certificate->x509);
    const ASN1_STRING *found = NULL;

    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
        if (!is_object(X509_NAME_ENTRY_get_object(entry), id))
            continue;
        if (found != NULL)
            return false;
        found = X509_NAME_ENTRY_get_data(entry);
    }
    if (found == NULL || !is_text(found))
        return false;
    struct tori_bytes value = {ASN1_STRING_get0_data(found), (size_t)ASN1_STRING_length(found)};
    if (!tori_utf8_valid(value))
        return false;
    *out = tori_bytes_str(value);
    return true;
}

struct tori_result tori_certificate_extension(struct tori_ctx *cx,
                                              const struct tori_certificate *certificate,
                                              struct tori_bytes id, struct tori_cert_extension *out)
{
    struct tori_cert_extension found = {.critical = false};

    for (int i = 0; i < X509_get_ext_count(certificate->x509); i++) {
        X509_EXTENSION *extension = X509_get_ext(certificate->x509, i);
        const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(extension);
        if (!is_object(X509_EXTENSION_get_object(extension), id))
            continue;
        if (found.value.at != NULL)
            return invalid(cx, "an extension twice");
        found.value =
            (struct tori_bytes){ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)};
        found.critical = X509_EXTENSION_get_critical(extension) == 1;
    }
    *out = found;
    return TORI_OK;
}

static struct tori_result get_number(struct tori_ctx *cx, const EVP_PKEY *key, const char *name,
                                     uint8_t room[static MODULUS_MAX], struct tori_bytes *out)
{
    BIGNUM *number = NULL;

    if (EVP_PKEY_get_bn_param(key, name, &number) != 1)
        return tori_bad_key(cx, name);
    TORI_AUTO(BIGNUM) owned = number;
    if (BN_num_bytes(owned) > MODULUS_MAX)
        return tori_bad_key(cx, name);
    *out = (struct tori_bytes){room, (size_t)BN_bn2bin(owned, room)};
    return TORI_OK;
}

static struct tori_result check_rsa(struct tori_ctx *cx, const EVP_PKEY *key)
{
    uint8_t modulus[MODULUS_MAX], exponent[MODULUS_MAX];
    struct tori_bytes n = {0}, e = {0};

    TORI_TRY(get_number(cx, key, OSSL_PKEY_PARAM_RSA_N, modulus, &n));
    TORI_TRY(get_number(cx, key, OSSL_PKEY_PARAM_RSA_E, exponent, &e));
    return tori_key_check_rsa(cx, n, e);
}

/* A curve written out in parameters has no name, and so is none of ours. */
static bool is_on(const EVP_PKEY *key, const char *group)
{
    char name[64];
    size_t len = 0;

    return EVP_PKEY_get_group_name(key, name, sizeof(name), &len) == 1 &&
           tori_str_eq((struct tori_str){name, len}, tori_str_z(group));
}

static struct tori_result check_raw(struct tori_ctx *cx, const struct tori_algorithm *algorithm,
                                    const EVP_PKEY *key)
{
    uint8_t point[64];
    size_t len = sizeof(point);

    if (algorithm->kty == TORI_KTY_AKP)
        return TORI_OK;
    if (EVP_PKEY_get_raw_public_key(key, point, &len) != 1)
        return tori_bad_key(cx, "point");
    return tori_key_check_point(cx, algorithm, (struct tori_bytes){point, len});
}

struct tori_result tori_certificate_key(struct tori_ctx *cx,
                                        const struct tori_certificate *certificate, int64_t alg,
                                        struct tori_verify_key **out)
{
    const struct tori_algorithm *algorithm = tori_algorithm_find(alg);
    EVP_PKEY *key = X509_get0_pubkey(certificate->x509);

    if (algorithm == NULL || !tori_algorithm_here(algorithm))
        return TORI_FAIL(cx, PROOF_ALGORITHM, tori_i64("alg", alg));
    if (key == NULL || !EVP_PKEY_is_a(key, algorithm->type))
        return tori_bad_key(cx, "type");
    switch (algorithm->kty) {
    case TORI_KTY_RSA:
        TORI_TRY(check_rsa(cx, key));
        break;
    case TORI_KTY_EC2:
        if (!is_on(key, algorithm->group))
            return tori_bad_key(cx, "curve");
        break;
    case TORI_KTY_OKP:
    case TORI_KTY_AKP:
        TORI_TRY(check_raw(cx, algorithm, key));
        break;
    }
    return tori_verify_key_wrap(cx, algorithm, key, out);
}

bool tori_certificate_holds(const struct tori_certificate *certificate,
                            const struct tori_verify_key *key)
{
    EVP_PKEY *own = X509_get0_pubkey(certificate->x509);
    bool same = own != NULL && EVP_PKEY_eq(own, key->key) == 1;

    ERR_clear_error();
    return same;
}

bool tori_certificate_is_readable(const struct tori_certificate *certificate)
{
    return !certificate->unreadable;
}

X509 *tori_certificate_x509(const struct tori_certificate *certificate)
{
    return certificate->x509;
}
