/* Endpoints that only tests have, before the house's own. */
#ifndef TORI_TEST_HTTP_ENDPOINTS_H
#define TORI_TEST_HTTP_ENDPOINTS_H

#include "http/endpoint.h"

extern const struct tori_endpoint_entry tori_test_endpoints[];
extern const size_t tori_test_endpoint_count;

#endif
