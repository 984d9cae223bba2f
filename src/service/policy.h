/* Policy of the firm: which operations are important, and how long each must wait after a first
 * credential. Data with dates, changed by approval only, never beyond bounds. */
#ifndef TORI_SERVICE_POLICY_H
#define TORI_SERVICE_POLICY_H

#include "domain/operation/operation.h"
#include "service/common.h"

/* "cool_off_ms.<type>" 0 … 30 days, "important.<type>" 0 or 1; login, withdrawal and payout account
 * change stay important (AUTH-04). BAD_FIELD, POLICY_BOUND. Any thread. */
TORI_RESULT tori_policy_check(struct tori_ctx *cx, struct tori_str name, int64_t value);

/* In decide. */
int64_t tori_policy_cool_off_ms(const struct tori_ctx *cx,
                                const struct tori_operation_entry *entry);
bool tori_policy_important(const struct tori_ctx *cx, const struct tori_operation_entry *entry);
TORI_RESULT tori_policy_set(struct tori_ctx *cx, struct tori_str name, int64_t value,
                            const struct tori_id *approval);

#endif
