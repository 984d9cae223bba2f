/* What the browser says about the ceremony: which kind, for which challenge, on which page. */
#include "codec/base64url.h"
#include "domain/webauthn/webauthn_int.h"

static struct tori_result malformed(struct tori_ctx *cx, const char *member)
{
    return TORI_FAIL(cx, PROOF_MALFORMED, tori_word("client_data", member));
}

static struct tori_result get_text(struct tori_ctx *cx, const struct tori_json *data,
                                   const char *name, struct tori_str *out)
{
    const struct tori_json *value = tori_json_get(data, tori_str_z(name));

    if (value == NULL || value->kind != TORI_JSON_TEXT)
        return malformed(cx, name);
    *out = value->text;
    return TORI_OK;
}

/* The step says "UTF-8 decode", which drops a leading byte order mark. It would also turn invalid
 * bytes into U+FFFD; the parser refuses them instead, as no browser writes any. */
static struct tori_bytes without_mark(struct tori_bytes json)
{
    if (json.len >= 3 && json.at[0] == 0xef && json.at[1] == 0xbb && json.at[2] == 0xbf)
        return (struct tori_bytes){json.at + 3, json.len - 3};
    return json;
}

static struct tori_result read_cross_origin(struct tori_ctx *cx, const struct tori_json *data,
                                            struct tori_client_data *out)
{
    const struct tori_json *cross = tori_json_get(data, TORI_STR("crossOrigin"));

    if (cross != NULL && cross->kind != TORI_JSON_BOOL)
        return malformed(cx, "crossOrigin");
    out->cross_origin = cross != NULL && cross->number != 0;
    out->has_top_origin = tori_json_get(data, TORI_STR("topOrigin")) != NULL;
    if (out->has_top_origin)
        TORI_TRY(get_text(cx, data, "topOrigin", &out->top_origin));
    return TORI_OK;
}

/* tokenBinding is a member of Level 2. It says nothing that anybody could rely on, so it is looked
 * at only for its shape; old browsers still send it. */
static struct tori_result check_token_binding(struct tori_ctx *cx, const struct tori_json *data)
{
    const struct tori_json *binding = tori_json_get(data, TORI_STR("tokenBinding"));
    struct tori_str status;

    if (binding == NULL)
        return TORI_OK;
    return get_text(cx, binding, "status", &status);
}

struct tori_result tori_client_data_read(struct tori_ctx *cx, struct tori_bytes json,
                                         struct tori_client_data *out)
{
    struct tori_client_data read = {0};
    struct tori_json data;
    struct tori_str challenge = {0};

    /* WebAuthn L3 §7.1 step 5 */ /* WebAuthn L3 §7.2 step 8 */
    json = without_mark(json);
    /* WebAuthn L3 §7.1 step 6 */ /* WebAuthn L3 §7.2 step 9 */
    struct tori_result parsed = tori_json_parse(cx, json, &data);
    if (TORI_FAILED(parsed))
        return malformed(cx, tori_err_name(parsed.err));
    if (data.kind != TORI_JSON_OBJECT)
        return malformed(cx, "object");

    TORI_TRY(get_text(cx, &data, "type", &read.type));
    TORI_TRY(get_text(cx, &data, "origin", &read.origin));
    TORI_TRY(get_text(cx, &data, "challenge", &challenge));
    if (TORI_FAILED(tori_b64u_decode(cx, challenge, &read.challenge)))
        return malformed(cx, "challenge");
    TORI_TRY(read_cross_origin(cx, &data, &read));
    TORI_TRY(check_token_binding(cx, &data));
    *out = read;
    return TORI_OK;
}

static bool is_listed(struct tori_str origin, const struct tori_str *list, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (tori_str_eq(origin, list[i]))
            return true;
    }
    return false;
}

static struct tori_result check_frames(struct tori_ctx *cx, const struct tori_rp *rp,
                                       const struct tori_client_data *data)
{
    /* WebAuthn L3 §7.1 step 10 */ /* WebAuthn L3 §7.2 step 13 */
    if (data->cross_origin && !rp->cross_origin)
        return TORI_FAIL(cx, PROOF_CROSS_ORIGIN, tori_text("origin", data->origin));
    /* WebAuthn L3 §7.1 step 11 */ /* WebAuthn L3 §7.2 step 14 */
    if (!data->has_top_origin)
        return TORI_OK;
    if (!data->cross_origin || !is_listed(data->top_origin, rp->top_origin, rp->top_origin_count))
        return TORI_FAIL(cx, PROOF_CROSS_ORIGIN, tori_text("top_origin", data->top_origin));
    return TORI_OK;
}

struct tori_result tori_client_data_check(struct tori_ctx *cx, const struct tori_expected *expected,
                                          const struct tori_client_data *data, struct tori_str type)
{
    const struct tori_rp *rp = expected->rp;

    /* WebAuthn L3 §7.1 step 7 */ /* WebAuthn L3 §7.2 step 10 */
    if (!tori_str_eq(data->type, type))
        return TORI_FAIL(cx, PROOF_TYPE, tori_text("type", data->type));
    /* WebAuthn L3 §7.1 step 8 */ /* WebAuthn L3 §7.2 step 11 */
    if (!tori_bytes_eq(data->challenge, expected->challenge))
        return TORI_FAIL(cx, PROOF_CHALLENGE);
    /* WebAuthn L3 §7.1 step 9 */ /* WebAuthn L3 §7.2 step 12 */
    if (!is_listed(data->origin, rp->origin, rp->origin_count))
        return TORI_FAIL(cx, PROOF_ORIGIN, tori_text("origin", data->origin));
    return check_frames(cx, rp, data);
}

struct tori_result tori_webauthn_challenge_of(struct tori_ctx *cx, struct tori_bytes client_data,
                                              struct tori_bytes *out)
{
    struct tori_client_data data;

    TORI_TRY(tori_client_data_read(cx, client_data, &data));
    *out = data.challenge;
    return TORI_OK;
}
