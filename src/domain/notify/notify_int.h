/* Shared inside domain/notify: what the generator makes besides the templates. */
#ifndef TORI_DOMAIN_NOTIFY_NOTIFY_INT_H
#define TORI_DOMAIN_NOTIFY_NOTIFY_INT_H

#include "domain/notify/notify.h"

/* The frame of every mail, with {firm}, {subject} and {body}. */
extern const struct tori_str tori_mail_subject[TORI_LANG_COUNT];
extern const struct tori_str tori_mail_body[TORI_LANG_COUNT];

/* The words for one value of a parameter; unknown when it is empty, withheld when it is like a
 * link. */
TORI_RESULT tori_notify_words(struct tori_ctx *cx, enum tori_lang lang,
                              const struct tori_template_param *param,
                              const struct tori_notify_param *value, struct tori_str *out);

#endif
