/* The reply line of a foreign mail server: numbers in their ranges, and only from where they
 * stand. */
#include "test/fuzz/fuzz.h"

#include <stdio.h>

#include "courier/courier_int.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct tori_str line = {(const char *)data, size};
    unsigned reply = 7, part[3] = {7, 7, 7};
    char text[32];

    if (!tori_smtp_reply(line, &reply, part)) {
        assert(reply == 7 && part[0] == 7);
        return 0;
    }
    assert(reply >= 200 && reply <= 599);
    snprintf(text, sizeof(text), "%u", reply);
    assert(tori_str_starts(line, tori_str_z(text)));
    assert(part[0] == 0 || part[0] == 2 || part[0] == 4 || part[0] == 5);
    assert(part[1] <= 999 && part[2] <= 999);
    assert(part[0] != 0 || (part[1] == 0 && part[2] == 0));
    return 0;
}
