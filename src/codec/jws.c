#include "codec/jws.h"

#include "codec/base64url.h"
#include "codec/x509.h"

/* RFC 7518 §3.1 and RFC 8037 §3.1: how many bytes a coordinate has says how ECDSA is written. */
static const struct {
    struct tori_str name;
    int64_t alg;
    size_t coordinate; /* 0: the signature is what it is */
} algorithms[] = {
    {TORI_STR_INIT("ES256"), TORI_COSE_ES256, 32}, {TORI_STR_INIT("ES384"), TORI_COSE_ES384, 48},
    {TORI_STR_INIT("ES512"), TORI_COSE_ES512, 66}, {TORI_STR_INIT("RS256"), TORI_COSE_RS256, 0},
    {TORI_STR_INIT("RS384"), TORI_COSE_RS384, 0},  {TORI_STR_INIT("RS512"), TORI_COSE_RS512, 0},
    {TORI_STR_INIT("PS256"), TORI_COSE_PS256, 0},  {TORI_STR_INIT("PS384"), TORI_COSE_PS384, 0},
    {TORI_STR_INIT("PS512"), TORI_COSE_PS512, 0},  {TORI_STR_INIT("EdDSA"), TORI_COSE_EDDSA, 0},
};
enum { ALGORITHMS = sizeof(algorithms) / sizeof(algorithms[0]), DER_MAX = 160 };

static struct tori_result malformed(struct tori_ctx *cx, const char *why)
{
    return TORI_FAIL(cx, PROOF_MALFORMED, tori_word("jws", why));
}

static struct tori_result decode(struct tori_ctx *cx, struct tori_str text, struct tori_bytes *out)
{
    if (TORI_FAILED(tori_b64u_decode(cx, text, out)))
        return malformed(cx, "base64url");
    return TORI_OK;
}

/* What stands before the next dot; without one all of it, and `rest` is gone. */
static struct tori_str until_dot(struct tori_str *rest)
{
    struct tori_str part = *rest;

    for (size_t i = 0; i < rest->len; i++) {
        if (rest->at[i] != '.')
            continue;
        part.len = i;
        *rest = (struct tori_str){rest->at + i + 1, rest->len - i - 1};
        return part;
    }
    *rest = (struct tori_str){NULL, 0};
    return part;
}

/* INTEGER: without leading zeros, with one where the first bit is set */
static void put_integer(struct tori_buf *buf, struct tori_bytes number)
{
    while (number.len > 1 && number.at[0] == 0)
        number = (struct tori_bytes){number.at + 1, number.len - 1};
    bool padded = (number.at[0] & 0x80) != 0;
    tori_buf_byte(buf, 0x02);
    tori_buf_byte(buf, (uint8_t)(number.len + padded));
    if (padded)
        tori_buf_byte(buf, 0);
    tori_buf_bytes(buf, number.at, number.len);
}

/* SEQUENCE { r, s } */
struct tori_result tori_jws_ecdsa(struct tori_ctx *cx, struct tori_bytes raw, size_t coordinate,
                                  struct tori_bytes *out)
{
    struct tori_buf pair = tori_buf_new(cx->arena, DER_MAX);
    struct tori_buf der = tori_buf_new(cx->arena, DER_MAX);

    if (raw.len != 2 * coordinate)
        return TORI_FAIL(cx, PROOF_SIGNATURE, tori_u64("length", raw.len));
    put_integer(&pair, (struct tori_bytes){raw.at, coordinate});
    put_integer(&pair, (struct tori_bytes){raw.at + coordinate, coordinate});
    TORI_TRY(tori_buf_done(cx, &pair));
    tori_buf_byte(&der, 0x30);
    if (pair.len >= 0x80)
        tori_buf_byte(&der, 0x81);
    tori_buf_byte(&der, (uint8_t)pair.len);
    tori_buf_bytes(&der, pair.at, pair.len);
    TORI_TRY(tori_buf_done(cx, &der));
    *out = tori_buf_view(&der);
    return TORI_OK;
}

static struct tori_result read_header(struct tori_ctx *cx, struct tori_str text,
                                      struct tori_json *out)
{
    struct tori_bytes json = {0};

    TORI_TRY(decode(cx, text, &json));
    if (TORI_FAILED(tori_json_parse(cx, json, out)) || out->kind != TORI_JSON_OBJECT)
        return malformed(cx, "header");
    /* RFC 7515 §4.1.11: what must be understood is not understood here */
    if (tori_json_get(out, TORI_STR("crit")) != NULL || tori_json_get(out, TORI_STR("b64")) != NULL)
        return malformed(cx, "crit");
    return TORI_OK;
}

static struct tori_result read_signature(struct tori_ctx *cx, struct tori_str text,
                                         struct tori_jws *jws)
{
    const struct tori_json *alg = tori_json_get(&jws->header, TORI_STR("alg"));
    struct tori_bytes raw = {0};

    TORI_TRY(decode(cx, text, &raw));
    if (alg == NULL || alg->kind != TORI_JSON_TEXT)
        return malformed(cx, "alg");
    for (size_t i = 0; i < ALGORITHMS; i++) {
        if (!tori_str_eq(alg->text, algorithms[i].name))
            continue;
        jws->alg = algorithms[i].alg;
        jws->signature = raw;
        if (algorithms[i].coordinate != 0)
            return tori_jws_ecdsa(cx, raw, algorithms[i].coordinate, &jws->signature);
        return TORI_OK;
    }
    return TORI_FAIL(cx, PROOF_ALGORITHM, tori_text("alg", alg->text));
}

struct tori_result tori_jws_read(struct tori_ctx *cx, struct tori_str compact, struct tori_jws *out)
{
    struct tori_str rest = compact;
    struct tori_str header = until_dot(&rest), payload = until_dot(&rest);
    struct tori_jws jws = {
        .signed_bytes = {(const uint8_t *)compact.at, header.len + 1 + payload.len}};

    if (rest.at == NULL)
        return malformed(cx, "parts");
    TORI_TRY(read_header(cx, header, &jws.header));
    TORI_TRY(decode(cx, payload, &jws.payload));
    TORI_TRY(read_signature(cx, rest, &jws));
    *out = jws;
    return TORI_OK;
}

struct tori_result tori_jws_x5c(struct tori_ctx *cx, const struct tori_jws *jws,
                                struct tori_bytes *certificate, size_t *count)
{
    const struct tori_json *list = tori_json_get(&jws->header, TORI_STR("x5c"));

    if (list == NULL || list->kind != TORI_JSON_LIST || list->count == 0 ||
        list->count > TORI_CHAIN_MAX)
        return malformed(cx, "x5c");
    /* RFC 7515 §4.1.6: plain base64 with padding */
    for (size_t i = 0; i < list->count; i++) {
        if (list->item[i].kind != TORI_JSON_TEXT ||
            TORI_FAILED(tori_b64_decode(cx, list->item[i].text, &certificate[i])))
            return malformed(cx, "x5c");
    }
    *count = list->count;
    return TORI_OK;
}
