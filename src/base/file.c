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

static struct tori_result write_beside(struct tori_ctx *cx, const char *beside,
                                       struct tori_bytes content, mode_t mode)
{
    if (unlink(beside) != 0 && errno != ENOENT)
        return failed(cx, "unlink");
    int fd = open(beside, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode);
    if (fd < 0)
        return failed(cx, "open");
    bool done = write_all(fd, content) && fsync(fd) == 0;
    struct tori_result result = done ? TORI_OK : failed(cx, "write");
    close(fd);
    return result;
}

struct tori_result tori_file_write(struct tori_ctx *cx, const char *path, struct tori_bytes content,
                                   mode_t mode)
{
    char beside[TORI_PATH_MAX];

    int n = snprintf(beside, sizeof(beside), "%s.new", path);
    if (n < 0 || (size_t)n >= sizeof(beside))
        return TORI_FAIL(cx, FILE_FAILED, tori_word("step", "name"));
    TORI_TRY(write_beside(cx, beside, content, mode));
    tori_failpoint("file.synced");
    if (rename(beside, path) != 0)
        return failed(cx, "rename");
    tori_failpoint("file.renamed");
    if (!sync_folder(path))
        return failed(cx, "sync");
    return TORI_OK;
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
