/* A real keyholder in a process of its own, for tests. */
#ifndef TORI_TEST_UNIT_KEYHOLDER_H
#define TORI_TEST_UNIT_KEYHOLDER_H

#include "test/unit/unit.h"

#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "keyholder/keyholder.h"
#include "keys/keys.h"

#define ORIGIN "torimori.example/log/0"

struct holder {
    char folder[64];
    pid_t pid;
    int fd; /* our end, before it is given away */
    struct tori_keys *keys;
};

/* Where the machine keeps files in memory: tests sync thousands of times. */
static inline const char *scratch_root(void)
{
    return access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp";
}

/* A folder of its own. */
static inline void scratch(char out[static 64])
{
    snprintf(out, 64, "%s/torimori-test-%d-XXXXXX", scratch_root(), (int)getpid());
    assert_non_null(mkdtemp(out));
}

static inline int remove_one(const char *path, const struct stat *st, int flag, struct FTW *ftw)
{
    (void)st;
    (void)flag;
    (void)ftw;
    return remove(path);
}

static inline void remove_tree(const char *path)
{
    nftw(path, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

/* Removes every folder that scratch() made. */
static inline void scratch_clean(void)
{
    char start[64], path[300];
    DIR *root = opendir(scratch_root());

    snprintf(start, sizeof(start), "torimori-test-%d-", (int)getpid());
    for (struct dirent *d = root == NULL ? NULL : readdir(root); d != NULL; d = readdir(root)) {
        snprintf(path, sizeof(path), "%s/%s", scratch_root(), d->d_name);
        if (strncmp(d->d_name, start, strlen(start)) == 0)
            remove_tree(path);
    }
    if (root != NULL)
        closedir(root);
}

static inline void holder_child(const struct holder *h, int fd, uid_t peer, const char *failpoint)
{
    int nowhere = open("/dev/null", O_WRONLY);

    prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that fails leaves nothing running */
    dup2(nowhere, STDERR_FILENO);
    if (failpoint != NULL)
        setenv("TORI_FAILPOINT", failpoint, 1);
    const struct tori_keyholder_config config = {
        .socket_fd = fd, .state_dir = h->folder, .origin = TORI_STR(ORIGIN), .peer_uid = peer};
    _exit(tori_keyholder_main(&config));
}

/* A connected pair; h->fd is ours. */
static inline void holder_fork(struct holder *h, uid_t peer, const char *failpoint)
{
    int pair[2];

    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    h->pid = fork();
    assert_true(h->pid >= 0);
    if (h->pid == 0) {
        close(pair[0]);
        holder_child(h, pair[1], peer, failpoint);
    }
    close(pair[1]);
    h->fd = pair[0];
}

static inline void holder_start(struct tori_ctx *cx, struct holder *h, const char *failpoint)
{
    holder_fork(h, geteuid(), failpoint);
    assert_ok(cx, tori_keys_new(cx, h->fd, &h->keys));
}

static inline void holder_new(struct tori_ctx *cx, struct holder *h)
{
    *h = (struct holder){.pid = 0};
    scratch(h->folder);
    holder_start(cx, h, NULL);
    assert_ok(cx, tori_keys_beat(cx, h->keys));
}

/* How it ended: an exit code, or minus the signal. */
static inline int holder_wait(struct holder *h)
{
    int status;

    assert_int_equal(waitpid(h->pid, &status, 0), h->pid);
    tori_keys_free(h->keys);
    h->keys = NULL;
    return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

static inline void holder_kill(struct holder *h)
{
    kill(h->pid, SIGKILL);
    assert_int_equal(holder_wait(h), -SIGKILL);
}

static inline void holder_stop(struct holder *h)
{
    kill(h->pid, SIGTERM);
    assert_int_equal(holder_wait(h), 0);
}

/* Behind a listening socket, as the supervisor sets it up: keyholders come and go. */
static inline int holder_listen(const char *path)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    assert_true(strlen(path) < sizeof(address.sun_path));
    memcpy(address.sun_path, path, strlen(path));
    assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
    assert_int_equal(listen(fd, 8), 0);
    return fd;
}

static inline void holder_behind(struct holder *h, int listener)
{
    h->pid = fork();
    assert_true(h->pid >= 0);
    if (h->pid == 0)
        holder_child(h, listener, geteuid(), NULL);
}

static inline void holder_path(const struct holder *h, const char *name, char out[static 128])
{
    snprintf(out, 128, "%s/%s", h->folder, name);
}

#endif
