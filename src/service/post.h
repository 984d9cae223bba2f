/* Net's door to the courier: parcels go out, results come back on a thread of its own. While the
 * courier is away nothing is taken; what it has not answered for goes to it again when it is back,
 * under the same id, so delivery is at least once. Bounded in number, size and time. */
#ifndef TORI_SERVICE_POST_H
#define TORI_SERVICE_POST_H

#include "codec/parcel.h"

struct tori_post;

/* Called once for each parcel taken, on the post's own thread; it must not block. A parcel without
 * a result in time is TEMPORARY at the courier. */
typedef void tori_post_result_fn(void *owner, const struct tori_id *customer,
                                 const struct tori_parcel_result *result);

struct tori_post_config {
    const char *socket_path; /* where the courier listens; lives as long as the post */
    struct tori_log *log;
    size_t in_flight;  /* parcels taken and not answered for, 1–1,024 */
    int64_t answer_ms; /* how long one may take, waiting for a courier included */
    tori_post_result_fn *result;
    void *owner;
};

TORI_RESULT tori_post_new(struct tori_ctx *cx, const struct tori_post_config *config,
                          struct tori_post **out);
/* Forgets what has no result yet; its jobs are still due. */
void tori_post_free(struct tori_post *post);

/* Takes a copy. A job that is already on its way is not taken twice, which is no error. BUSY when
 * full or without a courier; the errors of tori_parcel_write. Any thread. */
TORI_RESULT tori_post_send(struct tori_ctx *cx, struct tori_post *post,
                           const struct tori_id *customer, const struct tori_parcel *parcel);

/* How many more it would take now; 0 without a courier. Any thread. */
size_t tori_post_room(struct tori_post *post);

#endif
