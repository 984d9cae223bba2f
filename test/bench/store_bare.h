/* The bare loops that our commits are measured against: four tuned statements a transaction, no
 * more than an engine needs. */
#ifndef TORI_BENCH_STORE_BARE_H
#define TORI_BENCH_STORE_BARE_H

#include <stdint.h>

enum { BENCH_CUSTOMERS = 100000 };

struct bare;

/* Makes its own tables, filled, in a database of its own. Ends the process when it cannot. */
struct bare *bare_sqlite_open(const char *path);
struct bare *bare_pg_open(const char *url);
/* One group of n transactions, made durable. */
void bare_sqlite_group(struct bare *bare, int n);
void bare_pg_group(struct bare *bare, int n);
void bare_sqlite_close(struct bare *bare);
void bare_pg_close(struct bare *bare);

/* Keys as ours are: the time first, then what nobody can guess. */
void bench_key(uint64_t n, uint8_t *to, int size);
uint64_t bench_any(uint64_t *seed);

#endif
