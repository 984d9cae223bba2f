/* GET /web/{name}: style sheets and modules of the pages. A name with the content's hash never
 * means anything else and may be kept for ever; the plain name is asked for again, by its ETag. */
#include "http/assets.h"
#include "http/health.h"

const struct tori_asset *tori_asset_find(struct tori_str name, bool *by_hash)
{
    for (size_t i = 0; i < tori_asset_count; i++) {
        *by_hash = tori_str_eq(name, tori_str_z(tori_assets[i].hashed));
        if (*by_hash || tori_str_eq(name, tori_str_z(tori_assets[i].name)))
            return &tori_assets[i];
    }
    return NULL;
}

static TORI_RESULT finish(struct tori_ctx *cx, const void *in, struct tori_reply *out)
{
    bool by_hash;
    const struct tori_asset *asset = tori_asset_find(cx->caller->path[0], &by_hash);

    (void)in;
    if (asset == NULL)
        return TORI_FAIL(cx, NOT_FOUND);
    out->content_type = asset->content_type;
    tori_reply_header(out, "ETag", tori_str_z(asset->etag));
    tori_reply_header(out, "Cache-Control",
                      by_hash ? TORI_STR("public, max-age=31536000, immutable")
                              : TORI_STR("no-cache"));
    if (tori_etag_listed(tori_http_if_none_match(cx), tori_str_z(asset->etag))) {
        tori_reply_status(out, 304);
        return TORI_OK;
    }
    tori_buf_bytes(&out->body, asset->content.at, asset->content.len);
    return TORI_OK;
}

static const tori_err errors[] = {TORI_ERR_NOT_FOUND, TORI_ERR_NONE};

const struct tori_endpoint tori_endpoint_static = {
    .listener = TORI_LISTENER_CUSTOMER,
    .also = 1u << TORI_LISTENER_OPERATOR,
    .method = TORI_GET,
    .path = "/web/{name}",
    .summary = "Style sheets and modules of the pages",
    .group = "pages",
    .auth = TORI_AUTH_NONE,
    .rate = TORI_RATE_NONE,
    .errors = errors,
    .finish = finish,
    .plain_answer = true,
};
