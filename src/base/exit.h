/* Exit codes of the roles that the supervisor acts on. */
#ifndef TORI_BASE_EXIT_H
#define TORI_BASE_EXIT_H

/* A setting, an address or a file makes this role impossible: trying again heals nothing. */
enum { TORI_EXIT_UNFIT = 2 };

#endif
