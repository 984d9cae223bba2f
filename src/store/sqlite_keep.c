/* Commits only append to the WAL; this thread brings it into the file. PASSIVE stands in nobody's
 * way and, when no reader holds an old snapshot, lets the WAL begin anew; past 64 MB RESTART waits
 * for the readers, so that the WAL has an end. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "store/sqlite_int.h"

enum { PASSIVE_PAGES = 4000, RESTART_PAGES = 16384 }; /* of 4,096 bytes: 16 MB and 64 MB */
/* RESTART keeps writers out while it waits for readers: not for long, and then after the next 4
 * MB. */
enum { RESTART_WAIT_MS = 200 };

struct tori_keeper {
    int lock;
    sqlite3 *handle;
    pthread_t thread;
    bool started;
    pthread_mutex_t mutex;
    pthread_cond_t woken;
    int pages; /* in the WAL after the last commit */
    int done;  /* of them in the file after the last checkpoint */
    bool over;
};

/* After each commit, on the writer's thread. */
static int on_commit(void *to, sqlite3 *handle, const char *name, int pages)
{
    struct tori_keeper *keeper = to;

    (void)handle;
    (void)name;
    pthread_mutex_lock(&keeper->mutex);
    keeper->pages = pages;
    if (pages < keeper->done) /* it began anew */
        keeper->done = 0;
    if (pages - keeper->done >= PASSIVE_PAGES)
        pthread_cond_signal(&keeper->woken);
    pthread_mutex_unlock(&keeper->mutex);
    return SQLITE_OK;
}

static void *run(void *to)
{
    struct tori_keeper *keeper = to;

    pthread_mutex_lock(&keeper->mutex);
    while (!keeper->over) {
        int pages = keeper->pages, done = 0;
        if (pages - keeper->done < PASSIVE_PAGES) {
            pthread_cond_wait(&keeper->woken, &keeper->mutex);
            continue;
        }
        pthread_mutex_unlock(&keeper->mutex);
        int mode = pages > RESTART_PAGES ? SQLITE_CHECKPOINT_RESTART : SQLITE_CHECKPOINT_PASSIVE;
        int rc = sqlite3_wal_checkpoint_v2(keeper->handle, "main", mode, NULL, &done);
        pthread_mutex_lock(&keeper->mutex);
        keeper->done = rc == SQLITE_OK && done > 0 ? done : pages; /* or again in a while */
    }
    pthread_mutex_unlock(&keeper->mutex);
    return NULL;
}

/* The kernel frees the lock with the process, however it ends. */
static bool lock_file(const char *place, int *fd)
{
    char path[4096];
    int n = snprintf(path, sizeof(path), "%s.lock", place);

    if (n < 0 || (size_t)n >= sizeof(path))
        return false;
    *fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    return *fd >= 0;
}

static bool start(struct tori_keeper *keeper, const struct tori_store *store)
{
    if (sqlite3_open_v2(store->place, &keeper->handle, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX,
                        NULL) != SQLITE_OK)
        return false;
    sqlite3_busy_timeout(keeper->handle, RESTART_WAIT_MS);
    if (sqlite3_exec(keeper->handle, tori_queries[TORI_QUERY_SESSION].text[TORI_ENGINE_SQLITE],
                     NULL, NULL, NULL) != SQLITE_OK)
        return false;
    keeper->started = pthread_create(&keeper->thread, NULL, run, keeper) == 0;
    return keeper->started;
}

static void stop(struct tori_keeper *keeper)
{
    if (keeper->started) {
        pthread_mutex_lock(&keeper->mutex);
        keeper->over = true;
        pthread_cond_signal(&keeper->woken);
        pthread_mutex_unlock(&keeper->mutex);
        pthread_join(keeper->thread, NULL);
    }
    sqlite3_close_v2(keeper->handle);
    if (keeper->lock >= 0)
        close(keeper->lock);
    pthread_cond_destroy(&keeper->woken);
    pthread_mutex_destroy(&keeper->mutex);
    tori_heap_free(keeper);
}

struct tori_result tori_sqlite_keep(struct tori_ctx *cx, struct tori_db *db,
                                    struct tori_keeper **out)
{
    struct tori_keeper *keeper = tori_heap_take(sizeof(*keeper));
    if (keeper == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    keeper->lock = -1;
    pthread_mutex_init(&keeper->mutex, NULL);
    pthread_cond_init(&keeper->woken, NULL);
    bool open = lock_file(db->store->place, &keeper->lock);
    if (open && flock(keeper->lock, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) {
        stop(keeper);
        *out = NULL;
        return TORI_OK;
    }
    if (!open || !start(keeper, db->store)) {
        stop(keeper);
        return TORI_FAIL(cx, STORE_AWAY, tori_word("file", "no lock or no checkpoint"));
    }
    sqlite3_wal_hook(((struct sqlite_db *)db)->handle, on_commit, keeper);
    *out = keeper;
    return TORI_OK;
}

void tori_sqlite_leave(struct tori_db *db, struct tori_keeper *keeper)
{
    if (db != NULL)
        sqlite3_wal_hook(((struct sqlite_db *)db)->handle, NULL, NULL);
    stop(keeper);
}
