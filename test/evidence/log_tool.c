/* `torimori log` on its own, for the tests. */
#include "cmd/cmd.h"

int main(int argc, char **argv)
{
    return tori_cmd_log(argc, argv);
}
