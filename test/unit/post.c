#include "unit.h"

#include "service/post.h"

#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A courier of paper: the test accepts, reads and answers by hand. */
struct scene {
    char folder[64];
    char path[100];
    int listener;
    int peer;
    struct tori_post *post;
    pthread_mutex_t mutex;
    size_t results;
    struct tori_parcel_result last;
    struct tori_id last_customer;
};

static const struct tori_id customer = {{0, 7, 7, 7}};

static void on_result(void *owner, const struct tori_id *whose,
                      const struct tori_parcel_result *result)
{
    struct scene *scene = owner;

    pthread_mutex_lock(&scene->mutex);
    scene->results++;
    scene->last = *result;
    scene->last_customer = *whose;
    pthread_mutex_unlock(&scene->mutex);
}

static void courier_opens(struct scene *scene)
{
    struct sockaddr_un at = {.sun_family = AF_UNIX};

    unlink(scene->path);
    memcpy(at.sun_path, scene->path, strlen(scene->path) + 1);
    scene->listener = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
    assert_int_equal(bind(scene->listener, (const struct sockaddr *)&at, sizeof(at)), 0);
    assert_int_equal(listen(scene->listener, 4), 0);
}

static void courier_takes_call(struct scene *scene)
{
    struct pollfd fd = {.fd = scene->listener, .events = POLLIN};

    assert_int_equal(poll(&fd, 1, 60000), 1);
    scene->peer = accept(scene->listener, NULL, NULL);
    assert_true(scene->peer >= 0);
}

static void courier_goes(struct scene *scene)
{
    close(scene->peer);
    close(scene->listener);
}

static void open_scene(struct tori_ctx *cx, struct scene *scene, size_t in_flight,
                       int64_t answer_ms)
{
    *scene = (struct scene){.folder = "/tmp/torimori-post-XXXXXX"};
    assert_non_null(mkdtemp(scene->folder));
    snprintf(scene->path, sizeof(scene->path), "%s/courier", scene->folder);
    pthread_mutex_init(&scene->mutex, NULL);
    courier_opens(scene);
    struct tori_post_config config = {.socket_path = scene->path,
                                      .in_flight = in_flight,
                                      .answer_ms = answer_ms,
                                      .result = on_result,
                                      .owner = scene};
    assert_ok(cx, tori_post_new(cx, &config, &scene->post));
}

static void close_scene(struct scene *scene)
{
    tori_post_free(scene->post);
    unlink(scene->path);
    rmdir(scene->folder);
    pthread_mutex_destroy(&scene->mutex);
}

static void wait_for_room(struct scene *scene, size_t room)
{
    for (int i = 0; i < 6000 && tori_post_room(scene->post) != room; i++)
        usleep(10 * 1000);
    assert_int_equal(tori_post_room(scene->post), room);
}

static void wait_for_results(struct scene *scene, size_t want)
{
    size_t got = 0;

    for (int i = 0; i < 6000 && got < want; i++) {
        usleep(10 * 1000);
        pthread_mutex_lock(&scene->mutex);
        got = scene->results;
        pthread_mutex_unlock(&scene->mutex);
    }
    assert_int_equal(got, want);
}

static struct tori_parcel parcel(uint8_t n)
{
    return (struct tori_parcel){.kind = TORI_PARCEL_MAIL,
                                .job = {{0, 1, n}},
                                .to = TORI_STR("hanako@mail.example"),
                                .subject = TORI_STR("s"),
                                .text = TORI_STR("t")};
}

static void send_parcel(struct tori_ctx *cx, struct scene *scene, uint8_t n)
{
    struct tori_parcel p = parcel(n);
    assert_ok(cx, tori_post_send(cx, scene->post, &customer, &p));
}

static uint8_t courier_reads(struct tori_ctx *cx, struct scene *scene)
{
    struct pollfd fd = {.fd = scene->peer, .events = POLLIN};
    static uint8_t packet[TORI_PARCEL_MAX];
    struct tori_parcel got;

    assert_int_equal(poll(&fd, 1, 60000), 1);
    ssize_t n = recv(scene->peer, packet, sizeof(packet), 0);
    assert_true(n > 0);
    assert_ok(cx, tori_parcel_read(cx, (struct tori_bytes){packet, (size_t)n}, &got));
    return got.job.at[2];
}

static void courier_answers(struct scene *scene, uint8_t n, enum tori_parcel_outcome outcome)
{
    struct tori_parcel_result result = {
        .job = {{0, 1, n}}, .outcome = outcome, .step = TORI_PARCEL_AT_MESSAGE, .reply = 250};
    uint8_t packet[TORI_PARCEL_RESULT_SIZE];

    tori_parcel_result_write(&result, packet);
    assert_int_equal(send(scene->peer, packet, sizeof(packet), MSG_NOSIGNAL), sizeof(packet));
}

static void a_parcel_gets_its_result(void **state)
{
    struct tori_ctx *cx = *state;
    struct scene scene;

    open_scene(cx, &scene, 4, 60000);
    courier_takes_call(&scene);
    wait_for_room(&scene, 4);
    send_parcel(cx, &scene, 1);
    assert_int_equal(courier_reads(cx, &scene), 1);
    assert_int_equal(tori_post_room(scene.post), 3);
    courier_answers(&scene, 1, TORI_PARCEL_DELIVERED);
    wait_for_results(&scene, 1);
    assert_int_equal(scene.last.outcome, TORI_PARCEL_DELIVERED);
    assert_true(tori_id_eq(&scene.last_customer, &customer));
    wait_for_room(&scene, 4);
    courier_goes(&scene);
    close_scene(&scene);
}

static void without_a_courier_nothing_is_taken(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_parcel p = parcel(1);
    struct scene scene;

    open_scene(cx, &scene, 4, 60000);
    courier_takes_call(&scene);
    wait_for_room(&scene, 4);
    courier_goes(&scene);
    wait_for_room(&scene, 0);
    assert_fails(tori_post_send(cx, scene.post, &customer, &p), TORI_ERR_BUSY);
    close_scene(&scene);
}

static void what_has_no_result_goes_out_again(void **state)
{
    struct tori_ctx *cx = *state;
    struct scene scene;

    open_scene(cx, &scene, 4, 60000);
    courier_takes_call(&scene);
    wait_for_room(&scene, 4);
    for (uint8_t n = 1; n <= 3; n++) {
        send_parcel(cx, &scene, n);
        assert_int_equal(courier_reads(cx, &scene), n);
    }
    courier_answers(&scene, 2, TORI_PARCEL_DELIVERED);
    wait_for_results(&scene, 1);
    courier_goes(&scene);
    courier_opens(&scene);
    courier_takes_call(&scene);
    uint8_t first = courier_reads(cx, &scene), second = courier_reads(cx, &scene);
    assert_int_equal(first + second, 1 + 3);
    courier_answers(&scene, 1, TORI_PARCEL_DELIVERED);
    courier_answers(&scene, 3, TORI_PARCEL_PERMANENT);
    wait_for_results(&scene, 3);
    wait_for_room(&scene, 4);
    courier_goes(&scene);
    close_scene(&scene);
}

static void a_job_is_taken_once_and_no_more_than_fit(void **state)
{
    struct tori_ctx *cx = *state;
    struct tori_parcel p = parcel(3);
    struct scene scene;

    open_scene(cx, &scene, 2, 60000);
    courier_takes_call(&scene);
    wait_for_room(&scene, 2);
    send_parcel(cx, &scene, 1);
    send_parcel(cx, &scene, 1);
    send_parcel(cx, &scene, 2);
    assert_fails(tori_post_send(cx, scene.post, &customer, &p), TORI_ERR_BUSY);
    assert_int_equal(courier_reads(cx, &scene), 1);
    assert_int_equal(courier_reads(cx, &scene), 2);
    courier_goes(&scene);
    close_scene(&scene);
}

static void a_silent_courier_is_a_temporary_failure(void **state)
{
    struct tori_ctx *cx = *state;
    struct scene scene;

    open_scene(cx, &scene, 4, 200);
    courier_takes_call(&scene);
    wait_for_room(&scene, 4);
    send_parcel(cx, &scene, 1);
    wait_for_results(&scene, 1);
    assert_int_equal(scene.last.outcome, TORI_PARCEL_TEMPORARY);
    assert_int_equal(scene.last.step, TORI_PARCEL_AT_COURIER);
    /* What it says too late concerns nobody. */
    courier_answers(&scene, 1, TORI_PARCEL_DELIVERED);
    usleep(100 * 1000);
    assert_int_equal(scene.results, 1);
    courier_goes(&scene);
    close_scene(&scene);
}

static void a_courier_that_talks_nonsense_is_hung_up_on(void **state)
{
    struct tori_ctx *cx = *state;
    static const char *const nonsense[] = {"x", "TR\x01", "01234567890123456789012345678901",
                                           "012345678901234567890123456789012"};
    struct scene scene;
    char byte;

    open_scene(cx, &scene, 4, 60000);
    for (size_t i = 0; i < sizeof(nonsense) / sizeof(nonsense[0]); i++) {
        courier_takes_call(&scene);
        wait_for_room(&scene, 4);
        assert_true(send(scene.peer, nonsense[i], strlen(nonsense[i]), MSG_NOSIGNAL) > 0);
        assert_int_equal(recv(scene.peer, &byte, 1, 0), 0);
        close(scene.peer);
    }
    courier_takes_call(&scene);
    wait_for_room(&scene, 4);
    send_parcel(cx, &scene, 1);
    assert_int_equal(courier_reads(cx, &scene), 1);
    courier_goes(&scene);
    close_scene(&scene);
    assert_int_equal(scene.results, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        unit(a_parcel_gets_its_result),
        unit(without_a_courier_nothing_is_taken),
        unit(what_has_no_result_goes_out_again),
        unit(a_job_is_taken_once_and_no_more_than_fit),
        unit(a_silent_courier_is_a_temporary_failure),
        unit(a_courier_that_talks_nonsense_is_hung_up_on),
    };
    return tori_unit_run("post", tests);
}
