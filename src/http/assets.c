#include "http/assets.h"

bool tori_etag_listed(struct tori_str list, struct tori_str etag)
{
    if (tori_str_eq(list, TORI_STR("*")))
        return true;
    for (size_t i = 0; i + etag.len <= list.len; i++)
        if (tori_str_eq((struct tori_str){list.at + i, etag.len}, etag))
            return true;
    return false;
}
