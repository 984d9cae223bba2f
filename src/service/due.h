/* Due work: rows of `job` whose time has come become commands like any other. The table is the
 * queue: a thread reads what is due, when it is poked and at least once a second, so nothing is
 * lost with a process. It owns the post, hands out no more than the courier will take, and turns
 * results into commands; without a courier notices wait and no try is counted. */
#ifndef TORI_SERVICE_DUE_H
#define TORI_SERVICE_DUE_H

#include "service/pipeline.h"

struct tori_due;

struct tori_due_config {
    const struct tori_app *app;
    struct tori_log *log;
    struct tori_store *store;
    struct tori_pipeline *pipeline;
    const char *courier_socket; /* lives as long as the due */
    size_t at_once;    /* jobs on their way, 1–256; about four times what the courier carries */
    int64_t answer_ms; /* how long the courier may take for one; below 120,000 */
};

TORI_RESULT tori_due_new(struct tori_ctx *cx, const struct tori_due_config *config,
                         struct tori_due **out);
/* Waits for its own commands, so the pipeline must still be there. */
void tori_due_free(struct tori_due *due);

/* Something may be due: to be called after commits. Any thread, cheap. */
void tori_due_poke(struct tori_due *due);

#endif
