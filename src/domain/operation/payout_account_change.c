/* Where withdrawals go (出金先銀行口座の変更): a thief's way to make a withdrawal look ordinary. */
#include "domain/operation/operation.h"

static const char *const kind_words[] = {"ordinary", "current", NULL};
static const struct tori_value_rule rules[] = {
    {.name = "bank_code", .kind = TORI_VALUE_DIGITS, .min = 4, .max = 4},
    {.name = "branch_code", .kind = TORI_VALUE_DIGITS, .min = 3, .max = 3},
    {.name = "kind", .kind = TORI_VALUE_WORD, .words = kind_words},
    {.name = "number", .kind = TORI_VALUE_DIGITS, .min = 7, .max = 7},
    {.name = "holder", .kind = TORI_VALUE_TEXT, .min = 1, .max = 48},
    {.name = NULL},
};

const struct tori_operation_type tori_operation_payout_account_change = {
    .version = 1,
    .rule = rules,
    .right = TORI_RIGHT_MANAGE,
    .important = true,
    .always_important = true, /* AUTH-04 */
    .cools_off = true,
    .title = TORI_T_OPERATION_PAYOUT_ACCOUNT_CHANGE_TITLE,
    .warning = TORI_T_OPERATION_PAYOUT_ACCOUNT_CHANGE_WARNING,
    .notice = "payout_change",
};
