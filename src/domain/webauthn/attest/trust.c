/* Who vouches for an attestation certificate: WebAuthn L3 §7.1 step 23. Anchors are handed in; an
 * anchor speaks only for what it was given for. */
#include <string.h>

#include "domain/webauthn/attest/attest.h"

enum { AAGUID = 16, KEY_ID = 20, ANCHOR_NAME = 200, FORMAT_NAME = 32 };

struct anchor {
    struct tori_certificate *certificate;
    char name[ANCHOR_NAME];
    char format[FORMAT_NAME];
    bool has_aaguid, has_key_id;
    uint8_t aaguid[AAGUID];
    uint8_t key_id[KEY_ID];
};

struct tori_anchors {
    size_t count;
    struct anchor at[];
};

void tori_anchors_free(struct tori_anchors *anchors)
{
    if (anchors == NULL)
        return;
    for (size_t i = 0; i < anchors->count; i++)
        tori_certificate_free(anchors->at[i].certificate);
    tori_heap_free(anchors);
}

static struct tori_result keep_text(struct tori_ctx *cx, struct tori_str text, char *room,
                                    size_t size)
{
    if (text.len >= size)
        return TORI_FAIL(cx, TOO_LARGE, tori_text("anchor", text));
    if (text.len > 0)
        memcpy(room, text.at, text.len);
    room[text.len] = '\0';
    return TORI_OK;
}

static struct tori_result keep(struct tori_ctx *cx, const struct tori_anchor *from,
                               struct anchor *out)
{
    TORI_TRY(keep_text(cx, from->name, out->name, sizeof(out->name)));
    TORI_TRY(keep_text(cx, from->format, out->format, sizeof(out->format)));
    out->has_aaguid = from->aaguid != NULL;
    out->has_key_id = from->key_id != NULL;
    if (out->has_aaguid)
        memcpy(out->aaguid, from->aaguid, AAGUID);
    if (out->has_key_id)
        memcpy(out->key_id, from->key_id, KEY_ID);
    struct tori_result result = tori_certificate_new(cx, from->certificate, &out->certificate);
    if (!TORI_FAILED(result))
        result = tori_certificate_check_form(cx, out->certificate);
    if (result.err == TORI_ERR_CERTIFICATE_INVALID)
        return TORI_FAIL(cx, CERTIFICATE_INVALID, tori_text("anchor", from->name));
    return result;
}

struct tori_result tori_anchors_new(struct tori_ctx *cx, const struct tori_anchor *list,
                                    size_t count, struct tori_anchors **out)
{
    struct tori_anchors *made = tori_heap_take(sizeof(*made) + count * sizeof(struct anchor));

    if (made == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    for (size_t i = 0; i < count; i++) {
        made->count = i + 1;
        struct tori_result result = keep(cx, &list[i], &made->at[i]);
        if (!TORI_FAILED(result))
            continue;
        tori_anchors_free(made);
        return result;
    }
    *out = made;
    return TORI_OK;
}

static bool speaks_for(const struct anchor *anchor, const struct tori_attest_input *input,
                       const struct tori_certificate_facts *leaf)
{
    if (anchor->format[0] != '\0' && !tori_str_eq(tori_str_z(anchor->format), input->format))
        return false;
    if (anchor->has_aaguid &&
        !tori_bytes_eq(TORI_BYTES_OF(anchor->aaguid), TORI_BYTES_OF(input->data->aaguid)))
        return false;
    return !anchor->has_key_id ||
           tori_bytes_eq(TORI_BYTES_OF(anchor->key_id), TORI_BYTES_OF(leaf->key_id));
}

/* The anchors that speak for this statement, as the path wants them. */
struct believed {
    const struct tori_certificate **certificate;
    const struct anchor **anchor;
    size_t count;
};

static struct tori_result choose(struct tori_ctx *cx, const struct tori_attest_input *input,
                                 const struct tori_certificate_facts *leaf, struct believed *out)
{
    const struct tori_anchors *all = input->rules->anchors;
    size_t count = all == NULL ? 0 : all->count;

    *out = (struct believed){.count = 0};
    TORI_TRY(tori_take(cx, count * sizeof(*out->certificate), &out->certificate));
    TORI_TRY(tori_take(cx, count * sizeof(*out->anchor), &out->anchor));
    for (size_t i = 0; i < count; i++) {
        if (!speaks_for(&all->at[i], input, leaf))
            continue;
        out->certificate[out->count] = all->at[i].certificate;
        out->anchor[out->count++] = &all->at[i];
    }
    return TORI_OK;
}

struct tori_result tori_attest_trust(struct tori_ctx *cx, const struct tori_attest_input *input,
                                     enum tori_attestation type, struct tori_attestation_facts *out)
{
    const struct tori_x5c *x5c = &input->x5c;
    struct believed believed = {.count = 0};
    size_t reached = 0;

    out->type = type;
    out->has_certificate = true;
    TORI_TRY(tori_certificate_facts(cx, x5c->at[0], &out->certificate));
    TORI_TRY(choose(cx, input, &out->certificate, &believed));
    const struct tori_path path = {(const struct tori_certificate *const *)x5c->at, x5c->count,
                                   believed.certificate, believed.count};
    TORI_TRY(tori_path_anchor(cx, &path, &reached));
    out->trusted = reached < believed.count;
    if (out->trusted)
        return tori_copy_str(cx, tori_str_z(believed.anchor[reached]->name), &out->anchor);
    if (!input->rules->untrusted)
        return TORI_FAIL(cx, ATTESTATION_UNTRUSTED, tori_text("fmt", input->format),
                         tori_text("issuer", out->certificate.issuer));
    out->protection = TORI_PROTECTION_UNKNOWN;
    return TORI_OK;
}

enum tori_attestation tori_attestation_worth(const struct tori_attestation_facts *facts)
{
    if (facts->trusted || facts->type <= TORI_ATTESTATION_SELF)
        return facts->type;
    return TORI_ATTESTATION_SELF;
}
