/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What every library shares: spans, byte loads, time units, the error text and the allocator that
 * a caller hands in. Everything here is either pure or owned by its caller; no function blocks.
 */
#ifndef ADIT_BASE_H
#define ADIT_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ADIT_CACHE_LINE    64
#define ADIT_CACHE_ALIGNED __attribute__((aligned(ADIT_CACHE_LINE)))
#define ADIT_LIKELY(x)     __builtin_expect(!!(x), 1)
#define ADIT_UNLIKELY(x)   __builtin_expect(!!(x), 0)
#define ADIT_PRINTF(f, a)  __attribute__((format(printf, f, a)))
/* For a function whose argument is a constant in each caller: a variant for each. */
#define ADIT_ALWAYS_INLINE inline __attribute__((always_inline))
#define ADIT_COUNT(array)  (sizeof(array) / sizeof((array)[0]))

#define ADIT_NS_PER_US UINT64_C(1000)
#define ADIT_NS_PER_MS UINT64_C(1000000)
#define ADIT_NS_PER_S  UINT64_C(1000000000)

/*
 * Logical shards. A subscriber belongs to one by a keyed hash of its address and context; workers
 * own whole shards and the scoring core merges in shard order, so that what is found does not
 * depend on how many workers there are.
 */
#define ADIT_SHARDS 64

/* Network byte order, any alignment. */
static inline uint16_t adit_load_be16(const uint8_t *p)
{
	return (uint16_t)(p[0] << 8 | p[1]);
}

static inline uint32_t adit_load_be32(const uint8_t *p)
{
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return __builtin_bswap32(v);
}

/* An IP address; IPv4 stands in the first 4 bytes, the rest is zero. */
struct adit_address {
	uint8_t bytes[16];
	uint8_t is_v6;
};

/*
 * The message of a failed call, for a person: names the file, the line or the offset, and what
 * would be right. The caller owns it; a function writes it only when it returns an error.
 */
struct adit_error {
	char text[512];
};

/* Writes the message (cut to its room); returns `code`, so that `return adit_error_set(…)` reads
 * as one step. `error` may be NULL. */
int adit_error_set(struct adit_error *error, int code, const char *format, ...) ADIT_PRINTF(3, 4);

/* Nanoseconds since the Unix epoch of RFC 3339 ("2026-11-22T07:19:42.25Z", or with an offset), or
 * of seconds since then ("1795331982", "1795331982.25"); finer ones are cut. 0, or -EINVAL of what
 * is no such time, of none before 1970 and of none after 2553. Any thread. */
int adit_time_read(const char *text, uint64_t *ns);

/* Puts the folder that a file is in on the disk: a name that is new there lasts over a crash then.
 * 0 or -errno. Any thread; waits for the disk. */
int adit_folder_sync(const char *path);

/*
 * Where a library's long-lived memory comes from. `alloc` returns zeroed memory aligned to
 * `align` (a power of two), or NULL. Called only while a thing is created or destroyed, never on
 * the packet path. A NULL allocator, or one whose `alloc` is NULL, means the C library's.
 */
struct adit_allocator {
	void *(*alloc)(void *context, size_t size_bytes, size_t align);
	void (*free)(void *context, void *memory);
	void *context;
};

/* What a thing keeps, so that destroying it needs no argument. */
static inline struct adit_allocator adit_allocator_copy(const struct adit_allocator *allocator)
{
	return allocator != NULL ? *allocator : (struct adit_allocator){NULL, NULL, NULL};
}

void *adit_alloc(const struct adit_allocator *allocator, size_t size_bytes, size_t align);
void adit_free(const struct adit_allocator *allocator, void *memory);

/* Whether the environment variable ADIT_CPU names this row of a table of CPU rows: it is then used
 * in place of a better one. For support, and for measuring. At start only. */
bool adit_cpu_wanted(const char *row);

#ifdef __cplusplus
}
#endif
#endif
