/* Names of tiles and bundles of entries: one name for a tile, one form for a bundle. */
#include "test/fuzz/fuzz.h"

#include "base/buf.h"
#include "domain/evidence/tile.h"

static void check_bundle(struct tori_ctx *cx, struct tori_bytes content)
{
    static struct tori_bundle bundle;
    size_t sum = 0;

    for (unsigned width = 0; width <= 4; width++) {
        if (TORI_FAILED(tori_bundle_read(cx, content, width, &bundle)))
            continue;
        sum = 0;
        for (unsigned i = 0; i < bundle.width; i++)
            sum += 2 + bundle.entry[i].len;
        assert(bundle.width == width && sum == content.len);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();
    struct tori_str path = {(const char *)data, size};
    struct tori_tile tile;
    struct tori_buf buf = tori_buf_new(cx->arena, 256);

    check_bundle(cx, (struct tori_bytes){data, size});
    if (!tori_tile_parse(path, &tile))
        return 0;
    assert(tile.level < TORI_TILE_LEVELS && tile.width >= 1 && tile.width <= TORI_TILE_WIDTH);
    assert(!tile.entries || tile.level == 0);
    tori_tile_path(&buf, &tile);
    assert(!buf.over && tori_str_eq(tori_buf_text(&buf), path));
    return 0;
}
