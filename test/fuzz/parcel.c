/* Between net and courier: a packet that is taken is the one way to write what it says, and what it
 * says can be put into a mail as it is. */
#include "test/fuzz/fuzz.h"

#include "codec/parcel.h"

static void try_result(struct tori_ctx *cx, struct tori_bytes bytes)
{
    uint8_t again[TORI_PARCEL_RESULT_SIZE];
    char text[TORI_PARCEL_RESULT_TEXT];
    struct tori_parcel_result result;

    if (TORI_FAILED(tori_parcel_result_read(cx, bytes, &result)))
        return;
    tori_parcel_result_write(&result, again);
    assert(tori_bytes_eq(TORI_BYTES_OF(again), bytes));
    tori_parcel_result_text(&result, text);
    assert(strlen(text) > 0 && strlen(text) < sizeof(text) - 1);
}

static void one_line(struct tori_str s)
{
    assert(tori_utf8_valid(tori_str_bytes(s)));
    for (size_t i = 0; i < s.len; i++)
        assert((uint8_t)s.at[i] >= 0x20);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();
    struct tori_bytes bytes = {data, size}, again;
    struct tori_parcel parcel;

    try_result(cx, bytes);
    if (TORI_FAILED(tori_parcel_read(cx, bytes, &parcel)))
        return 0;
    assert(!TORI_FAILED(tori_parcel_write(cx, &parcel, &again)));
    assert(tori_bytes_eq(again, bytes));
    one_line(parcel.subject);
    one_line(parcel.customer);
    one_line(parcel.name);
    one_line(parcel.code);
    assert((parcel.kind == TORI_PARCEL_MAIL) == tori_mail_address_ok(parcel.to));
    for (size_t i = 0; i < parcel.to.len; i++)
        assert(parcel.to.at[i] > ' ' && strchr("<>\"\\,;:()[]", parcel.to.at[i]) == NULL);
    return 0;
}
