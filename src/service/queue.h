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
    bool kicked;
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
/* Everything at once, as a list; NULL after a kick, or once closed and empty. Blocks. */
struct tori_command *tori_queue_take_all(struct tori_queue *queue);
/* Makes one take_all return, even with nothing. */
void tori_queue_kick(struct tori_queue *queue);
void tori_queue_close(struct tori_queue *queue);
bool tori_queue_over(struct tori_queue *queue);

#endif
