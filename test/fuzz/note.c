/* Signed notes and verifier keys: what opens was signed, and prints back as it was read. */
#include "test/fuzz/fuzz.h"

#include "base/buf.h"
#include "domain/evidence/note.h"

/* Of the test log of corpus/note: its private key is 32 bytes of 1. */
static const char vkey[] = "log.example+1cc758f9+AYqI4910CfGV/VLbLTy6XXLKZwm/HZQSG/N0iAG0D29c";

static void check_key(struct tori_ctx *cx, struct tori_str text)
{
    struct tori_note_key key;
    struct tori_buf buf = tori_buf_new(cx->arena, 4096);

    if (TORI_FAILED(tori_vkey_read(cx, text, &key)))
        return;
    tori_vkey_put(&buf, &key);
    assert(tori_str_starts(text, tori_buf_text(&buf)) && text.len <= buf.len + 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();
    struct tori_str text = {(const char *)data, size};
    struct tori_note_key key;
    struct tori_opened opened;
    struct tori_buf buf = tori_buf_new(cx->arena, 4096);

    check_key(cx, text);
    struct tori_result known = tori_vkey_read(cx, tori_str_z(vkey), &key);
    assert(!TORI_FAILED(known));
    if (TORI_FAILED(tori_checkpoint_open(cx, text, &key, &opened)))
        return 0;
    assert(tori_str_eq(opened.checkpoint.origin, key.name));
    tori_checkpoint_put(&buf, &opened.checkpoint);
    assert(tori_str_starts(text, tori_buf_text(&buf)));
    return 0;
}
