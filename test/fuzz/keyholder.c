/* Requests to the keyholder, to a real vault in a folder of its own: whatever comes, the log only
 * grows, and only by LOG_EXTEND of its own size; a request that is refused byte for byte changes
 * nothing. */
#include "test/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "keyholder/answer_int.h"

static struct tori_keyholder holder;
static char folder[64];

static void clean(void)
{
    static const char *const names[] = {"/lock", "/log.key", "/master.key", "/log.state", ""};
    char path[128];

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
        snprintf(path, sizeof(path), "%s%s", folder, names[i]);
        remove(path);
    }
}

static struct tori_keyholder *begin(void)
{
    if (holder.vault != NULL)
        return &holder;
    snprintf(folder, sizeof(folder), "%s/torimori-fuzz-XXXXXX",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
    assert(mkdtemp(folder) != NULL);
    atexit(clean);
    tori_aead_init();
    holder.cx.arena = tori_arena_new(64 * 1024);
    tori_random_fixed(&holder.cx.random, 1);
    struct tori_result opened =
        tori_vault_open(&holder.cx, folder, TORI_STR("log.example"), &holder.vault);
    assert(!TORI_FAILED(opened));
    return &holder;
}

/* A key wrapped for the owner that the request names. */
static void wrap(struct tori_keyholder *h, uint8_t *request)
{
    static const struct tori_key32 key = {{1, 2, 3}};
    uint8_t *owner = request + TORI_KEYS_HEAD;

    struct tori_result wrapped =
        tori_vault_wrap(&h->cx, h->vault, owner, &key, owner + TORI_KEYS_OWNER);
    assert(!TORI_FAILED(wrapped));
}

/* The last byte of an input also says in which state it meets the vault: 1, the state is lost; 2,
 * what a fuzzer would not guess is made right, the size in it or the wrapped key. */
static struct tori_bytes request_of(struct tori_keyholder *h, const uint8_t *data, size_t size)
{
    static uint8_t request[TORI_KEYS_REQUEST_MAX + 64];
    size_t with_key = TORI_KEYS_HEAD + TORI_KEYS_OWNER + TORI_KEYS_WRAPPED;

    if (size < TORI_KEYS_HEAD + 8 || size > sizeof(request) || (data[size - 1] & 2) == 0)
        return (struct tori_bytes){data, size};
    memcpy(request, data, size);
    if (data[1] == TORI_KEYS_DATA_KEY_OPEN && size == with_key)
        wrap(h, request);
    else
        tori_keys_put(request + TORI_KEYS_HEAD, h->vault->log.size, 8);
    return (struct tori_bytes){request, size};
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct tori_answer answer;
    struct tori_ctx *cx = fuzz_begin();
    struct tori_keyholder *h = begin();
    uint64_t before = h->vault->log.size;
    bool had_log = size == 0 || (data[size - 1] & 1) == 0;

    (void)cx;
    h->second = -1; /* caps have their own test */
    h->vault->has_log = had_log;
    struct tori_bytes request = request_of(h, data, size);
    bool answered = tori_keyholder_answer(h, request, &answer);
    uint64_t after = h->vault->log.size;
    assert(h->vault->has_log == had_log); /* nothing here is signed by this vault's key */
    if (!answered) {
        assert(after == before);
        return 0;
    }
    assert(answer.len >= TORI_KEYS_HEAD && answer.len <= TORI_KEYS_ANSWER_MAX);
    assert(answer.at[2] < TORI_KEYS_STATUSES);
    if (after != before)
        assert(data[1] == TORI_KEYS_LOG_EXTEND && answer.at[2] == TORI_KEYS_OK && had_log &&
               tori_keys_get(request.at + TORI_KEYS_HEAD, 8) == before &&
               after == before + (size - TORI_KEYS_HEAD - 8) / 32);
    return 0;
}
