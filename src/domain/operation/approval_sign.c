/* An operator signs one exact approval. The words of the action are part of what is signed. */
#include "domain/operation/operation.h"

static const struct tori_value_rule rules[] = {
    {.name = "approval", .kind = TORI_VALUE_ID},
    {.name = "action", .kind = TORI_VALUE_TEXT, .min = 1, .max = 64},
    {.name = "target", .kind = TORI_VALUE_TEXT, .min = 0, .max = 128, .optional = true},
    {.name = "value", .kind = TORI_VALUE_TEXT, .min = 0, .max = 512, .optional = true},
    {.name = NULL},
};

const struct tori_operation_type tori_operation_approval_sign = {
    .version = 1,
    .rule = rules,
    .important = true,
    .ours = true,
    .title = TORI_T_OPERATION_APPROVAL_SIGN_TITLE,
    .warning = TORI_T_OPERATION_APPROVAL_SIGN_WARNING,
};
