#include "base/kv.h"

#include "base/error.h"

struct tori_kv tori_i64(const char *name, int64_t value)
{
    return (struct tori_kv){.kind = TORI_KV_INT, .name = name, .number = value};
}

struct tori_kv tori_u64(const char *name, uint64_t value)
{
    return tori_i64(name, value > INT64_MAX ? INT64_MAX : (int64_t)value);
}

struct tori_kv tori_text(const char *name, struct tori_str value)
{
    return (struct tori_kv){.kind = TORI_KV_STR, .name = name, .text = value};
}

struct tori_kv tori_word(const char *name, const char *literal)
{
    return tori_text(name, tori_str_z(literal));
}

struct tori_kv tori_hex(const char *name, struct tori_bytes value)
{
    return (struct tori_kv){.kind = TORI_KV_HEX, .name = name, .text = tori_bytes_str(value)};
}

struct tori_kv tori_idkv(const char *name, const struct tori_id *id)
{
    return tori_hex(name, tori_id_bytes(id));
}

struct tori_kv tori_pii(const char *name, struct tori_str value)
{
    return (struct tori_kv){.kind = TORI_KV_PII, .name = name, .text = value};
}
