#include "store/store_int.h"

static struct tori_result open_db(struct tori_ctx *cx, const struct tori_store *store,
                                  enum tori_use use, struct tori_db **out)
{
    (void)store;
    (void)use;
    (void)out;
    return TORI_FAIL(cx, SETTING_BAD, tori_word("engine", "PostgreSQL"));
}

const struct tori_engine tori_engine_pg = {.kind = TORI_ENGINE_PG, .open = open_db};
