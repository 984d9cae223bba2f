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

static struct tori_command *pop(struct tori_queue *queue)
{
    struct tori_command *command = queue->first;

    if (command == NULL)
        return NULL;
    queue->first = command->next;
    queue->count--;
    if (queue->first == NULL)
        queue->last = &queue->first;
    command->next = NULL;
    return command;
}

struct tori_command *tori_queue_take(struct tori_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->waiting++;
    while (queue->count == 0 && !queue->closed)
        pthread_cond_wait(&queue->filled, &queue->mutex);
    queue->waiting--;
    struct tori_command *command = pop(queue);
    pthread_mutex_unlock(&queue->mutex);
    return command;
}

struct tori_command *tori_queue_poll(struct tori_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    struct tori_command *command = pop(queue);
    pthread_mutex_unlock(&queue->mutex);
    return command;
}

bool tori_queue_is_empty(struct tori_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    bool empty = queue->count == 0;
    pthread_mutex_unlock(&queue->mutex);
    return empty;
}

void tori_queue_close(struct tori_queue *queue)
{
    pthread_mutex_lock(&queue->mutex);
    queue->closed = true;
    pthread_cond_broadcast(&queue->filled);
    pthread_mutex_unlock(&queue->mutex);
}
