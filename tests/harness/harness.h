/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The C face of GoogleTest. A test is a C function; GoogleTest runs it, filters it and reports it.
 * Only the .cc files of this folder are C++.
 *
 *	TEST(name_parser, refuses_a_loop)
 *	{
 *		CHECK_EQ_INT(adit_name_read(…), 0);
 *	}
 *
 * CHECK_… records a failure and goes on; REQUIRE_… returns from the test.
 */
#ifndef ADIT_TEST_HARNESS_H
#define ADIT_TEST_HARNESS_H

#include <inttypes.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "adit_base.h"

#ifdef __cplusplus
extern "C" {
#endif

void harness_register(
	const char *suite, const char *name, const char *file, int line, void (*body)(void));
/* A case per file or row found at run time: `body` gets `argument` (copied by pointer). */
void harness_register_case(const char *suite, const char *name, const char *file, int line,
	void (*body)(const void *argument), const void *argument);
void harness_fail(const char *file, int line, const char *format, ...) ADIT_PRINTF(3, 4);
/* Marks the running test as skipped; the test must return after it. */
void harness_skip(const char *file, int line, const char *format, ...) ADIT_PRINTF(3, 4);
/* True if the running test has failed so far. */
bool harness_failed(void);

/* Directory of the source tree, and of the shared captures (NULL where they are absent). */
const char *harness_source_root(void);
const char *harness_shared_root(void);

/* An allocator that fails its n-th call (counted from 0; SIZE_MAX: none), for loops over every
 * out-of-memory path. `live` is what is allocated and not freed. */
struct harness_allocator {
	struct adit_allocator allocator;
	size_t fail_at, calls, live;
};
void harness_allocator_init(struct harness_allocator *allocator, size_t fail_at);

/* A heap block of exactly these bytes, so that ASan sees an over-read by one. Freed at the end of
 * the test. */
uint8_t *harness_exact(const void *bytes, size_t size);
/* Bytes from hex digits; white space between them is skipped. Freed at the end of the test. */
uint8_t *harness_hex(const char *hex, size_t *size);

#define TEST(suite, name)                                                                   \
	static void suite##_##name##_body(void);                                            \
	__attribute__((constructor)) static void suite##_##name##_register(void)            \
	{                                                                                   \
		harness_register(#suite, #name, __FILE__, __LINE__, suite##_##name##_body); \
	}                                                                                   \
	static void suite##_##name##_body(void)

#define FAIL(...) harness_fail(__FILE__, __LINE__, __VA_ARGS__)
#define SKIP(...)                                              \
	do {                                                   \
		harness_skip(__FILE__, __LINE__, __VA_ARGS__); \
		return;                                        \
	} while (0)

#define CHECK(condition)                                  \
	do {                                              \
		if (!(condition))                         \
			FAIL("not true: %s", #condition); \
	} while (0)

#define CHECK_EQ_INT(got, want)                                                              \
	do {                                                                                 \
		int64_t got_ = (int64_t)(got), want_ = (int64_t)(want);                      \
		if (got_ != want_)                                                           \
			FAIL("%s is %" PRId64 ", expected %s = %" PRId64, #got, got_, #want, \
				want_);                                                      \
	} while (0)

#define CHECK_EQ_STR(got, want)                                                               \
	do {                                                                                  \
		const char *got_ = (got), *want_ = (want);                                    \
		if (got_ == NULL || want_ == NULL ? got_ != want_ : strcmp(got_, want_) != 0) \
			FAIL("%s is \"%s\", expected \"%s\"", #got, got_ ? got_ : "(null)",   \
				want_ ? want_ : "(null)");                                    \
	} while (0)

#define CHECK_EQ_MEM(got, want, size)                            \
	do {                                                     \
		if (memcmp((got), (want), (size)) != 0)          \
			FAIL("%s differs from %s", #got, #want); \
	} while (0)

/* `text` contains `part`. */
#define CHECK_CONTAINS(text, part)                                  \
	do {                                                        \
		const char *text_ = (text);                         \
		if (strstr(text_, (part)) == NULL)                  \
			FAIL("\"%s\" lacks \"%s\"", text_, (part)); \
	} while (0)

#define REQUIRE(condition)                                \
	do {                                              \
		if (!(condition)) {                       \
			FAIL("not true: %s", #condition); \
			return;                           \
		}                                         \
	} while (0)

#ifdef __cplusplus
}
#endif
#endif
