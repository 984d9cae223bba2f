/* Paths from a certificate to an anchor that the caller named. OpenSSL does what RFC 5280 §6 asks;
 * this file sees to it that nothing but the anchors is ever believed. */
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/auto.h"
#include "codec/x509_int.h"

enum { LEVEL_112_BITS = 2 };

TORI_AUTO_DEFINE(X509_STORE_CTX, X509_STORE_CTX_free)
typedef STACK_OF(X509) x509_stack;
TORI_AUTO_DEFINE(x509_stack, sk_X509_free)

static struct tori_result invalid(struct tori_ctx *cx, const char *why)
{
    ERR_clear_error();
    return TORI_FAIL(cx, CERTIFICATE_INVALID, tori_word("path", why));
}

static struct tori_result make_stack(struct tori_ctx *cx,
                                     const struct tori_certificate *const *from, size_t count,
                                     x509_stack **out)
{
    x509_stack *made = sk_X509_new_null();

    *out = made;
    if (made == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    for (size_t i = 0; i < count; i++) {
        if (sk_X509_push(made, tori_certificate_x509(from[i])) == 0)
            return TORI_FAIL(cx, NO_MEMORY);
    }
    return TORI_OK;
}

/* Without a store: the stack of anchors is all there is. Purposes are those of TLS and mail, so
 * none is asked for; an anchor need not have issued itself. */
static bool set_rules(const struct tori_ctx *cx, X509_STORE_CTX *path, x509_stack *anchors)
{
    X509_VERIFY_PARAM *rules = X509_STORE_CTX_get0_param(path);

    X509_STORE_CTX_set0_trusted_stack(path, anchors);
    X509_VERIFY_PARAM_set_time(rules, (time_t)(cx->now / TORI_SECOND_MS));
    X509_VERIFY_PARAM_set_depth(rules, TORI_CHAIN_MAX);
    X509_VERIFY_PARAM_set_auth_level(rules, LEVEL_112_BITS);
    return X509_VERIFY_PARAM_set_flags(rules,
                                       X509_V_FLAG_PARTIAL_CHAIN | X509_V_FLAG_TRUSTED_FIRST) == 1;
}

/* X509_V_OK with the anchor that was reached, or why not. */
static struct tori_result build(struct tori_ctx *cx, x509_stack *chain, x509_stack *anchors,
                                int *error, X509 **end)
{
    TORI_AUTO(X509_STORE_CTX) path = X509_STORE_CTX_new();

    if (path == NULL || X509_STORE_CTX_init(path, NULL, sk_X509_value(chain, 0), chain) != 1 ||
        !set_rules(cx, path, anchors))
        return TORI_FAIL(cx, CRYPTO, tori_word("why", "path"));
    *error = X509_V_OK;
    if (X509_verify_cert(path) != 1) {
        *error = X509_STORE_CTX_get_error(path);
        ERR_clear_error();
        return TORI_OK;
    }
    const x509_stack *found = X509_STORE_CTX_get0_chain(path);
    *end = sk_X509_value(found, sk_X509_num(found) - 1);
    return TORI_OK;
}

static bool leads_nowhere(int error)
{
    return error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY ||
           error == X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT ||
           error == X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT ||
           error == X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN ||
           error == X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE;
}

/* Sound by itself: what it would be if its last certificate were believed. */
static struct tori_result check_inside(struct tori_ctx *cx, x509_stack *chain,
                                       const struct tori_certificate *last)
{
    TORI_AUTO(x509_stack) believed = NULL;
    X509 *end = NULL;
    int error = X509_V_OK;

    TORI_TRY(make_stack(cx, &last, 1, &believed));
    TORI_TRY(build(cx, chain, believed, &error, &end));
    if (error != X509_V_OK)
        return invalid(cx, X509_verify_cert_error_string(error));
    return TORI_OK;
}

/* Metadata of a single model may name the attestation certificate itself: then nothing behind it
 * matters. */
static bool is_anchor(const struct tori_path *path)
{
    for (size_t i = 0; i < path->count; i++) {
        if (X509_cmp(tori_certificate_x509(path->anchor[i]),
                     tori_certificate_x509(path->chain[0])) == 0)
            return true;
    }
    return false;
}

/* OpenSSL would pick issuers out of any heap; what is sent is a chain (WebAuthn L3 §6.5.4). */
static bool is_in_order(const struct tori_path *path)
{
    for (size_t i = 0; i + 1 < path->length; i++) {
        if (X509_check_issued(tori_certificate_x509(path->chain[i + 1]),
                              tori_certificate_x509(path->chain[i])) != X509_V_OK)
            return false;
    }
    return true;
}

/* Whoever wrote an extension that cannot be read is not to be believed, but some old devices
 * did. */
static bool is_readable(const struct tori_path *path)
{
    for (size_t i = 0; i < path->length; i++) {
        if (!tori_certificate_is_readable(path->chain[i]))
            return false;
    }
    return true;
}

struct tori_result tori_path_anchor(struct tori_ctx *cx, const struct tori_path *path, size_t *out)
{
    TORI_AUTO(x509_stack) given = NULL;
    TORI_AUTO(x509_stack) anchors = NULL;
    X509 *end = NULL;
    int error = X509_V_OK;

    if (path->length == 0 || path->length > TORI_CHAIN_MAX)
        return invalid(cx, "length");
    if (!is_readable(path)) {
        *out = path->count;
        return TORI_OK;
    }
    if (!is_in_order(path))
        return invalid(cx, "not issued by the next");
    TORI_TRY(make_stack(cx, path->chain, is_anchor(path) ? 1 : path->length, &given));
    TORI_TRY(make_stack(cx, path->anchor, path->count, &anchors));
    TORI_TRY(build(cx, given, anchors, &error, &end));
    if (leads_nowhere(error)) {
        TORI_TRY(check_inside(cx, given, path->chain[path->length - 1]));
        *out = path->count;
        return TORI_OK;
    }
    if (error != X509_V_OK)
        return invalid(cx, X509_verify_cert_error_string(error));
    for (size_t i = 0; i < path->count; i++) {
        if (X509_cmp(tori_certificate_x509(path->anchor[i]), end) == 0) {
            *out = i;
            return TORI_OK;
        }
    }
    return invalid(cx, "an end that is no anchor");
}
