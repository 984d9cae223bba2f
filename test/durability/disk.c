/* A disk that remembers what it was asked for. Linked into a program instead of libc's own, these
 * calls do what they say on the files below the program's folder and write each one down, in one
 * order for all processes, in PROGRAM.trace; nothing is ever synced. What a power cut at any moment
 * would have left is worked out from that by disk.py. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { FDS = 65536, PATH = 1024, HEAD = 4096 };
enum kind { CREATE = 1, WRITE, CUT, SYNC, RENAME, UNLINK, MAKE_DIR, REMOVE_DIR, SYNC_ALL, DEATH };
static const uint64_t ROOM = (uint64_t)2 << 30; /* of a sparse file */

/* The first page of the trace. disk.py knows it up to `killed`. */
struct head {
    _Atomic uint64_t used;    /* bytes of records behind the page */
    _Atomic uint64_t torn;    /* a process died inside a call, after so many bytes + 1 */
    _Atomic int64_t kill_pid; /* dies after its next call of this kind; 0: of any */
    _Atomic uint64_t kill_kind;
    _Atomic uint64_t killed;
    uint64_t clean; /* the holder of the lock died between two calls */
    pthread_mutex_t mutex;
};

struct record {
    uint32_t size; /* of it all, a multiple of 8 */
    uint8_t kind;
    uint8_t data_only; /* fdatasync */
    uint16_t name_len; /* two names with a zero between them, for a rename */
    uint64_t folder;   /* inodes */
    uint64_t node;
    uint64_t to; /* offset, new size, the other folder */
    uint64_t len;
};

static struct head *head;
static uint8_t *records;
static char root[PATH]; /* with its '/' */
static _Atomic uint64_t node_of[FDS];

static void map_trace(const char *path, int flags)
{
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_RDWR | O_CLOEXEC, 0600);

    if (fd < 0)
        return;
    if ((flags & O_CREAT) == 0 || syscall(SYS_ftruncate, fd, ROOM) == 0) {
        void *at = mmap(NULL, ROOM, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        head = at == MAP_FAILED ? NULL : at;
        records = at == MAP_FAILED ? NULL : (uint8_t *)at + HEAD;
    }
    syscall(SYS_close, fd);
}

/* The first process of a run makes the trace; those that it starts find it there. */
__attribute__((constructor)) static void begin(void)
{
    char path[PATH];
    pthread_mutexattr_t attr;
    ssize_t n = readlink("/proc/self/exe", root, sizeof(root) - 1);

    if (n <= 0 || snprintf(path, sizeof(path), "%.*s.trace", (int)n, root) >= (int)sizeof(path))
        return;
    *(strrchr(root, '/') + 1) = 0;
    map_trace(path, 0);
    if (head != NULL)
        return;
    map_trace(path, O_CREAT | O_EXCL);
    if (head == NULL)
        return;
    pthread_mutexattr_init(&attr);
    pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED);
    pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST);
    pthread_mutex_init(&head->mutex, &attr);
    pthread_mutexattr_destroy(&attr);
}

/* All calls are made under one lock, so that the trace has them in the order in which they
 * happened. */
static void lock(void)
{
    if (head == NULL || pthread_mutex_lock(&head->mutex) != EOWNERDEAD)
        return;
    if (!head->clean && head->torn == 0)
        head->torn = head->used + 1;
    head->clean = 0;
    pthread_mutex_consistent(&head->mutex);
}

static void put(struct record r, const char *names, const void *content)
{
    size_t content_at = sizeof(r) + r.name_len;
    uint64_t used = head->used;

    r.size = (uint32_t)((content_at + (content == NULL ? 0 : r.len) + 7) / 8 * 8);
    if (HEAD + used + r.size > ROOM) {
        head->torn = head->torn == 0 ? used + 1 : head->torn;
        return;
    }
    memcpy(records + used, &r, sizeof(r));
    if (r.name_len > 0)
        memcpy(records + used + sizeof(r), names, r.name_len);
    if (content != NULL && r.len > 0)
        memcpy(records + used + content_at, content, r.len);
    head->used = used + r.size;
}

static void die(void)
{
    head->clean = 1;
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;)
        pause();
}

static void unlock(enum kind made)
{
    if (head == NULL)
        return;
    if (head->kill_pid == getpid() && (head->kill_kind == 0 || head->kill_kind == made)) {
        head->kill_pid = 0;
        head->killed++;
        put((struct record){.kind = DEATH}, NULL, NULL);
        die();
    }
    pthread_mutex_unlock(&head->mutex);
}

/* Below the folder, and not SQLite's shared memory, which no crash survives. */
static bool is_ours(const char *path)
{
    size_t n = strlen(path);
    return head != NULL && strncmp(path, root, strlen(root)) == 0 && n < PATH &&
           strstr(path, ".trace") == NULL && (n < 4 || strcmp(path + n - 4, "-shm") != 0);
}

static uint64_t inode(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0 ? st.st_ino : 0;
}

/* The inode of the folder; the name in it. */
static uint64_t folder_of(const char *path, const char **name)
{
    char folder[PATH];
    const char *slash = strrchr(path, '/');

    snprintf(folder, sizeof(folder), "%.*s", (int)(slash - path), path);
    *name = slash + 1;
    return inode(folder);
}

static void put_name(enum kind kind, const char *path, uint64_t node)
{
    const char *name;
    struct record r = {.kind = (uint8_t)kind, .node = node, .folder = folder_of(path, &name)};

    r.name_len = (uint16_t)strlen(name);
    put(r, name, NULL);
}

static uint64_t node_at(int fd)
{
    return head != NULL && fd >= 0 && fd < FDS ? node_of[fd] : 0;
}

static int open_ours(const char *path, int flags, mode_t mode)
{
    lock();
    bool there = inode(path) != 0;
    int fd = (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
    if (fd >= 0 && fd < FDS) {
        node_of[fd] = inode(path);
        if (!there)
            put_name(CREATE, path, node_of[fd]);
        else if ((flags & O_TRUNC) != 0)
            put((struct record){.kind = CUT, .node = node_of[fd]}, NULL, NULL);
    }
    unlock(CREATE);
    return fd;
}

int open64(const char *path, int flags, ...)
{
    mode_t mode = 0;
    va_list args;

    va_start(args, flags);
    if ((flags & (O_CREAT | O_TMPFILE)) != 0)
        mode = va_arg(args, mode_t);
    va_end(args);
    if (is_ours(path))
        return open_ours(path, flags, mode);
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int open(const char *path, int flags, ...) __attribute__((alias("open64")));

int close(int fd)
{
    if (fd >= 0 && fd < FDS)
        node_of[fd] = 0;
    return (int)syscall(SYS_close, fd);
}

static ssize_t write_at(int fd, const void *from, size_t len, off64_t at)
{
    lock();
    ssize_t n = syscall(SYS_pwrite64, fd, from, len, at);
    if (n > 0)
        put(
            (struct record){
                .kind = WRITE, .node = node_of[fd], .to = (uint64_t)at, .len = (uint64_t)n},
            NULL, from);
    unlock(WRITE);
    return n;
}

ssize_t pwrite64(int fd, const void *from, size_t len, off64_t at)
{
    if (node_at(fd) == 0)
        return syscall(SYS_pwrite64, fd, from, len, at);
    return write_at(fd, from, len, at);
}

ssize_t pwrite(int fd, const void *from, size_t len, off_t at) __attribute__((alias("pwrite64")));

ssize_t write(int fd, const void *from, size_t len)
{
    if (node_at(fd) == 0)
        return syscall(SYS_write, fd, from, len);
    off64_t at = syscall(SYS_lseek, fd, 0, SEEK_CUR);
    ssize_t n = write_at(fd, from, len, at);
    if (n > 0)
        syscall(SYS_lseek, fd, at + n, SEEK_SET);
    return n;
}

int ftruncate64(int fd, off64_t size)
{
    if (node_at(fd) == 0)
        return (int)syscall(SYS_ftruncate, fd, size);
    lock();
    int rc = (int)syscall(SYS_ftruncate, fd, size);
    if (rc == 0)
        put((struct record){.kind = CUT, .node = node_of[fd], .to = (uint64_t)size}, NULL, NULL);
    unlock(CUT);
    return rc;
}

int ftruncate(int fd, off_t size) __attribute__((alias("ftruncate64")));

static int sync_one(int fd, bool data_only)
{
    lock();
    put((struct record){.kind = SYNC, .node = node_of[fd], .data_only = data_only}, NULL, NULL);
    unlock(SYNC);
    return 0;
}

int fsync(int fd)
{
    return node_at(fd) == 0 ? (int)syscall(SYS_fsync, fd) : sync_one(fd, false);
}

int fdatasync(int fd)
{
    return node_at(fd) == 0 ? (int)syscall(SYS_fdatasync, fd) : sync_one(fd, true);
}

int syncfs(int fd)
{
    if (node_at(fd) == 0)
        return (int)syscall(SYS_syncfs, fd);
    lock();
    put((struct record){.kind = SYNC_ALL}, NULL, NULL);
    unlock(SYNC_ALL);
    return 0;
}

int rename(const char *from, const char *to)
{
    char names[2 * PATH];
    const char *a, *b;

    if (!is_ours(from) || !is_ours(to))
        return (int)syscall(SYS_rename, from, to);
    lock();
    struct record r = {.kind = RENAME, .node = inode(from), .folder = folder_of(from, &a)};
    r.to = folder_of(to, &b);
    r.name_len = (uint16_t)(snprintf(names, sizeof(names), "%s%c%s", a, 0, b));
    int rc = (int)syscall(SYS_rename, from, to);
    if (rc == 0)
        put(r, names, NULL);
    unlock(RENAME);
    return rc;
}

static int change_name(enum kind kind, const char *path, long number, mode_t mode)
{
    if (!is_ours(path))
        return (int)syscall(number, path, mode);
    lock();
    int rc = (int)syscall(number, path, mode);
    if (rc == 0)
        put_name(kind, path, kind == MAKE_DIR ? inode(path) : 0);
    unlock(kind);
    return rc;
}

int unlink(const char *path)
{
    return change_name(UNLINK, path, SYS_unlink, 0);
}

int mkdir(const char *path, mode_t mode)
{
    return change_name(MAKE_DIR, path, SYS_mkdir, mode);
}

int rmdir(const char *path)
{
    return change_name(REMOVE_DIR, path, SYS_rmdir, 0);
}

/* A failpoint: dies between two calls, so that the trace stays whole. */
int raise(int number)
{
    if (number == SIGKILL && head != NULL) {
        lock();
        die();
    }
    return (int)syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), number);
}
