/* Files are written in one way only: beside the name, fsync, rename, fsync of the folder. After a
 * crash a name holds the old content or the new, never a piece. One writer per folder. */
#ifndef TORI_BASE_FILE_H
#define TORI_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/ctx.h"

enum { TORI_PATH_MAX = 512 };

/* `path` is NUL-terminated, at most TORI_PATH_MAX - 8 bytes; `mode` is narrowed by the umask.
 * FILE_FAILED, with the step and errno in the failure. */
TORI_RESULT tori_file_write(struct tori_ctx *cx, const char *path, struct tori_bytes content,
                            mode_t mode);

/* Many files for little more than the price of one: each is written beside its name at once; commit
 * syncs and renames them all, then syncs their folders. Until then no name has changed. A full
 * batch commits itself. */
struct tori_file_batch;
TORI_RESULT tori_file_batch_new(struct tori_ctx *cx, struct tori_file_batch **out);
/* What was not committed is given up. */
void tori_file_batch_free(struct tori_file_batch *batch);
TORI_RESULT tori_file_batch_put(struct tori_ctx *cx, struct tori_file_batch *batch,
                                const char *path, struct tori_bytes content);
TORI_RESULT tori_file_batch_commit(struct tori_ctx *cx, struct tori_file_batch *batch);

/* The whole file, in the request's arena. NOT_FOUND, TOO_LARGE (more than `cap`), FILE_FAILED. */
TORI_RESULT tori_file_read(struct tori_ctx *cx, const char *path, size_t cap,
                           struct tori_bytes *out);

/* Makes durable what lies in a folder already: a predecessor that was killed may have left names
 * and contents that only the kernel's memory holds, and nothing may be built on those. A folder
 * that is not there holds nothing. FILE_FAILED. */
TORI_RESULT tori_file_settle(struct tori_ctx *cx, const char *folder);

/* Makes the folders above the last '/' of `path` that are missing, durably. FILE_FAILED. */
TORI_RESULT tori_file_folders(struct tori_ctx *cx, const char *path, mode_t mode);

#endif
