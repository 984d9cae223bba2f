/* What the keyholder answers, as net reads it: an answer of another length, kind or number is no
 * answer, and what is taken is what the packet held. The first byte chooses the question; the rest
 * is the packet. */
#include "test/fuzz/fuzz.h"

#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "keys/message.h"

static const enum tori_keys_kind kinds[] = {
    TORI_KEYS_BEAT,       TORI_KEYS_BEAT,     TORI_KEYS_DATA_KEY_NEW, TORI_KEYS_DATA_KEY_OPEN,
    TORI_KEYS_LOG_EXTEND, TORI_KEYS_LOG_HEAD, TORI_KEYS_LOG_ADOPT,    TORI_KEYS_LOG_KEY};
enum { KINDS = sizeof(kinds) / sizeof(kinds[0]) };

/* A connection on which the answer already waits. */
static struct tori_keys *connect_to(struct tori_ctx *cx, struct tori_bytes packet, int *far_end)
{
    struct tori_keys *keys = NULL;
    int pair[2];

    int made = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair);
    assert(made == 0);
    if (packet.len > 0) {
        ssize_t sent = send(pair[1], packet.at, packet.len, MSG_NOSIGNAL);
        assert(sent == (ssize_t)packet.len);
    } else {
        shutdown(pair[1], SHUT_WR);
    }
    struct tori_result opened = tori_keys_new(cx, pair[0], &keys);
    assert(!TORI_FAILED(opened));
    *far_end = pair[1];
    return keys;
}

static struct tori_result ask_text(struct tori_ctx *cx, struct tori_keys *keys, unsigned which,
                                   struct tori_bytes packet)
{
    static const struct tori_hash leaf = {{1}};
    static const uint8_t signature[64];
    const struct tori_extension extension = {.from_size = 3, .leaf = &leaf, .count = 1};
    const struct tori_adoption adoption = {
        .epoch = 1, .size = 1, .signature = signature, .node = &leaf, .count = 1};
    struct tori_str text;
    uint64_t size;

    if (which == 4)
        TORI_TRY(tori_keys_log_extend(cx, keys, &extension, &text));
    if (which == 5)
        TORI_TRY(tori_keys_log_checkpoint(cx, keys, &size, &text));
    if (which == 6)
        TORI_TRY(tori_keys_log_adopt(cx, keys, &adoption, &text));
    if (which == 7)
        TORI_TRY(tori_keys_log_vkey(cx, keys, &text));
    assert(text.len > 0 && text.len == packet.len - TORI_KEYS_HEAD - 8);
    assert(memcmp(text.at, packet.at + TORI_KEYS_HEAD + 8, text.len) == 0);
    return TORI_OK;
}

static struct tori_result ask(struct tori_ctx *cx, struct tori_keys *keys, unsigned which,
                              struct tori_bytes packet)
{
    static const uint8_t sealed[TORI_KEYS_WRAPPED];
    const struct tori_id owner = {{9}};
    struct tori_wrapped wrapped;
    struct tori_key32 plain;
    uint64_t size;

    switch (which) {
    case 0:
        return tori_keys_beat(cx, keys);
    case 1:
        TORI_TRY(tori_keys_log_size(cx, keys, &size));
        assert(packet.len == TORI_KEYS_HEAD + 40);
        return TORI_OK;
    case 2:
        TORI_TRY(tori_keys_data_key_new(cx, keys, &owner, &wrapped, &plain));
        assert(packet.len == TORI_KEYS_HEAD + 32 + TORI_KEYS_WRAPPED);
        assert(memcmp(plain.at, packet.at + TORI_KEYS_HEAD, 32) == 0);
        return TORI_OK;
    case 3:
        TORI_TRY(tori_keys_data_key_open(cx, keys, &owner, TORI_BYTES_OF(sealed), &plain));
        assert(packet.len == TORI_KEYS_HEAD + 32);
        assert(memcmp(plain.at, packet.at + TORI_KEYS_HEAD, 32) == 0);
        return TORI_OK;
    default:
        return ask_text(cx, keys, which, packet);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_ctx *cx = fuzz_begin();
    int far_end;

    if (size < 1 || size > TORI_KEYS_ANSWER_MAX + 64)
        return 0;
    unsigned which = data[0] % KINDS;
    struct tori_bytes packet = {data + 1, size - 1};
    struct tori_keys *keys = connect_to(cx, packet, &far_end);
    struct tori_result result = ask(cx, keys, which, packet);
    if (!TORI_FAILED(result)) {
        assert(packet.len >= TORI_KEYS_HEAD && packet.len <= TORI_KEYS_ANSWER_MAX);
        assert(packet.at[0] == TORI_KEYS_VERSION && packet.at[1] == kinds[which]);
        assert(packet.at[2] == TORI_KEYS_OK && tori_keys_get(packet.at + 4, 4) == 1);
    }
    tori_keys_free(keys);
    close(far_end);
    return 0;
}
