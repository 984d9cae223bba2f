/* The job kinds mail and letter: a notice goes out, and what became of it comes back. Each is a
 * command:
 *
 *   begin   reads job, notice and contact, counts the try, puts off the next; after the commit the
 *           message is rendered and handed to the post
 *   result  done, due again, or failed; an address that is refused is marked (NOTIFY-11)
 *
 * Both look at the job as it is: a repeat, or one that comes too late, changes nothing. */
#ifndef TORI_SERVICE_JOB_DELIVER_H
#define TORI_SERVICE_JOB_DELIVER_H

#include "service/command.h"
#include "service/post.h"

/* The input of both commands. */
struct tori_deliver {
    struct tori_id customer;
    struct tori_id job;
    struct tori_post *post;           /* begin */
    struct tori_parcel_result result; /* result */
};

TORI_RESULT tori_deliver_prepare(struct tori_ctx *cx, void *in);
TORI_RESULT tori_deliver_begin(struct tori_ctx *cx, const void *in, struct tori_reply *out);
TORI_RESULT tori_deliver_hand_over(struct tori_ctx *cx, const void *in, struct tori_reply *out);
TORI_RESULT tori_deliver_result(struct tori_ctx *cx, const void *in, struct tori_reply *out);

#endif
