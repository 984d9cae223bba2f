/* Telling the customer: a row in the inbox and a mail job for each of his contacts, committed with
 * what they tell of. Decide only. */
#ifndef TORI_SERVICE_NOTICE_H
#define TORI_SERVICE_NOTICE_H

#include "domain/notify/notify.h"
#include "service/common.h"

struct tori_tell {
    struct tori_aggregate *agg;
    const struct tori_user *user; /* NULL: every user of the customer */
    const char *template;
    const struct tori_notify_param *param;
    struct tori_id operation_id; /* what it is about; none where it is not */
    struct tori_id session_id;
    struct tori_id credential_id;
};
TORI_RESULT tori_notice_tell(struct tori_ctx *cx, const struct tori_tell *tell);

/* The parameters that most messages share: time and device. */
struct tori_notify_param tori_notice_device(struct tori_ctx *cx);

#endif
