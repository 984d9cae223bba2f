/* torimori: one binary, subcommands like git's; see src/cmd. */
#include <stdio.h>
#include <string.h>

#include "cmd/cmd.h"

struct subcommand {
    const char *name;
    const char *summary; /* NULL: not listed, for the supervisor's own use */
    int (*run)(int argc, char **argv);
};

static int help(int argc, char **argv);

static const struct subcommand subcommands[] = {
    {"serve", "run Torimori: keyholder, courier and net under one supervisor", tori_cmd_serve},
    {"admin", "add the first operators and channels to a running Torimori", tori_cmd_admin},
    {"log", "verify, prove, show and rebuild the evidence log", tori_cmd_log},
    {"store", "make the tables of the store, or move them forward", tori_cmd_store},
    {"openapi", "print the description of the API", tori_cmd_openapi},
    {"settings", "print every setting with default and limits", tori_cmd_settings},
    {"version", "print the version", tori_cmd_version},
    {"help", "this list", help},
    {"role", NULL, tori_cmd_role},
};

static int help(int argc, char **argv)
{
    (void)argc, (void)argv;
    puts("usage: torimori SUBCOMMAND [ARGUMENT ...]\n");
    for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
        if (subcommands[i].summary != NULL)
            printf("  %-10s %s\n", subcommands[i].name, subcommands[i].summary);
    puts("\nEach subcommand says more with --help.");
    return 0;
}

int main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--help") == 0)
        return help(argc, argv), argc < 2 ? 2 : 0;
    for (size_t i = 0; i < sizeof(subcommands) / sizeof(subcommands[0]); i++)
        if (strcmp(subcommands[i].name, argv[1]) == 0)
            return subcommands[i].run(argc - 1, argv + 1);
    fprintf(stderr, "torimori: there is no subcommand \"%s\"; torimori help lists them\n", argv[1]);
    return 2;
}
