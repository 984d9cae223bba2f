/* Checks a log folder without the server, and makes its tiles again from the journal. */
#ifndef TORI_SERVICE_LOG_CHECK_H
#define TORI_SERVICE_LOG_CHECK_H

#include "service/seal_log.h"

enum tori_log_fault {
    TORI_LOG_SOUND,
    TORI_LOG_NO_VKEY,       /* no verifier key given and none in the folder, or not one */
    TORI_LOG_NO_CHECKPOINT, /* the folder holds none */
    TORI_LOG_NOT_SIGNED,    /* the checkpoint is malformed or not signed by that key */
    TORI_LOG_FILE_MISSING,
    TORI_LOG_FILE_MALFORMED,
    TORI_LOG_ENTRY_ALTERED, /* an entry does not hash to its leaf */
    TORI_LOG_ENTRY_ORDER,   /* an entry does not say the number it stands at */
    TORI_LOG_HASH_ALTERED,  /* a hash of a tile is not that of the tile below it */
    TORI_LOG_ROOT_DIFFERS,  /* tiles agree with each other but not with the signed root */
    TORI_LOG_FILE_STRAY,    /* a file among the tiles that belongs to no log, or to another one */
    TORI_LOG_SOURCE_SHORT,  /* rebuild: the source has fewer entries than the checkpoint */
};

struct tori_log_report {
    enum tori_log_fault fault;
    struct tori_tree_head head;         /* of the checkpoint, once it was read */
    char origin[TORI_ORIGIN_MAX + 1];   /* likewise */
    char file[TORI_TILE_PATH_MAX + 32]; /* the file that is at fault */
    uint64_t entry;                     /* the entry, or the first one below the altered hash */
};

/* Signature, every tile up to the signed root, every entry to its leaf, numbers without a gap;
 * partial tiles of older checkpoints too. `vkey` empty: the folder's own. A log that is not sound
 * is a report, not an error; errors are files that cannot be read. */
TORI_RESULT tori_log_verify(struct tori_ctx *cx, const char *path, struct tori_str vkey,
                            struct tori_log_report *out);

/* Where a rebuild takes its entries from. */
struct tori_log_source {
    tori_journal_read_fn *read;
    void *owner;
};

/* Writes all tiles of the folder's checkpoint again, after a first pass has shown that the source
 * gives the signed root; otherwise nothing is written. */
TORI_RESULT tori_log_rebuild(struct tori_ctx *cx, const char *path,
                             const struct tori_log_source *source, struct tori_log_report *out);

/* A source: the bundles of entries of another log folder; `owner` is a struct tori_log_dir. */
TORI_RESULT tori_log_dir_source(struct tori_ctx *cx, void *owner, uint64_t from,
                                struct tori_journal_rows *rows);

#endif
