/* Contact and personal data: a change here is how warnings are kept from the customer. */
#include "domain/operation/operation.h"

static const char *const item_words[] = {"mail", "phone", "address", "name", NULL};
static const struct tori_value_rule rules[] = {
    {.name = "item", .kind = TORI_VALUE_WORD, .words = item_words},
    {.name = "new_value", .kind = TORI_VALUE_TEXT, .min = 1, .max = 128},
    {.name = NULL},
};

const struct tori_operation_type tori_operation_profile_change = {
    .version = 1,
    .rule = rules,
    .right = TORI_RIGHT_MANAGE,
    .important = true,
    .title = TORI_T_OPERATION_PROFILE_CHANGE_TITLE,
    .warning = TORI_T_OPERATION_PROFILE_CHANGE_WARNING,
    .notice = "profile_change",
};
