/* The first process: no parser of foreign bytes, no store, no keys. It binds the two internal
 * sockets, starts keyholder, courier and net by exec, restarts what ends, and ends them in the
 * right order. One runs in a data directory at a time. */
#ifndef TORI_SUPERVISOR_H
#define TORI_SUPERVISOR_H

#include "base/settings.h"

/* `config_path` is handed to the roles. Returns the exit code of the whole: 0, or TORI_EXIT_UNFIT
 * when a role cannot run as it is set up (only its first start is judged like this). */
int tori_supervise(struct tori_ctx *cx, const struct tori_settings *settings,
                   const char *config_path);

/* Sockets and folders that belong together, from data.directory. */
struct tori_places {
    char keyholder_socket[108];
    char courier_socket[108];
    char admin_socket[108];
    char lock[400];
    char evidence[400];
    char keys[400];
    char spool[400];
};
/* SETTING_BAD when a path does not fit. */
TORI_RESULT tori_places_of(struct tori_ctx *cx, const struct tori_settings *settings,
                           struct tori_places *out);

#endif
