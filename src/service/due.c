#include "service/due.h"

#include <pthread.h>
#include <unistd.h>

#include "model/states.h"
#include "service/job/deliver.h"

enum {
    PAGE = 128,
    AT_ONCE_MAX = 256,
    LOOK_MS = 1000, /* without a poke */
    REST_MS = 20,   /* between two looks, so that a stream of commits is not a stream of queries */
    COMMAND_MS = 5000,
    ARENA = 512 * 1024,
    LOOK_ARENA = 1024 * 1024,
};

/* A command of ours on its way. */
struct errand {
    struct tori_command command;
    struct tori_due *due;
    struct tori_deliver in;
    bool is_result;
    int64_t until_ms; /* steady: a result that cannot be noted by then is given up */
    struct errand *next;
};

struct tori_due {
    struct tori_due_config config;
    struct tori_post *post;
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t poked;
    bool poke;
    bool closing;
    struct errand *under_way; /* submitted, not done */
    size_t count;
    struct errand *again; /* results that a full or broken pipeline did not take */
};

static void unlink_errand(struct tori_due *due, const struct errand *errand)
{
    struct errand **at = &due->under_way;

    while (*at != errand)
        at = &(*at)->next;
    *at = errand->next;
    due->count--;
}

static void free_errand(struct errand *errand)
{
    tori_arena_free(errand->command.cx.arena);
    tori_heap_free(errand);
}

/* Any thread. */
static void done(struct tori_command *command)
{
    struct errand *errand = command->owner;
    struct tori_due *due = errand->due;
    bool again = errand->is_result && command->reply.status == 503 &&
                 tori_clock_steady_ms() < errand->until_ms;

    if (command->reply.err != TORI_ERR_NONE && !again)
        tori_log_failure(&command->cx, TORI_WARN, "due.command_failed");
    pthread_mutex_lock(&due->mutex);
    unlink_errand(due, errand);
    if (again && !due->closing) {
        errand->next = due->again;
        due->again = errand;
        errand = NULL;
    }
    pthread_cond_broadcast(&due->poked);
    pthread_mutex_unlock(&due->mutex);
    if (errand != NULL)
        free_errand(errand);
}

static void submit(struct tori_due *due, struct errand *errand)
{
    struct tori_command *command = &errand->command;
    struct tori_arena *arena = command->cx.arena;

    tori_arena_reset(arena);
    *command = (struct tori_command){
        .cx = {.app = due->config.app,
               .arena = arena,
               .now = tori_clock_wall(),
               .log = due->config.log,
               .lang = TORI_JA},
        .caller = {.listener = TORI_LISTENER_ADMIN},
        .prepare = tori_deliver_prepare,
        .decide = errand->is_result ? tori_deliver_result : tori_deliver_begin,
        .finish = errand->is_result ? NULL : tori_deliver_hand_over,
        .in = &errand->in,
        .deadline_ms = tori_clock_steady_ms() + COMMAND_MS,
        .done = done,
        .owner = errand,
    };
    command->cx.caller = &command->caller;
    tori_random_seed(&command->cx.random);
    pthread_mutex_lock(&due->mutex);
    errand->next = due->under_way;
    due->under_way = errand;
    due->count++;
    pthread_mutex_unlock(&due->mutex);
    tori_pipeline_submit(due->config.pipeline, command);
}

static struct errand *new_errand(struct tori_due *due, const struct tori_deliver *in,
                                 bool is_result)
{
    struct errand *errand = tori_heap_take(sizeof(*errand));

    if (errand == NULL)
        return NULL;
    errand->command.cx.arena = tori_arena_new(ARENA);
    if (errand->command.cx.arena == NULL) {
        tori_heap_free(errand);
        return NULL;
    }
    errand->due = due;
    errand->in = *in;
    errand->is_result = is_result;
    errand->until_ms = tori_clock_steady_ms() + due->config.answer_ms;
    return errand;
}

/* On the post's thread. Without memory the result is lost, and the job falls due again. */
static void on_result(void *owner, const struct tori_id *customer,
                      const struct tori_parcel_result *result)
{
    struct tori_due *due = owner;
    struct tori_deliver in = {.customer = *customer, .job = result->job, .result = *result};
    struct errand *errand = new_errand(due, &in, true);

    if (errand != NULL)
        submit(due, errand);
}

static bool under_way(struct tori_due *due, const struct tori_id *job)
{
    bool found = false;

    pthread_mutex_lock(&due->mutex);
    for (const struct errand *e = due->under_way; e != NULL && !found; e = e->next)
        found = tori_id_eq(&e->in.job, job);
    for (const struct errand *e = due->again; e != NULL && !found; e = e->next)
        found = tori_id_eq(&e->in.job, job);
    pthread_mutex_unlock(&due->mutex);
    return found;
}

static size_t room(struct tori_due *due)
{
    size_t post = tori_post_room(due->post);

    pthread_mutex_lock(&due->mutex);
    size_t count = due->count, most = due->config.at_once;
    pthread_mutex_unlock(&due->mutex);
    /* Each that is under way may still become a parcel. */
    most = post < most ? post : most;
    return count < most ? most - count : 0;
}

/* Submits what is due of one page; says whether there may be more behind it. */
static bool submit_page(struct tori_due *due, const struct tori_job_page *page, tori_time now)
{
    for (size_t i = 0; i < page->count; i++) {
        const struct tori_job *job = page->row[i];
        struct tori_deliver in = {.customer = job->customer_id, .job = job->id, .post = due->post};
        if (job->due_at > now || room(due) == 0)
            return false;
        if ((job->kind != TORI_JOB_MAIL && job->kind != TORI_JOB_LETTER) ||
            under_way(due, &job->id))
            continue;
        struct errand *errand = new_errand(due, &in, false);
        if (errand == NULL)
            return false;
        submit(due, errand);
    }
    return page->count == PAGE;
}

static void look(struct tori_due *due, struct tori_ctx *cx, struct tori_reader *reader)
{
    const struct tori_job *after = NULL;
    struct tori_job_page page;
    bool more = room(due) > 0 && tori_pipeline_ready(due->config.pipeline);

    cx->now = tori_clock_wall();
    while (more) {
        if (TORI_FAILED(tori_read_jobs(cx, reader, after, PAGE, &page))) {
            tori_log_failure(cx, TORI_WARN, "due.not_read");
            return;
        }
        more = submit_page(due, &page, cx->now) && tori_arena_used(cx->arena) < LOOK_ARENA / 2;
        after = page.count > 0 ? page.row[page.count - 1] : NULL;
    }
}

static void submit_again(struct tori_due *due)
{
    pthread_mutex_lock(&due->mutex);
    struct errand *list = due->again;
    due->again = NULL;
    pthread_mutex_unlock(&due->mutex);
    while (list != NULL) {
        struct errand *errand = list;
        list = list->next;
        submit(due, errand);
    }
}

/* False at the end. */
static bool wait_for_poke(struct tori_due *due)
{
    struct timespec until;

    usleep(REST_MS * 1000);
    tori_clock_deadline(LOOK_MS, &until);
    pthread_mutex_lock(&due->mutex);
    if (!due->poke && !due->closing)
        pthread_cond_timedwait(&due->poked, &due->mutex, &until);
    due->poke = false;
    bool goes_on = !due->closing;
    pthread_mutex_unlock(&due->mutex);
    return goes_on;
}

static void *due_main(void *owner)
{
    struct tori_due *due = owner;
    struct tori_ctx cx = {
        .app = due->config.app, .log = due->config.log, .arena = tori_arena_new(LOOK_ARENA)};
    struct tori_reader *reader = NULL;

    while (wait_for_poke(due) && cx.arena != NULL) {
        tori_arena_reset(cx.arena);
        submit_again(due);
        if (reader == NULL && TORI_FAILED(tori_reader_open(&cx, due->config.store, &reader))) {
            reader = NULL;
            tori_log_failure(&cx, TORI_WARN, "due.no_reader");
            continue;
        }
        look(due, &cx, reader);
    }
    if (reader != NULL)
        tori_reader_close(reader);
    tori_arena_free(cx.arena);
    return NULL;
}

static void init_locks(struct tori_due *due)
{
    pthread_condattr_t monotonic;

    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&due->mutex, NULL);
    pthread_cond_init(&due->poked, &monotonic);
    pthread_condattr_destroy(&monotonic);
}

struct tori_result tori_due_new(struct tori_ctx *cx, const struct tori_due_config *config,
                                struct tori_due **out)
{
    struct tori_due *due;

    if (config->at_once < 1 || config->at_once > AT_ONCE_MAX)
        return TORI_FAIL(cx, SETTING_BAD);
    due = tori_heap_take(sizeof(*due));
    if (due == NULL)
        return TORI_FAIL(cx, NO_MEMORY);
    due->config = *config;
    init_locks(due);
    struct tori_post_config post = {
        .socket_path = config->courier_socket,
        .log = config->log,
        .in_flight = config->at_once,
        .answer_ms = config->answer_ms,
        .result = on_result,
        .owner = due,
    };
    struct tori_result r = tori_post_new(cx, &post, &due->post);
    if (!TORI_FAILED(r) && pthread_create(&due->thread, NULL, due_main, due) != 0)
        r = TORI_FAIL(cx, NO_MEMORY);
    if (TORI_FAILED(r)) {
        tori_post_free(due->post);
        tori_heap_free(due);
        return r;
    }
    *out = due;
    return TORI_OK;
}

void tori_due_free(struct tori_due *due)
{
    if (due == NULL)
        return;
    pthread_mutex_lock(&due->mutex);
    due->closing = true;
    pthread_cond_broadcast(&due->poked);
    pthread_mutex_unlock(&due->mutex);
    pthread_join(due->thread, NULL);
    tori_post_free(due->post);
    pthread_mutex_lock(&due->mutex);
    while (due->count > 0)
        pthread_cond_wait(&due->poked, &due->mutex);
    pthread_mutex_unlock(&due->mutex);
    for (struct errand *errand = due->again, *next; errand != NULL; errand = next) {
        next = errand->next;
        free_errand(errand);
    }
    tori_heap_free(due);
}

void tori_due_poke(struct tori_due *due)
{
    pthread_mutex_lock(&due->mutex);
    due->poke = true;
    pthread_cond_signal(&due->poked);
    pthread_mutex_unlock(&due->mutex);
}
