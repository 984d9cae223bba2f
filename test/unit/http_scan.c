/* The first look at raw bytes, and the guard of chunks. What they come to over a connection is in
 * test/http/strict.py; here is what only they can show. */
#include "test/unit/unit.h"

#include "http/scan.h"

static enum tori_scan_state scan(const char *text, size_t *len)
{
    struct tori_scan state = {.at = 0};
    return tori_scan_head(&state, tori_str_bytes(tori_str_z(text)), len);
}

static void a_head_ends_at_its_empty_line(void **state)
{
    size_t len = 0;

    (void)state;
    assert_int_equal(scan("GET / HTTP/1.1\r\nHost: a\r\n\r\nrest", &len), TORI_SCAN_DONE);
    assert_int_equal(len, strlen("GET / HTTP/1.1\r\nHost: a\r\n\r\n"));
    assert_int_equal(scan("GET / HTTP/1.1\r\nHost: a\r\n\r", &len), TORI_SCAN_MORE);
    assert_int_equal(scan("", &len), TORI_SCAN_MORE);
}

static void a_wrong_byte_is_told_at_once(void **state)
{
    static const char *const bad[] = {"\r\n",
                                      "\n",
                                      "GET / HTTP/1.1\n",
                                      "GET / HTTP/1.1\rH",
                                      " ",
                                      "GET\t",
                                      "A\r\n ",
                                      "A\r\n\t",
                                      "A\r\n:",
                                      "A\r\nB ",
                                      "A\r\nB\r\n",
                                      "A\r\nB: \x01",
                                      "A\r\nB: \x7f",
                                      "A\r\n\x80",
                                      "A\r\nB("};
    size_t len = 0;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(scan(bad[i], &len), TORI_SCAN_BAD);
        assert_int_equal(len, strlen(bad[i])); /* not before its last byte, and not after */
    }
}

static void the_cap_is_exact(void **state)
{
    static char head[TORI_HEAD_CAP + 2];
    static const char start[] = "GET / HTTP/1.1\r\nA: ";
    struct tori_scan s = {.at = 0};
    size_t len = 0;

    (void)state;
    memset(head, 'a', sizeof(head));
    memcpy(head, start, sizeof(start) - 1);
    memcpy(head + TORI_HEAD_CAP - 4, "\r\n\r\n", 4);
    struct tori_bytes whole = {(const uint8_t *)head, TORI_HEAD_CAP};
    assert_int_equal(tori_scan_head(&s, whole, &len), TORI_SCAN_DONE);
    assert_int_equal(len, TORI_HEAD_CAP);

    memset(head + TORI_HEAD_CAP - 4, 'a', 4);
    s = (struct tori_scan){.at = 0};
    assert_int_equal(tori_scan_head(&s, whole, &len), TORI_SCAN_LARGE);
    whole.len--;
    s = (struct tori_scan){.at = 0};
    assert_int_equal(tori_scan_head(&s, whole, &len), TORI_SCAN_MORE);
}

static bool chunks(const char *text, size_t *used, bool *complete)
{
    struct tori_chunks c = {.state = 0};
    *complete = false;
    return tori_chunks_scan(&c, tori_str_bytes(tori_str_z(text)), used, complete);
}

static void chunks_end_after_their_last_line(void **state)
{
    size_t used;
    bool complete;

    (void)state;
    assert_true(chunks("3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\nGET /", &used, &complete));
    assert_true(complete);
    assert_int_equal(used, strlen("3\r\nabc\r\n0A\r\n0123456789\r\n0\r\n\r\n"));
    assert_true(chunks("3\r\nabc\r\n0\r\n\r", &used, &complete));
    assert_false(complete);
    assert_true(chunks("00000000\r\n\r\n", &used, &complete));
    assert_true(complete);
}

static void chunks_have_one_form(void **state)
{
    static const char *const bad[] = {"\r\n",
                                      "g",
                                      "3;",
                                      "3 ",
                                      "3\n",
                                      "3\r\nabcd",
                                      "3\r\nabc\n",
                                      "000000003",
                                      "0\r\nX",
                                      "0\r\n\n",
                                      "3\r\nabc\r\n\r\n"};
    size_t used;
    bool complete;

    (void)state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        assert_false(chunks(bad[i], &used, &complete));
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        unit(a_head_ends_at_its_empty_line),
        unit(a_wrong_byte_is_told_at_once),
        unit(the_cap_is_exact),
        unit(chunks_end_after_their_last_line),
        unit(chunks_have_one_form),
    };
    return tori_unit_run("http_scan", tests);
}
