/* Subcommands of torimori, one file each. argv[0] is the subcommand's own name ("log"); the answer
 * is the exit code: 0 done, 1 the answer is no, 2 called wrongly. */
#ifndef TORI_CMD_CMD_H
#define TORI_CMD_CMD_H

/* torimori log verify DIR [--vkey FILE]
 * torimori log prove DIR SEQ
 * torimori log show DIR SEQ
 * torimori log rebuild --from SOURCE DIR     SOURCE: another log folder, or the store's address */
int tori_cmd_log(int argc, char **argv);

#endif
