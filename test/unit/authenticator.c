#include "test/unit/authenticator.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/rsa.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"

enum { ROOM = 256 * 1024 };

#define must(what)                                                                                 \
    do {                                                                                           \
        if (!(what)) {                                                                             \
            fprintf(stderr, "authenticator: %s failed (line %d)\n", #what, __LINE__);              \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

void soft_cbor_head(struct tori_buf *buf, int major, uint64_t value)
{
    int bytes = value < 24 ? 0 : value < 0x100 ? 1 : value < 0x10000 ? 2 : 4;
    int info = bytes == 0 ? (int)value : bytes == 1 ? 24 : bytes == 2 ? 25 : 26;

    must(value <= UINT32_MAX);
    tori_buf_byte(buf, (uint8_t)(major << 5 | info));
    for (int i = bytes - 1; i >= 0; i--)
        tori_buf_byte(buf, (uint8_t)(value >> (8 * i)));
}

void soft_cbor_int(struct tori_buf *buf, int64_t value)
{
    soft_cbor_head(buf, value < 0 ? 1 : 0, (uint64_t)(value < 0 ? -1 - value : value));
}

void soft_cbor_text(struct tori_buf *buf, const char *text)
{
    soft_cbor_head(buf, 3, strlen(text));
    tori_buf_z(buf, text);
}

void soft_cbor_bytes(struct tori_buf *buf, struct tori_bytes bytes)
{
    soft_cbor_head(buf, 2, bytes.len);
    tori_buf_bytes(buf, bytes.at, bytes.len);
}

static struct tori_buf new_buf(struct tori_ctx *cx)
{
    return tori_buf_new(cx->arena, ROOM);
}

static struct tori_bytes done(const struct tori_buf *buf)
{
    must(!buf->over);
    return tori_buf_view(buf);
}

/* How to make and use a key of an algorithm; written down here once more, apart from the
 * product. */
struct soft_alg {
    int64_t alg;
    int kty;
    int crv;
    const char *kind;   /* of curve, or of key */
    const char *digest; /* NULL: the algorithm hashes by itself */
    bool pss;
};
static const struct soft_alg soft_algs[] = {
    {TORI_COSE_ES256, 2, 1, "P-256", "SHA256", false},
    {TORI_COSE_ES384, 2, 2, "P-384", "SHA384", false},
    {TORI_COSE_ES512, 2, 3, "P-521", "SHA512", false},
    {TORI_COSE_ESP256, 2, 1, "P-256", "SHA256", false},
    {TORI_COSE_ESP384, 2, 2, "P-384", "SHA384", false},
    {TORI_COSE_ESP512, 2, 3, "P-521", "SHA512", false},
    {TORI_COSE_ES256K, 2, 8, "secp256k1", "SHA256", false},
    {TORI_COSE_EDDSA, 1, 6, "ED25519", NULL, false},
    {TORI_COSE_ED25519, 1, 6, "ED25519", NULL, false},
    {TORI_COSE_ED448, 1, 7, "ED448", NULL, false},
    {TORI_COSE_RS256, 3, 0, "RSA", "SHA256", false},
    {TORI_COSE_RS384, 3, 0, "RSA", "SHA384", false},
    {TORI_COSE_RS512, 3, 0, "RSA", "SHA512", false},
    {TORI_COSE_PS256, 3, 0, "RSA", "SHA256", true},
    {TORI_COSE_PS384, 3, 0, "RSA", "SHA384", true},
    {TORI_COSE_PS512, 3, 0, "RSA", "SHA512", true},
    {TORI_COSE_RS1, 3, 0, "RSA", "SHA1", false},
    {TORI_COSE_ML_DSA_44, 7, 0, "ML-DSA-44", NULL, false},
    {TORI_COSE_ML_DSA_65, 7, 0, "ML-DSA-65", NULL, false},
    {TORI_COSE_ML_DSA_87, 7, 0, "ML-DSA-87", NULL, false},
};

static const struct soft_alg *alg_of(int64_t alg)
{
    for (size_t i = 0; i < sizeof(soft_algs) / sizeof(soft_algs[0]); i++) {
        if (soft_algs[i].alg == alg)
            return &soft_algs[i];
    }
    must(!"an algorithm");
    return NULL;
}

EVP_PKEY *soft_key_new(int64_t alg)
{
    const struct soft_alg *how = alg_of(alg);
    EVP_PKEY *key;

    if (how->kty == 2)
        key = EVP_EC_gen(how->kind);
    else if (how->kty == 3)
        key = EVP_RSA_gen(2048);
    else
        key = EVP_PKEY_Q_keygen(NULL, NULL, how->kind);
    must(key != NULL);
    return key;
}

void soft_passkey_new(struct tori_ctx *cx, int64_t alg, struct soft_passkey *out)
{
    *out = (struct soft_passkey){
        .key = soft_key_new(alg),
        .alg = alg,
        .user = tori_user_handle_new(&cx->random, 7),
        .flags = SOFT_UP | SOFT_UV | SOFT_BE | SOFT_BS,
    };
    tori_random_fill(&cx->random, out->credential_id, sizeof(out->credential_id));
    tori_random_fill(&cx->random, out->aaguid, sizeof(out->aaguid));
}

void soft_passkey_free(struct soft_passkey *passkey)
{
    EVP_PKEY_free(passkey->key);
    passkey->key = NULL;
}

static void put_number(struct tori_buf *buf, const EVP_PKEY *key, const char *name)
{
    uint8_t bytes[512];
    BIGNUM *number = NULL;

    must(EVP_PKEY_get_bn_param(key, name, &number) == 1);
    must(BN_num_bytes(number) <= (int)sizeof(bytes));
    int len = BN_bn2bin(number, bytes);
    soft_cbor_bytes(buf, (struct tori_bytes){bytes, (size_t)len});
    BN_free(number);
}

static void put_raw(struct tori_buf *buf, const EVP_PKEY *key)
{
    uint8_t x[4096];
    size_t len = sizeof(x);

    must(EVP_PKEY_get_raw_public_key(key, x, &len) == 1);
    soft_cbor_bytes(buf, (struct tori_bytes){x, len});
}

static void put_ec2(struct tori_buf *buf, const EVP_PKEY *key)
{
    uint8_t point[1 + 2 * 66];
    size_t len = 0;

    must(EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_PUB_KEY, point, sizeof(point),
                                         &len) == 1);
    soft_cbor_int(buf, -2);
    soft_cbor_bytes(buf, (struct tori_bytes){point + 1, len / 2});
    soft_cbor_int(buf, -3);
    soft_cbor_bytes(buf, (struct tori_bytes){point + 1 + len / 2, len / 2});
}

/* The parameters of each type in the order of canonical CBOR. */
static void put_parameters(struct tori_buf *buf, const struct soft_alg *how, const EVP_PKEY *key)
{
    soft_cbor_int(buf, -1);
    if (how->kty == 1 || how->kty == 2)
        soft_cbor_int(buf, how->crv);
    if (how->kty == 1)
        soft_cbor_int(buf, -2);
    if (how->kty == 1 || how->kty == 7)
        put_raw(buf, key);
    if (how->kty == 2)
        put_ec2(buf, key);
    if (how->kty == 3) {
        put_number(buf, key, OSSL_PKEY_PARAM_RSA_N);
        soft_cbor_int(buf, -2);
        put_number(buf, key, OSSL_PKEY_PARAM_RSA_E);
    }
}

struct tori_bytes soft_cose(struct tori_ctx *cx, const struct soft_passkey *passkey)
{
    const struct soft_alg *how = alg_of(passkey->alg);
    struct tori_buf buf = new_buf(cx);

    soft_cbor_head(&buf, 5, how->kty == 2 ? 5 : how->kty == 7 ? 3 : 4);
    soft_cbor_int(&buf, 1);
    soft_cbor_int(&buf, how->kty);
    soft_cbor_int(&buf, 3);
    soft_cbor_int(&buf, passkey->alg);
    put_parameters(&buf, how, passkey->key);
    return done(&buf);
}

struct tori_bytes soft_sign_with(struct tori_ctx *cx, EVP_PKEY *key, int64_t alg,
                                 struct tori_bytes message)
{
    const struct soft_alg *how = alg_of(alg);
    EVP_MD_CTX *sign = EVP_MD_CTX_new();
    EVP_PKEY_CTX *padding = NULL;
    uint8_t signature[8192];
    size_t len = sizeof(signature);
    struct tori_bytes out;

    must(sign != NULL);
    must(EVP_DigestSignInit_ex(sign, &padding, how->digest, NULL, NULL, key, NULL) == 1);
    must(!how->pss || (EVP_PKEY_CTX_set_rsa_padding(padding, RSA_PKCS1_PSS_PADDING) == 1 &&
                       EVP_PKEY_CTX_set_rsa_pss_saltlen(padding, RSA_PSS_SALTLEN_DIGEST) == 1));
    must(EVP_DigestSign(sign, signature, &len, message.at, message.len) == 1);
    EVP_MD_CTX_free(sign);
    must(!TORI_FAILED(tori_copy(cx, (struct tori_bytes){signature, len}, &out)));
    return out;
}

struct tori_bytes soft_sign(struct tori_ctx *cx, const struct soft_passkey *passkey,
                            struct tori_bytes message)
{
    return soft_sign_with(cx, passkey->key, passkey->alg, message);
}

static struct tori_bytes make_client_data(struct tori_ctx *cx, const struct soft_ask *ask,
                                          const char *type)
{
    struct tori_buf buf = new_buf(cx);

    if (ask->client_data.at != NULL)
        return ask->client_data;
    tori_buf_z(&buf, "{\"type\":");
    tori_buf_json_str(&buf, tori_str_z(ask->type != NULL ? ask->type : type));
    tori_buf_z(&buf, ",\"challenge\":\"");
    if (ask->challenge_text != NULL)
        tori_buf_z(&buf, ask->challenge_text);
    else
        tori_buf_b64u(&buf, ask->challenge);
    tori_buf_z(&buf, "\",\"origin\":");
    tori_buf_json_str(&buf, tori_str_z(ask->origin));
    tori_buf_z(&buf,
               ask->more_client_data != NULL ? ask->more_client_data : ",\"crossOrigin\":false");
    tori_buf_z(&buf, "}");
    return done(&buf);
}

static void put_big_endian(struct tori_buf *buf, uint32_t value, int bytes)
{
    for (int i = bytes - 1; i >= 0; i--)
        tori_buf_byte(buf, (uint8_t)(value >> (8 * i)));
}

static void put_attested(struct tori_ctx *cx, struct tori_buf *buf,
                         const struct soft_passkey *passkey, const struct soft_ask *ask)
{
    struct tori_bytes id =
        ask->credential_id.at != NULL ? ask->credential_id : TORI_BYTES_OF(passkey->credential_id);
    struct tori_bytes cose = ask->cose.at != NULL ? ask->cose : soft_cose(cx, passkey);

    tori_buf_bytes(buf, passkey->aaguid, sizeof(passkey->aaguid));
    put_big_endian(buf, (uint32_t)id.len, 2);
    tori_buf_bytes(buf, id.at, id.len);
    tori_buf_bytes(buf, cose.at, cose.len);
}

/* `attested` is SOFT_AT at a registration. */
static struct tori_bytes make_auth_data(struct tori_ctx *cx, struct soft_passkey *passkey,
                                        const struct soft_ask *ask, int attested)
{
    struct tori_hash rp_hash = tori_sha256(tori_str_bytes(tori_str_z(ask->rp_id)));
    struct tori_buf buf = new_buf(cx);
    int flags = passkey->flags | attested | (ask->extensions.at != NULL ? SOFT_ED : 0);

    if (ask->auth_data.at != NULL)
        return ask->auth_data;
    if (passkey->sign_count > 0 && !ask->keep_count)
        passkey->sign_count++;
    tori_buf_bytes(&buf, rp_hash.at, sizeof(rp_hash.at));
    tori_buf_byte(&buf, (uint8_t)((flags | ask->set_flags) & ~ask->clear_flags));
    put_big_endian(&buf, passkey->sign_count, 4);
    if (attested != 0)
        put_attested(cx, &buf, passkey, ask);
    tori_buf_bytes(&buf, ask->extensions.at, ask->extensions.len);
    tori_buf_bytes(&buf, ask->trailing.at, ask->trailing.len);
    return done(&buf);
}

static struct tori_bytes sign_ceremony(struct tori_ctx *cx, const struct soft_passkey *passkey,
                                       const struct soft_ask *ask, struct tori_bytes auth_data,
                                       struct tori_bytes client_data)
{
    struct tori_hash hash = tori_sha256(client_data);
    struct tori_buf buf = new_buf(cx);

    if (ask->signature.at != NULL)
        return ask->signature;
    if (ask->signed_over == SOFT_SIGNED_SWAPPED)
        tori_buf_bytes(&buf, hash.at, sizeof(hash.at));
    tori_buf_bytes(&buf, auth_data.at, auth_data.len);
    if (ask->signed_over == SOFT_SIGNED_RIGHT)
        tori_buf_bytes(&buf, hash.at, sizeof(hash.at));
    return soft_sign(cx, passkey, done(&buf));
}

static void put_statement(struct tori_ctx *cx, struct tori_buf *buf,
                          const struct soft_passkey *passkey, const struct soft_ask *ask,
                          const struct tori_bytes signed_parts[static 2])
{
    if (ask->statement.at != NULL) {
        tori_buf_bytes(buf, ask->statement.at, ask->statement.len);
        return;
    }
    if (ask->fmt == NULL || !tori_str_eq(tori_str_z(ask->fmt), TORI_STR("packed"))) {
        soft_cbor_head(buf, 5, 0);
        return;
    }
    soft_cbor_head(buf, 5, 2);
    soft_cbor_text(buf, "alg");
    soft_cbor_int(buf, passkey->alg);
    soft_cbor_text(buf, "sig");
    soft_cbor_bytes(buf, sign_ceremony(cx, passkey, ask, signed_parts[0], signed_parts[1]));
}

static struct tori_bytes make_object(struct tori_ctx *cx, struct soft_passkey *passkey,
                                     const struct soft_ask *ask, struct tori_bytes client_data)
{
    struct tori_bytes auth_data = make_auth_data(cx, passkey, ask, SOFT_AT);
    struct tori_buf buf = new_buf(cx);

    if (ask->attestation_object.at != NULL)
        return ask->attestation_object;
    soft_cbor_head(&buf, 5, 3);
    soft_cbor_text(&buf, "fmt");
    soft_cbor_text(&buf, ask->fmt != NULL ? ask->fmt : "none");
    soft_cbor_text(&buf, "attStmt");
    put_statement(cx, &buf, passkey, ask, (struct tori_bytes[]){auth_data, client_data});
    soft_cbor_text(&buf, "authData");
    soft_cbor_bytes(&buf, auth_data);
    return done(&buf);
}

static struct tori_bytes envelope_id(struct tori_ctx *cx, const struct soft_passkey *passkey,
                                     const struct soft_ask *ask)
{
    struct tori_bytes own =
        ask->credential_id.at != NULL ? ask->credential_id : TORI_BYTES_OF(passkey->credential_id);
    struct tori_bytes copy;

    must(!TORI_FAILED(tori_copy(cx, ask->envelope_id.at != NULL ? ask->envelope_id : own, &copy)));
    return copy;
}

static struct tori_str envelope_type(const struct soft_ask *ask)
{
    return tori_str_z(ask->envelope_type != NULL ? ask->envelope_type : "public-key");
}

struct tori_registration soft_register(struct tori_ctx *cx, struct soft_passkey *passkey,
                                       const struct soft_ask *ask)
{
    struct tori_bytes client_data = make_client_data(cx, ask, "webauthn.create");
    struct tori_bytes id = envelope_id(cx, passkey, ask);

    return (struct tori_registration){
        .id = id,
        .raw_id = id,
        .type = envelope_type(ask),
        .attachment = TORI_STR("platform"),
        .response = {.client_data = client_data,
                     .attestation_object = make_object(cx, passkey, ask, client_data),
                     .transports = 1 << 1 | 1 << 2},
    };
}

static struct tori_bytes user_handle(struct tori_ctx *cx, const struct soft_passkey *passkey,
                                     const struct soft_ask *ask)
{
    struct tori_bytes copy;

    if (ask->no_user_handle)
        return (struct tori_bytes){0};
    if (ask->user_handle.at != NULL)
        return ask->user_handle;
    must(!TORI_FAILED(tori_copy(cx, TORI_BYTES_OF(passkey->user.at), &copy)));
    return copy;
}

struct tori_assertion soft_assert(struct tori_ctx *cx, struct soft_passkey *passkey,
                                  const struct soft_ask *ask)
{
    struct tori_bytes client_data = make_client_data(cx, ask, "webauthn.get");
    struct tori_bytes auth_data = make_auth_data(cx, passkey, ask, 0);
    struct tori_bytes id = envelope_id(cx, passkey, ask);

    return (struct tori_assertion){
        .id = id,
        .raw_id = id,
        .type = envelope_type(ask),
        .attachment = TORI_STR("platform"),
        .response = {.client_data = client_data,
                     .authenticator_data = auth_data,
                     .signature = sign_ceremony(cx, passkey, ask, auth_data, client_data),
                     .user_handle = user_handle(cx, passkey, ask)},
    };
}

static void open_envelope(struct tori_json_out *out, struct tori_bytes id, struct tori_bytes raw_id,
                          struct tori_str type)
{
    tori_out_open(out);
    tori_out_b64u(out, "id", id);
    tori_out_b64u(out, "rawId", raw_id);
    tori_out_text(out, "type", type);
    tori_out_word(out, "authenticatorAttachment", "platform");
    tori_out_object(out, "clientExtensionResults");
    tori_out_close(out);
    tori_out_object(out, "response");
}

struct tori_str soft_registration_json(struct tori_ctx *cx,
                                       const struct tori_registration *response)
{
    struct tori_buf buf = new_buf(cx);
    struct tori_json_out out = {.buf = &buf};

    open_envelope(&out, response->id, response->raw_id, response->type);
    tori_out_b64u(&out, "clientDataJSON", response->response.client_data);
    tori_out_b64u(&out, "attestationObject", response->response.attestation_object);
    tori_out_list(&out, "transports");
    tori_out_item(&out);
    tori_buf_z(&buf, "\"hybrid\",\"internal\"");
    tori_out_list_end(&out);
    tori_out_close(&out);
    tori_out_close(&out);
    return tori_bytes_str(done(&buf));
}

struct tori_str soft_assertion_json(struct tori_ctx *cx, const struct tori_assertion *response)
{
    struct tori_buf buf = new_buf(cx);
    struct tori_json_out out = {.buf = &buf};

    open_envelope(&out, response->id, response->raw_id, response->type);
    tori_out_b64u(&out, "clientDataJSON", response->response.client_data);
    tori_out_b64u(&out, "authenticatorData", response->response.authenticator_data);
    tori_out_b64u(&out, "signature", response->response.signature);
    if (response->response.user_handle.at != NULL)
        tori_out_b64u(&out, "userHandle", response->response.user_handle);
    tori_out_close(&out);
    tori_out_close(&out);
    return tori_bytes_str(done(&buf));
}
