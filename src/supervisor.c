#include "supervisor.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"

enum {
    ROLES = 3,
    BACK_OFF_LEAST_MS = 100,
    BACK_OFF_MOST_MS = 10000,
    CALM_AFTER_MS = 60000,
    END_WAIT_MS = 8000
};

/* In the order of their start; they end in the reverse. */
struct role {
    const char *name;
    const char *user; /* empty: the supervisor's own */
    int socket_fd;    /* handed over as descriptor 3; -1: none */
    pid_t pid;
    int64_t started_ms;
    int64_t back_off_ms;
    int64_t due_ms; /* not before this is it started again */
};

struct supervisor {
    struct tori_ctx *cx;
    const char *config_path;
    char owner[33];
    struct role role[ROLES];
};

static bool place(char *to, size_t room, const char *own, const char *base, const char *name)
{
    int n =
        own[0] != '\0' ? snprintf(to, room, "%s", own) : snprintf(to, room, "%s/%s", base, name);
    return n > 0 && (size_t)n < room;
}

struct tori_result tori_places_of(struct tori_ctx *cx, const struct tori_settings *s,
                                  struct tori_places *out)
{
    const char *base = s->data_directory;

    if (!place(out->keyholder_socket, sizeof(out->keyholder_socket), "", base, "keyholder.sock") ||
        !place(out->courier_socket, sizeof(out->courier_socket), "", base, "courier.sock") ||
        !place(out->admin_socket, sizeof(out->admin_socket), "", base, "admin.sock") ||
        !place(out->evidence, sizeof(out->evidence), s->evidence_directory, base, "log") ||
        !place(out->keys, sizeof(out->keys), s->keyholder_directory, base, "keys") ||
        !place(out->spool, sizeof(out->spool), s->post_spool, base, "post"))
        return TORI_FAIL(cx, SETTING_BAD, tori_word("setting", "data.directory"));
    return TORI_OK;
}

/* A socket that waits for its role before the role exists: nobody is refused during a restart. */
static TORI_RESULT listen_at(struct tori_ctx *cx, const char *path, int *out)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path, path, strlen(path) + 1);
    unlink(path);
    if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
        chmod(path, 0660) != 0 || listen(fd, 16) != 0) {
        if (fd >= 0)
            close(fd);
        return TORI_FAIL(cx, SETTING_BAD, tori_word("socket", path), tori_i64("errno", errno));
    }
    *out = fd;
    return TORI_OK;
}

/* Never back: groups, group, user, in this order. */
static bool become(const char *user)
{
    if (user[0] == '\0' || geteuid() != 0)
        return true;
    const struct passwd *pw = getpwnam(user);
    return pw != NULL && initgroups(user, pw->pw_gid) == 0 && setgid(pw->pw_gid) == 0 &&
           setuid(pw->pw_uid) == 0;
}

/* A clean environment; test builds hand the failpoint down. */
static void exec_role(const char *const *argv)
{
    char failpoint[200] = "TORI_FAILPOINT=";
    char *environment[] = {(char[]){"PATH=/usr/bin:/bin"}, (char[]){"LC_ALL=C.UTF-8"}, NULL, NULL};
#ifdef TORI_TEST_BUILD
    const char *value = getenv("TORI_FAILPOINT");
    if (value != NULL && strlen(value) < 100) {
        strncat(failpoint, value, 100);
        environment[2] = failpoint;
    }
#else
    (void)failpoint;
#endif
    char *words[8] = {NULL}; /* execve promises to leave them alone, and its type does not say so */
    for (size_t i = 0; argv[i] != NULL; i++)
        memcpy(&words[i], &argv[i], sizeof(words[i]));
    execve("/proc/self/exe", words, environment);
}

static void run_role(const struct supervisor *s, const struct role *role)
{
    const char *argv[] = {"torimori",     "role",    role->name, "--config",
                          s->config_path, "--owner", s->owner,   NULL};
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    /* dup2 onto itself would leave close-on-exec as it is. */
    if (role->socket_fd >= 0 && (dup2(role->socket_fd, 3) != 3 || fcntl(3, F_SETFD, 0) != 0))
        _exit(71);
    setrlimit(RLIMIT_CORE, &(struct rlimit){0, 0});
    if (!become(role->user))
        _exit(77);
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    exec_role(argv);
    _exit(71);
}

static void start(struct supervisor *s, struct role *role)
{
    role->pid = fork();
    if (role->pid == 0)
        run_role(s, role);
    role->started_ms = tori_clock_steady_ms();
    tori_log(s->cx, TORI_INFO, "role.started", tori_word("name", role->name),
             tori_i64("pid", role->pid));
}

static void note_end(struct supervisor *s, struct role *role, int status)
{
    int64_t now = tori_clock_steady_ms();

    tori_log(s->cx, TORI_WARN, "role.ended", tori_word("name", role->name),
             tori_i64("pid", role->pid),
             tori_i64("exit", WIFEXITED(status) ? WEXITSTATUS(status) : -1),
             tori_i64("signal", WIFSIGNALED(status) ? WTERMSIG(status) : 0));
    if (now - role->started_ms > CALM_AFTER_MS)
        role->back_off_ms = 0;
    role->back_off_ms = role->back_off_ms == 0 ? BACK_OFF_LEAST_MS : role->back_off_ms * 2;
    if (role->back_off_ms > BACK_OFF_MOST_MS)
        role->back_off_ms = BACK_OFF_MOST_MS;
    role->due_ms = now + role->back_off_ms;
    role->pid = 0;
}

static void reap(struct supervisor *s)
{
    int status;
    pid_t pid;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        for (size_t i = 0; i < ROLES; i++)
            if (s->role[i].pid == pid)
                note_end(s, &s->role[i], status);
}

static void start_due(struct supervisor *s)
{
    for (size_t i = 0; i < ROLES; i++)
        if (s->role[i].pid == 0 && tori_clock_steady_ms() >= s->role[i].due_ms)
            start(s, &s->role[i]);
}

static void end_role(struct supervisor *s, struct role *role)
{
    int64_t until = tori_clock_steady_ms() + END_WAIT_MS;

    if (role->pid == 0)
        return;
    kill(role->pid, SIGTERM);
    while (role->pid != 0 && tori_clock_steady_ms() < until) {
        reap(s);
        usleep(10 * 1000);
    }
    if (role->pid != 0)
        kill(role->pid, SIGKILL);
}

/* Signals come by waiting for them, so nothing runs in a handler. */
static int watch(struct supervisor *s, const sigset_t *signals)
{
    const struct timespec pause = {.tv_nsec = 100 * 1000 * 1000};

    for (;;) {
        int got = sigtimedwait(signals, NULL, &pause);
        reap(s);
        if (got == SIGTERM || got == SIGINT)
            return got;
        start_due(s);
    }
}

static TORI_RESULT make_folders(struct tori_ctx *cx, const struct tori_settings *settings,
                                const struct tori_places *places)
{
    const char *folder[] = {settings->data_directory, places->evidence, places->keys,
                            places->spool};
    char inside[TORI_PATH_MAX];

    for (size_t i = 0; i < sizeof(folder) / sizeof(folder[0]); i++) {
        snprintf(inside, sizeof(inside), "%s/.", folder[i]);
        TORI_TRY(tori_file_folders(cx, inside, 0700));
    }
    return TORI_OK;
}

static TORI_RESULT prepare(struct supervisor *s, const struct tori_settings *settings)
{
    struct tori_places places;
    uint8_t owner[16];

    TORI_TRY(tori_places_of(s->cx, settings, &places));
    TORI_TRY(make_folders(s->cx, settings, &places));
    s->role[0] = (struct role){.name = "keyholder", .user = settings->user_keyholder};
    s->role[1] = (struct role){.name = "courier", .user = settings->user_courier};
    s->role[2] = (struct role){.name = "net", .user = settings->user_net, .socket_fd = -1};
    TORI_TRY(listen_at(s->cx, places.keyholder_socket, &s->role[0].socket_fd));
    TORI_TRY(listen_at(s->cx, places.courier_socket, &s->role[1].socket_fd));
    tori_random_fill(&s->cx->random, owner, sizeof(owner));
    for (size_t i = 0; i < sizeof(owner); i++)
        snprintf(s->owner + 2 * i, 3, "%02x", owner[i]);
    return TORI_OK;
}

int tori_supervise(struct tori_ctx *cx, const struct tori_settings *settings,
                   const char *config_path)
{
    struct supervisor s = {.cx = cx, .config_path = config_path};
    sigset_t signals;

    umask(0077);
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGCHLD);
    sigprocmask(SIG_BLOCK, &signals, NULL);
    if (TORI_FAILED(prepare(&s, settings))) {
        tori_log_failure(cx, TORI_ERROR, "supervisor.not_started");
        return 1;
    }
    start_due(&s);
    watch(&s, &signals);
    tori_log(cx, TORI_INFO, "supervisor.ending");
    for (size_t i = ROLES; i > 0; i--)
        end_role(&s, &s.role[i - 1]);
    return 0;
}
