/* Entering. It knows neither customer nor account before it is proved, so nothing of them is
 * bound. */
#include "domain/operation/operation.h"

static const struct tori_value_rule rules[] = {
    {.name = NULL},
};

const struct tori_operation_type tori_operation_login = {
    .version = 1,
    .rule = rules,
    .important = true,
    .always_important = true, /* AUTH-04 */
    .title = TORI_T_OPERATION_LOGIN_TITLE,
    .warning = TORI_T_OPERATION_LOGIN_WARNING,
    .notice = "login",
};
