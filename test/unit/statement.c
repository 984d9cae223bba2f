#include "test/unit/statement.h"

#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "codec/cbor.h"

#define YEAR_MS (365 * TORI_DAY_MS)

#define must(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "statement: %s failed (line %d)\n", #what, __LINE__);                  \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

static void set_name(X509 *certificate, const char *subject)
{
    X509_NAME *name = X509_NAME_new();
    char text[256], *rest = text, *part;

    must(name != NULL && (subject == NULL || strlen(subject) < sizeof(text)));
    snprintf(text, sizeof(text), "%s", subject == NULL ? "" : subject);
    while ((part = strsep(&rest, "/")) != NULL && *part != '\0') {
        char *value = strchr(part, '=');
        must(value != NULL);
        *value++ = '\0';
        must(X509_NAME_add_entry_by_txt(name, part, MBSTRING_UTF8, (const uint8_t *)value, -1, -1,
                                        0) == 1);
    }
    must(X509_set_subject_name(certificate, name) == 1);
    X509_NAME_free(name);
}

static void set_times(const struct tori_ctx *cx, X509 *certificate, const struct soft_cert *spec)
{
    int64_t from = cx->now + (spec->from_ms == 0 ? -YEAR_MS : spec->from_ms);
    int64_t until = cx->now + (spec->until_ms == 0 ? YEAR_MS : spec->until_ms);

    must(ASN1_TIME_set(X509_getm_notBefore(certificate), (time_t)(from / 1000)) != NULL);
    must(ASN1_TIME_set(X509_getm_notAfter(certificate), (time_t)(until / 1000)) != NULL);
}

static void add_conf(X509 *certificate, int nid, const char *value)
{
    X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

    must(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
}

static void add_constraints(X509 *certificate, const struct soft_cert *spec)
{
    char text[64];

    if (spec->without_constraints)
        return;
    if (spec->ca && spec->path_length > 0)
        snprintf(text, sizeof(text), "critical,CA:TRUE,pathlen:%d", spec->path_length - 1);
    else
        snprintf(text, sizeof(text), "critical,CA:%s", spec->ca ? "TRUE" : "FALSE");
    add_conf(certificate, NID_basic_constraints, text);
}

static void add_extension(X509 *certificate, const struct soft_extension *spec)
{
    ASN1_OBJECT *oid = OBJ_txt2obj(spec->oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();

    must(oid != NULL && value != NULL);
    must(ASN1_OCTET_STRING_set(value, spec->value.at, (int)spec->value.len) == 1);
    X509_EXTENSION *extension = X509_EXTENSION_create_by_OBJ(NULL, oid, spec->critical, value);
    must(extension != NULL && X509_add_ext(certificate, extension, -1) == 1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(oid);
}

static void add_extensions(X509 *certificate, const struct soft_cert *spec)
{
    add_constraints(certificate, spec);
    if (spec->key_usage != NULL)
        add_conf(certificate, NID_key_usage, spec->key_usage);
    if (spec->ext_key_usage != NULL)
        add_conf(certificate, NID_ext_key_usage, spec->ext_key_usage);
    for (size_t i = 0; i < SOFT_EXTENSIONS && spec->extension[i].oid != NULL; i++)
        add_extension(certificate, &spec->extension[i]);
}

X509 *soft_cert_new(const struct tori_ctx *cx, const struct soft_cert *spec)
{
    X509 *made = X509_new();
    EVP_PKEY *signer = spec->signer != NULL ? spec->signer : spec->key;
    bool hashes = EVP_PKEY_is_a(signer, "EC") || EVP_PKEY_is_a(signer, "RSA");
    const EVP_MD *digest = !hashes ? NULL : spec->sha1 ? EVP_sha1() : EVP_sha256();
    int version = spec->version == 0 ? 3 : spec->version;

    must(made != NULL && X509_set_version(made, version - 1) == 1);
    must(ASN1_INTEGER_set(X509_get_serialNumber(made), spec->serial == 0 ? 7 : spec->serial) == 1);
    set_name(made, spec->subject);
    set_times(cx, made, spec);
    must(X509_set_issuer_name(
             made, X509_get_subject_name(spec->issuer != NULL ? spec->issuer : made)) == 1);
    must(X509_set_pubkey(made, spec->key) == 1);
    if (version == 3)
        add_extensions(made, spec);
    must(X509_sign(made, signer, digest) > 0);
    return made;
}

struct tori_bytes soft_der(struct tori_ctx *cx, const X509 *certificate)
{
    uint8_t *der = NULL;
    int len = i2d_X509(certificate, &der);
    struct tori_bytes out;

    must(len > 0);
    must(!TORI_FAILED(tori_copy(cx, (struct tori_bytes){der, (size_t)len}, &out)));
    OPENSSL_free(der);
    return out;
}

void soft_vendor_new(struct tori_ctx *cx, struct soft_vendor *out)
{
    soft_vendor_named(cx, "Mihon Devices", out);
}

void soft_vendor_named(struct tori_ctx *cx, const char *name, struct soft_vendor *out)
{
    char root[100], ca[100];

    snprintf(root, sizeof(root), "C=JP/O=%s/CN=%s Root", name, name);
    snprintf(ca, sizeof(ca), "C=JP/O=%s/CN=CA 1", name);
    struct soft_vendor made = {.root_key = soft_key_new(TORI_COSE_ES256),
                               .ca_key = soft_key_new(TORI_COSE_ES256)};

    made.root = soft_cert_new(cx, &(struct soft_cert){.key = made.root_key,
                                                      .subject = root,
                                                      .ca = true,
                                                      .key_usage = "critical,keyCertSign,cRLSign"});
    made.ca = soft_cert_new(cx, &(struct soft_cert){.key = made.ca_key,
                                                    .signer = made.root_key,
                                                    .issuer = made.root,
                                                    .subject = ca,
                                                    .ca = true,
                                                    .path_length = 1,
                                                    .key_usage = "critical,keyCertSign"});
    const struct tori_anchor anchor = {.name = TORI_STR("Mihon Devices Root"),
                                       .certificate = soft_der(cx, made.root)};
    must(!TORI_FAILED(tori_anchors_new(cx, &anchor, 1, &made.anchors)));
    *out = made;
}

void soft_vendor_free(struct soft_vendor *vendor)
{
    tori_anchors_free(vendor->anchors);
    X509_free(vendor->root);
    X509_free(vendor->ca);
    EVP_PKEY_free(vendor->root_key);
    EVP_PKEY_free(vendor->ca_key);
}

static struct tori_bytes keep(struct tori_ctx *cx, const struct tori_buf *buf)
{
    must(!buf->over);
    (void)cx;
    return tori_buf_view(buf);
}

static void put_bytes(struct tori_buf *buf, const char *name, struct tori_bytes value)
{
    if (value.at == NULL)
        return;
    soft_cbor_text(buf, name);
    soft_cbor_bytes(buf, value);
}

static size_t members_of(const struct soft_stmt *stmt)
{
    return (size_t)stmt->has_alg + (stmt->sig.at != NULL) + (stmt->ver != NULL) +
           (stmt->x5c_count > 0 || stmt->x5c_empty) + (stmt->pub_area.at != NULL) +
           (stmt->cert_info.at != NULL) + (stmt->response.at != NULL) + stmt->more;
}

struct tori_bytes soft_stmt_cbor(struct tori_ctx *cx, const struct soft_stmt *stmt)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 64 * 1024);

    soft_cbor_head(&buf, 5, members_of(stmt));
    if (stmt->has_alg) {
        soft_cbor_text(&buf, "alg");
        soft_cbor_int(&buf, stmt->alg);
    }
    put_bytes(&buf, "sig", stmt->sig);
    if (stmt->ver != NULL) {
        soft_cbor_text(&buf, "ver");
        soft_cbor_text(&buf, stmt->ver);
    }
    if (stmt->x5c_count > 0 || stmt->x5c_empty) {
        soft_cbor_text(&buf, "x5c");
        soft_cbor_head(&buf, 4, stmt->x5c_count);
        for (size_t i = 0; i < stmt->x5c_count; i++)
            soft_cbor_bytes(&buf, stmt->x5c[i]);
    }
    if (stmt->more) {
        soft_cbor_text(&buf, "more");
        soft_cbor_int(&buf, 1);
    }
    put_bytes(&buf, "pubArea", stmt->pub_area);
    put_bytes(&buf, "certInfo", stmt->cert_info);
    put_bytes(&buf, "response", stmt->response);
    return keep(cx, &buf);
}

struct soft_parts soft_parts_of(struct tori_ctx *cx, struct soft_passkey *passkey,
                                const struct soft_ask *ask)
{
    struct soft_ask plain = *ask;
    struct tori_cbor object;

    must(passkey->sign_count == 0);
    plain.fmt = "none";
    plain.statement = (struct tori_bytes){0};
    struct tori_registration made = soft_register(cx, passkey, &plain);
    must(!TORI_FAILED(
        tori_cbor_parse(cx, made.response.attestation_object, TORI_CBOR_LENIENT, &object)));
    struct soft_parts parts = {
        .auth_data = tori_cbor_get(&object, TORI_STR("authData"))->bytes,
        .client_data = made.response.client_data,
        .client_hash = tori_sha256(made.response.client_data),
    };
    parts.message = soft_join(cx, parts.auth_data, TORI_BYTES_OF(parts.client_hash.at));
    return parts;
}

struct tori_bytes soft_join(struct tori_ctx *cx, struct tori_bytes first, struct tori_bytes second)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 64 * 1024);

    tori_buf_bytes(&buf, first.at, first.len);
    tori_buf_bytes(&buf, second.at, second.len);
    return keep(cx, &buf);
}

static void put_length(struct tori_buf *buf, size_t len)
{
    if (len >= 0x100)
        tori_buf_bytes(buf, (const uint8_t[]){0x82, (uint8_t)(len >> 8), (uint8_t)len}, 3);
    else if (len >= 0x80)
        tori_buf_bytes(buf, (const uint8_t[]){0x81, (uint8_t)len}, 2);
    else
        tori_buf_byte(buf, (uint8_t)len);
}

struct tori_bytes soft_tlv(struct tori_ctx *cx, int identifier, struct tori_bytes first,
                           struct tori_bytes second)
{
    struct tori_buf buf = tori_buf_new(cx->arena, 64 * 1024);

    tori_buf_byte(&buf, (uint8_t)identifier);
    put_length(&buf, first.len + second.len);
    tori_buf_bytes(&buf, first.at, first.len);
    tori_buf_bytes(&buf, second.at, second.len);
    return keep(cx, &buf);
}
