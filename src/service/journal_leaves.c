#include "service/journal_leaves.h"

struct tori_result tori_journal_leaves_read(struct tori_ctx *cx, void *owner, uint64_t from,
                                            struct tori_journal_rows *rows)
{
    const struct tori_journal_leaves *leaves = owner;
    struct tori_journal_span span = {leaves->shard, (int64_t)from, rows->most};
    struct tori_journal_page page;

    TORI_TRY(tori_read_journal(cx, leaves->reader, &span, &page));
    for (size_t i = 0; i < page.count; i++)
        rows->row[i] = (struct tori_journal_leaf){
            .seq = (uint64_t)page.row[i]->seq,
            .entry = tori_str_bytes(page.row[i]->entry),
            .leaf = page.row[i]->leaf_hash,
        };
    rows->count = page.count;
    return TORI_OK;
}
