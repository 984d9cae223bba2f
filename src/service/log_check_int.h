/* What the two files of the log's check share. */
#ifndef TORI_SERVICE_LOG_CHECK_INT_H
#define TORI_SERVICE_LOG_CHECK_INT_H

#include "domain/evidence/builder.h"
#include "service/log_check.h"

/* A check, or a rebuild, under way. */
struct tori_check {
    struct tori_ctx *cx; /* with an arena of its own, wiped from bundle to bundle */
    struct tori_log_dir *dir;
    struct tori_builder *builder;
    struct tori_log_report *report;
    bool writing;
};

/* Fills the report; always LOG_DIFFERS. `tile` may be NULL. */
TORI_RESULT tori_log_fault_at(struct tori_check *check, enum tori_log_fault fault,
                              const struct tori_tile *tile, uint64_t entry);

/* A tile of the folder, of the right length. */
TORI_RESULT tori_check_tile(struct tori_check *check, const struct tori_tile *tile,
                            struct tori_bytes *out);

/* After all tiles of the checkpoint were found good: what else lies under tile/. */
TORI_RESULT tori_check_folder(struct tori_check *check);

#endif
