/* POST /v1/admin/channels: a registered way in; once two operators can sign, by approval. */
#include "http/answer.h"
#include "http/endpoint.h"
#include "service/admin.h"

static const struct tori_field uri_fields[] = {
    TORI_TEXT(struct tori_admin_uri, uri, 8, 256),
    TORI_FIELDS_END,
};

static const struct tori_field fields[] = {
    TORI_TEXT(struct tori_admin_channel, name, 1, 64),
    TORI_TEXT(struct tori_admin_channel, certificate_key, 64, 64),
    TORI_TEXT(struct tori_admin_channel, origin, 8, 256),
    {.name = "return_uris",
     .kind = TORI_FIELD_LIST,
     .offset = offsetof(struct tori_admin_channel, return_uris),
     .max = TORI_RETURN_URIS_MAX,
     .sub = uri_fields,
     .item_size = sizeof(struct tori_admin_uri)},
    {.name = "rights",
     .kind = TORI_FIELD_SET,
     .offset = offsetof(struct tori_admin_channel, rights),
     .max = 2,
     .words = tori_channel_rights},
    TORI_FIELDS_END,
};

static const tori_err errors[] = {TORI_ERR_ALREADY_EXISTS, TORI_ERR_NONE};

static const struct tori_field answer[] = {
    TORI_SAYS(ID, "channel_id"),
    TORI_MAY_SAY(ID, "approval_id"),
    TORI_FIELDS_END,
};

const struct tori_endpoint tori_endpoint_admin_channels = {
    .listener = TORI_LISTENER_ADMIN,
    .method = TORI_POST,
    .path = "/v1/admin/channels",
    .summary = "Add a channel",
    .group = "admin",
    .auth = TORI_AUTH_ADMIN,
    .rate = TORI_RATE_NONE,
    .fields = fields,
    .input_size = sizeof(struct tori_admin_channel),
    .answer = answer,
    .errors = errors,
    .decide = tori_admin_channel_decide,
};
