/* Makes tiles out of entries, in order: full tiles leave as soon as they are full, partial ones
 * when flushed. The same entries give the same tiles byte for byte, whoever takes them: the
 * sequencer writes them, `log rebuild` writes them again, `log verify` compares them. */
#ifndef TORI_DOMAIN_EVIDENCE_BUILDER_H
#define TORI_DOMAIN_EVIDENCE_BUILDER_H

#include "domain/evidence/tile.h"

struct tori_builder;

/* Empty. Owned by the caller, freed by tori_builder_free(); `put` and `owner` must outlive it. */
TORI_RESULT tori_builder_new(struct tori_ctx *cx, tori_tile_put_fn *put, void *owner,
                             struct tori_builder **out);
void tori_builder_free(struct tori_builder *builder);

/* Goes on where the tiles of `tree` end, entries' bundle included; checks that the bundle's entries
 * hash to their leaves. LOG_DIFFERS. */
TORI_RESULT tori_builder_load(struct tori_ctx *cx, struct tori_builder *builder,
                              const struct tori_tree *tree);

/* TOO_LARGE for an entry above TORI_ENTRY_MAX. After any failure the builder is to be thrown
 * away. */
TORI_RESULT tori_builder_append(struct tori_ctx *cx, struct tori_builder *builder,
                                struct tori_bytes entry, const struct tori_hash *leaf);
/* Puts the partial tiles that changed since the last flush. */
TORI_RESULT tori_builder_flush(struct tori_ctx *cx, struct tori_builder *builder);

struct tori_tree_head tori_builder_head(const struct tori_builder *builder);

#endif
