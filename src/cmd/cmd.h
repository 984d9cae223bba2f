/* Subcommands of torimori, one file each. argv[0] is the subcommand's own name ("log"); the answer
 * is the exit code: 0 done, 1 the answer is no, 2 called wrongly. */
#ifndef TORI_CMD_CMD_H
#define TORI_CMD_CMD_H

#define TORI_VERSION "0.1.0"

/* torimori log verify DIR [--vkey FILE]
 * torimori log prove DIR SEQ
 * torimori log show DIR SEQ
 * torimori log rebuild --from SOURCE DIR     SOURCE: another log folder, or the store's address */
int tori_cmd_log(int argc, char **argv);

/* torimori serve --config FILE [--check], and the roles it starts */
int tori_cmd_serve(int argc, char **argv);
int tori_cmd_role(int argc, char **argv);

/* torimori admin operator add REF --name NAME --config FILE
 * torimori admin channel add NAME --cert FILE --origin URL --return-uri URL … --config FILE
 * torimori admin clock SECONDS --config FILE     (test builds only) */
int tori_cmd_admin(int argc, char **argv);

/* torimori store migrate ADDRESS */
int tori_cmd_store(int argc, char **argv);

int tori_cmd_openapi(int argc, char **argv);
int tori_cmd_settings(int argc, char **argv);
int tori_cmd_version(int argc, char **argv);

#endif
