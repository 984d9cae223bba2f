/* TORI_AUTO(EVP_PKEY) key = …; is released at the end of its scope. */
#ifndef TORI_BASE_AUTO_H
#define TORI_BASE_AUTO_H

#define TORI_AUTO(type) __attribute__((cleanup(tori_auto_##type))) type *

#define TORI_AUTO_DEFINE(type, release)                                                            \
    static inline void tori_auto_##type(type **p)                                                  \
    {                                                                                              \
        release(*p);                                                                               \
    }

#endif
