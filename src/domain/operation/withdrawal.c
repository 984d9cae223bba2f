/* Money leaves for the registered payout account (出金). */
#include "domain/operation/operation.h"

static const struct tori_value_rule rules[] = {
    {.name = "amount", .kind = TORI_VALUE_MONEY, .min = 1, .max = INT64_MAX},
    {.name = "payout_account", .kind = TORI_VALUE_TEXT, .min = 1, .max = 64},
    {.name = "memo", .kind = TORI_VALUE_TEXT, .min = 0, .max = 40, .optional = true},
    {.name = NULL},
};

const struct tori_operation_type tori_operation_withdrawal = {
    .version = 1,
    .rule = rules,
    .right = TORI_RIGHT_WITHDRAW,
    .important = true,
    .always_important = true, /* AUTH-04 */
    .cools_off = true,
    .title = TORI_T_OPERATION_WITHDRAWAL_TITLE,
    .warning = TORI_T_OPERATION_WITHDRAWAL_WARNING,
    .notice = "withdrawal",
};
