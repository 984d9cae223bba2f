/* A bounded first-in first-out queue of commands between threads. */
#ifndef TORI_SERVICE_QUEUE_H
#define TORI_SERVICE_QUEUE_H

#include <pthread.h>

#include "service/command.h"

struct tori_queue {
    pthread_mutex_t mutex;
    pthread_cond_t filled;
    struct tori_command *first;
    struct tori_command **last;
    size_t count;
    size_t cap;
    size_t waiting; /* threads inside take */
    bool closed;
};

void tori_queue_init(struct tori_queue *queue, size_t cap);
void tori_queue_destroy(struct tori_queue *queue);

/* False when full or closed. */
bool tori_queue_offer(struct tori_queue *queue, struct tori_command *command);
/* For what is already on its way and must not be lost: ignores the cap. */
void tori_queue_put(struct tori_queue *queue, struct tori_command *command);

/* One command; NULL once closed and empty. Blocks. */
struct tori_command *tori_queue_take(struct tori_queue *queue);
/* One command; NULL when there is none. Does not block. */
struct tori_command *tori_queue_poll(struct tori_queue *queue);
bool tori_queue_is_empty(struct tori_queue *queue);
void tori_queue_close(struct tori_queue *queue);

#endif
