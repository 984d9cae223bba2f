#include "service/queue.h"

void tori_queue_init(struct tori_queue *queue, size_t cap)
{
    *queue = (struct tori_queue){.cap = cap};
    queue->last = &queue->first;
    pthread_mutex_init(&queue->mutex, NULL);
    pthread_cond_init(&queue->filled, NULL);
}

void tori_queue_destroy(struct tori_queue *queue)
{
    pthread_mutex_destroy(&queue->mutex);
    pthread_cond_destroy(&queue->filled);
}

static bool append(struct tori_queue *queue, struct tori_command *command, bool must)
{
    pthread_mutex_lock(&queue->mutex);
    bool fits = must || (queue->count < queue->cap && !queue->closed);
    bool wake = fits && queue->waiting > 0;
    if (fits) {
        command->next = NULL;
        *queue->last = command;
        queue->last = &command->next;
        queue->count++;
    }
    pthread_mutex_unlock(&queue->mutex);
    /* Waking costs a system call: only when somebody sleeps, and outside of the lock, or whoever
     * wakes runs straight into it. */
    if (wake)
        pthread_cond_signal(&queue->filled);
    return fits;
}

bool tori_queue_offer(struct tori_queue *queue, struct tori_command *command)
{
    return append(queue, command, false);
}

void tori_queue_put(struct tori_queue *queue, struct tori_command *command)
{
    (void)append(queue, command, true);
}

static void wait_filled(struct tori_queue *queue)
{
    queue->waiting++;
    while (queue->count == 0 && !queue->closed && !queue->kicked)
        pthread_cond_wait(&queue->filled, &queue->mutex);
    queue->waiting--;
}

struct tori_command *tori_queue_take(struct tori_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    wait_filled(queue);
    struct tori_command *command = queue->first;
    if (command != NULL) {
        queue->first = command->next;
        queue->count--;
        if (queue->first == NULL)
            queue->last = &queue->first;
        command->next = NULL;
    }
    pthread_mutex_unlock(&queue->mutex);
    return command;
}

struct tori_command *tori_queue_take_all(struct tori_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    wait_filled(queue);
    struct tori_command *all = queue->first;
    queue->first = NULL;
    queue->last = &queue->first;
    queue->count = 0;
    queue->kicked = false;
    pthread_mutex_unlock(&queue->mutex);
    return all;
}

void tori_queue_kick(struct tori_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->kicked = true;
    pthread_cond_broadcast(&queue->filled);
    pthread_mutex_unlock(&queue->mutex);
}

void tori_queue_close(struct tori_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->filled);
    pthread_mutex_unlock(&queue->mutex);
}

bool tori_queue_over(struct tori_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    bool over = queue->closed && queue->count == 0;
    pthread_mutex_unlock(&queue->mutex);
    return over;
}
