/* The log as files: checkpoint, vkey and tile/… in the static layout of C2SP tlog-tiles, so that
 * any web server can publish the folder. */
#ifndef TORI_SERVICE_LOG_DIR_H
#define TORI_SERVICE_LOG_DIR_H

#include "domain/evidence/note.h"
#include "domain/evidence/tile.h"

struct tori_log_dir {
    const char *path; /* without a '/' at the end; at most 400 bytes */
    /* Tiles wait here for tori_log_dir_commit; NULL: each is written on its own. */
    struct tori_file_batch *batch;
};

/* A tori_tile_read_fn; `owner` is a struct tori_log_dir. A partial tile that has been replaced by a
 * wider or full one is cut out of the full one. */
TORI_RESULT tori_log_dir_read(struct tori_ctx *cx, void *owner, const struct tori_tile *tile,
                              struct tori_bytes *out);
/* A tori_tile_put_fn; makes folders. */
TORI_RESULT tori_log_dir_put(struct tori_ctx *cx, void *owner, const struct tori_tile *tile,
                             struct tori_bytes content);
/* Makes what was put durable. */
TORI_RESULT tori_log_dir_commit(struct tori_ctx *cx, struct tori_log_dir *dir);
/* C2SP tlog-tiles "Partial tiles": removes those that tiles full since `from` leaves replace. What
 * cannot be removed does no harm. */
void tori_log_dir_tidy(struct tori_ctx *cx, const struct tori_log_dir *dir, uint64_t from,
                       uint64_t to);

/* "checkpoint" and "vkey". NOT_FOUND; FILE_FAILED. */
TORI_RESULT tori_log_dir_note(struct tori_ctx *cx, const struct tori_log_dir *dir, const char *name,
                              struct tori_str *out);
TORI_RESULT tori_log_dir_note_put(struct tori_ctx *cx, const struct tori_log_dir *dir,
                                  const char *name, struct tori_str text);

/* The checkpoint, its text, and the log under it as a tree; verified with the folder's own vkey. */
struct tori_log_view {
    struct tori_str note;
    struct tori_checkpoint checkpoint;
    struct tori_tree tree; /* reads from `dir`, which must outlive it */
};
TORI_RESULT tori_log_dir_view(struct tori_ctx *cx, struct tori_log_dir *dir,
                              struct tori_log_view *out);

/* The receipt's second half: tlog-proof text of row `seq` under the published checkpoint.
 * NOT_SEALED_YET when it is not in there. */
TORI_RESULT tori_log_dir_prove(struct tori_ctx *cx, const char *path, uint64_t seq,
                               struct tori_str *text);
/* The entry itself, after its proof was checked. LOG_DIFFERS when that fails. */
TORI_RESULT tori_log_dir_show(struct tori_ctx *cx, const char *path, uint64_t seq,
                              struct tori_bytes *entry);

#endif
