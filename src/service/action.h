/* What two operators can bring about by signing: one row a kind of action. */
#ifndef TORI_SERVICE_ACTION_H
#define TORI_SERVICE_ACTION_H

#include "service/common.h"

/* Both have signed. cx->state->customer is the one the approval is about. */
TORI_RESULT tori_action_carry_out(struct tori_ctx *cx, const struct tori_approval *approval);

#endif
