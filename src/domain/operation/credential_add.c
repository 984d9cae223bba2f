/* A further passkey, agreed to by one that exists (ENROL-02). Made by our own pages. */
#include "domain/operation/operation.h"

static const struct tori_value_rule rules[] = {
    {.name = "label", .kind = TORI_VALUE_TEXT, .min = 1, .max = 64},
    {.name = NULL},
};

const struct tori_operation_type tori_operation_credential_add = {
    .version = 1,
    .rule = rules,
    .important = true,
    .ours = true,
    .title = TORI_T_OPERATION_CREDENTIAL_ADD_TITLE,
    .warning = TORI_T_OPERATION_CREDENTIAL_ADD_WARNING,
};
