#include <string.h>

#include "store/store_int.h"

enum { LEASE_MS = 10000, LEASE_MARGIN_MS = 2000, ANSWER_MS = 5000 };

static int64_t or_default(int64_t given, int64_t otherwise)
{
    return given != 0 ? given : otherwise;
}

static char *text_z(struct tori_str text)
{
    char *z = tori_heap_take(text.len + 1);
    if (z != NULL)
        memcpy(z, text.at, text.len);
    return z;
}

/* The engine of an address, and the part of the address that the engine wants to hear. */
static const struct tori_engine *engine_of(struct tori_str url, struct tori_str *place)
{
    struct tori_str prefix = TORI_STR("sqlite:");

    *place = url;
    if (tori_str_starts(url, prefix)) {
        *place = (struct tori_str){url.at + prefix.len, url.len - prefix.len};
        return place->len > 0 ? &tori_engine_sqlite : NULL;
    }
    if (tori_str_starts(url, TORI_STR("postgresql://")))
        return &tori_engine_pg;
    return NULL;
}

struct tori_result tori_store_open(struct tori_ctx *cx, const struct tori_store_config *config,
                                   bool read_only, struct tori_store **out)
{
    struct tori_str place;
    const struct tori_engine *engine = engine_of(config->url, &place);

    if (engine == NULL || !tori_utf8_valid(tori_str_bytes(place)))
        return TORI_FAIL(cx, SETTING_BAD, tori_word("setting", "store.url"));
    struct tori_store *store = tori_heap_take(sizeof(*store));
    char *place_z = text_z(place);
    if (store == NULL || place_z == NULL) {
        tori_heap_free(place_z);
        tori_heap_free(store);
        return TORI_FAIL(cx, NO_MEMORY);
    }
    *store = (struct tori_store){
        .engine = engine,
        .place = place_z,
        .lease_ms = or_default(config->lease_ms, LEASE_MS),
        .lease_margin_ms = or_default(config->lease_margin_ms, LEASE_MARGIN_MS),
        .answer_ms = or_default(config->answer_ms, ANSWER_MS),
        .read_only = read_only,
    };
    *out = store;
    return TORI_OK;
}

void tori_store_close(struct tori_store *store)
{
    if (store == NULL)
        return;
    tori_wipe(store->place, strlen(store->place)); /* a URL may hold a password */
    tori_heap_free(store->place);
    tori_heap_free(store);
}
