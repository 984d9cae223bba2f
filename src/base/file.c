#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failpoint.h"

static struct tori_result failed(struct tori_ctx *cx, const char *step)
{
    return TORI_FAIL(cx, FILE_FAILED, tori_word("step", step), tori_i64("errno", errno));
}

static bool write_all(int fd, struct tori_bytes content)
{
    while (content.len > 0) {
        ssize_t n = write(fd, content.at, content.len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        content.at += n;
        content.len -= (size_t)n;
    }
    return true;
}

/* The folder of `path` ("." when it has none), without its trailing '/' unless it is the root. */
static bool folder_of(const char *path, char out[static TORI_PATH_MAX])
{
    const char *slash = strrchr(path, '/');
    size_t n = slash == NULL ? 0 : (size_t)(slash - path);

    if (n >= TORI_PATH_MAX)
        return false;
    if (n == 0) {
        out[0] = slash == NULL ? '.' : '/';
        out[1] = 0;
        return true;
    }
    memcpy(out, path, n);
    out[n] = 0;
    return true;
}

static bool sync_folder(const char *path)
{
    char folder[TORI_PATH_MAX];

    if (!folder_of(path, folder))
        return false;
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool done = fsync(fd) == 0;
    close(fd);
    return done;
}

static struct tori_result beside_of(struct tori_ctx *cx, const char *path,
                                    char out[static TORI_PATH_MAX])
{
    int n = snprintf(out, TORI_PATH_MAX, "%s.new", path);
    if (n < 0 || n >= TORI_PATH_MAX)
        return TORI_FAIL(cx, FILE_FAILED, tori_word("step", "name"));
    return TORI_OK;
}

static struct tori_result open_beside(struct tori_ctx *cx, const char *beside, mode_t mode,
                                      int *out)
{
    if (unlink(beside) != 0 && errno != ENOENT)
        return failed(cx, "unlink");
    *out = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    return *out < 0 ? failed(cx, "open") : TORI_OK;
}

static struct tori_result write_beside(struct tori_ctx *cx, const char *beside,
                                       struct tori_bytes content, mode_t mode)
{
    int fd;

    TORI_TRY(open_beside(cx, beside, mode, &fd));
    bool done = write_all(fd, content) && fsync(fd) == 0;
    struct tori_result result = done ? TORI_OK : failed(cx, "write");
    close(fd);
    return result;
}

struct tori_result tori_file_write(struct tori_ctx *cx, const char *path, struct tori_bytes content,
                                   mode_t mode)
{
    char beside[TORI_PATH_MAX];

    TORI_TRY(beside_of(cx, path, beside));
    TORI_TRY(write_beside(cx, beside, content, mode));
    tori_failpoint("file.synced");
    if (rename(beside, path) != 0)
        return failed(cx, "rename");
    tori_failpoint("file.renamed");
    if (!sync_folder(path))
        return failed(cx, "sync");
    return TORI_OK;
}

enum { BATCH = 64, BATCH_MODE = 0644 };

struct tori_file_batch {
    size_t count;
    struct waiting {
        int fd; /* of the file beside; -1 once it was synced */
        char path[TORI_PATH_MAX];
    } file[BATCH];
};

struct tori_result tori_file_batch_new(struct tori_ctx *cx, struct tori_file_batch **out)
{
    struct tori_file_batch *batch = tori_heap_take(sizeof(*batch));
    if (batch == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    *out = batch;
    return TORI_OK;
}

static void give_up(struct tori_file_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++)
        if (batch->file[i].fd >= 0)
            close(batch->file[i].fd);
    batch->count = 0;
}

void tori_file_batch_free(struct tori_file_batch *batch)
{
    if (batch == NULL)
        return;
    give_up(batch);
    tori_heap_free(batch);
}

struct tori_result tori_file_batch_put(struct tori_ctx *cx, struct tori_file_batch *batch,
                                       const char *path, struct tori_bytes content)
{
    char beside[TORI_PATH_MAX];

    if (batch->count == BATCH)
        TORI_TRY(tori_file_batch_commit(cx, batch));
    TORI_TRY(beside_of(cx, path, beside));
    struct waiting *file = &batch->file[batch->count];
    TORI_TRY(open_beside(cx, beside, BATCH_MODE, &file->fd));
    batch->count++;
    memcpy(file->path, path, strlen(path) + 1);
    if (!write_all(file->fd, content))
        return failed(cx, "write");
    tori_failpoint("file.put");
    /* Under way to the disk while the next one is written; commit then waits for all of them at
     * once. */
    sync_file_range(file->fd, 0, 0, SYNC_FILE_RANGE_WRITE);
    return TORI_OK;
}

static struct tori_result sync_files(struct tori_ctx *cx, struct tori_file_batch *batch)
{
    for (size_t i = 0; i < batch->count; i++) {
        struct waiting *file = &batch->file[i];
        bool done = fsync(file->fd) == 0;
        close(file->fd);
        file->fd = -1;
        if (!done)
            return failed(cx, "write");
    }
    return TORI_OK;
}

static bool same_folder(const char *a, const char *b)
{
    char x[TORI_PATH_MAX], y[TORI_PATH_MAX];
    return folder_of(a, x) && folder_of(b, y) && strcmp(x, y) == 0;
}

static bool folder_was_before(const struct tori_file_batch *batch, size_t i)
{
    for (size_t before = 0; before < i; before++)
        if (same_folder(batch->file[before].path, batch->file[i].path))
            return true;
    return false;
}

static struct tori_result rename_files(struct tori_ctx *cx, const struct tori_file_batch *batch)
{
    char beside[TORI_PATH_MAX];

    for (size_t i = 0; i < batch->count; i++) {
        TORI_TRY(beside_of(cx, batch->file[i].path, beside));
        if (rename(beside, batch->file[i].path) != 0)
            return failed(cx, "rename");
    }
    tori_failpoint("file.renamed");
    for (size_t i = 0; i < batch->count; i++)
        if (!folder_was_before(batch, i) && !sync_folder(batch->file[i].path))
            return failed(cx, "sync");
    return TORI_OK;
}

struct tori_result tori_file_batch_commit(struct tori_ctx *cx, struct tori_file_batch *batch)
{
    struct tori_result result = sync_files(cx, batch);

    if (!TORI_FAILED(result)) {
        tori_failpoint("file.synced");
        result = rename_files(cx, batch);
    }
    give_up(batch);
    return result;
}

static struct tori_result read_open(struct tori_ctx *cx, int fd, size_t cap, struct tori_bytes *out)
{
    struct stat st;
    uint8_t *at;
    size_t have = 0;

    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))
        return failed(cx, "stat");
    if ((uint64_t)st.st_size > cap)
        return TORI_FAIL(cx, TOO_LARGE, tori_i64("bytes", st.st_size));
    size_t len = (size_t)st.st_size;
    TORI_TRY(tori_take(cx, len, &at));
    while (have < len) {
        ssize_t n = read(fd, at + have, len - have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return failed(cx, "read");
        have += (size_t)n;
    }
    *out = (struct tori_bytes){at, len};
    return TORI_OK;
}

struct tori_result tori_file_read(struct tori_ctx *cx, const char *path, size_t cap,
                                  struct tori_bytes *out)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return TORI_FAIL(cx, NOT_FOUND);
    if (fd < 0)
        return failed(cx, "open");
    struct tori_result result = read_open(cx, fd, cap, out);
    close(fd);
    return result;
}

struct tori_result tori_file_settle(struct tori_ctx *cx, const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return TORI_OK;
    if (fd < 0)
        return failed(cx, "open");
    struct tori_result result = syncfs(fd) == 0 ? TORI_OK : failed(cx, "sync");
    close(fd);
    return result;
}

struct tori_result tori_file_folders(struct tori_ctx *cx, const char *path, mode_t mode)
{
    char part[TORI_PATH_MAX];
    size_t len = strlen(path);

    if (len >= sizeof(part))
        return TORI_FAIL(cx, FILE_FAILED, tori_word("step", "name"));
    for (size_t i = 1; i < len; i++) {
        if (path[i] != '/')
            continue;
        memcpy(part, path, i);
        part[i] = 0;
        if (mkdir(part, mode) == 0 && !sync_folder(part))
            return failed(cx, "sync");
        /* What cannot be made and is not there is found by whoever writes into it. */
    }
    return TORI_OK;
}
