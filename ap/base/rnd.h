/* rnd.h - random bytes and UUIDs from the kernel's generator. Any thread, also after fork. */
#ifndef AP_BASE_RND_H
#define AP_BASE_RND_H

#include <stddef.h>
#include <stdint.h>

#define RND_UUID 37

void rnd_bytes(void *out, size_t n); /* cannot fail: aborts if the kernel gives none */
void rnd_uuid(char out[RND_UUID]);   /* RFC 4122 version 4, lower case */
uint64_t rnd_below(uint64_t n);      /* 0..n-1; 0 when n is 0; for jitter */

#endif
