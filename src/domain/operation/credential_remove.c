/* A passkey taken out of use, agreed to by one that exists. Made by our own pages. */
#include "domain/operation/operation.h"

static const struct tori_value_rule rules[] = {
    {.name = "credential", .kind = TORI_VALUE_ID},
    {.name = NULL},
};

const struct tori_operation_type tori_operation_credential_remove = {
    .version = 1,
    .rule = rules,
    .important = true,
    .ours = true,
    .title = TORI_T_OPERATION_CREDENTIAL_REMOVE_TITLE,
    .warning = TORI_T_OPERATION_CREDENTIAL_REMOVE_WARNING,
};
