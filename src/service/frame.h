/* What surrounds every page, and operations as pages show them. Decide only. */
#ifndef TORI_SERVICE_FRAME_H
#define TORI_SERVICE_FRAME_H

#include "service/session.h"
#include "service/view.h"

/* `now` may be NULL: nobody is logged in. */
TORI_RESULT tori_frame_of(struct tori_ctx *cx, const struct tori_session_now *now,
                          struct tori_view_frame *out);

/* A canonical form as lines of a page: what is shown is what is signed. */
TORI_RESULT tori_frame_operation(struct tori_ctx *cx, struct tori_bytes canonical,
                                 struct tori_view_operation *out);

#endif
