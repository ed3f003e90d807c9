/* SPDX-License-Identifier: BSD-3-Clause
 *
 * GoogleTest behind the C face. The lists are made with `new` and never destroyed: at exit their
 * rows must still be reachable, or LeakSanitizer reports them.
 */
#include "harness.h"

#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <unistd.h>
#include <vector>

#include <gtest/gtest.h>

namespace
{

struct Row {
	std::string suite, name;
	const char *file;
	int line;
	void (*plain)(void);
	void (*with_argument)(const void *);
	const void *argument;
};

std::vector<Row> &rows()
{
	static auto *all = new std::vector<Row>;
	return *all;
}

std::vector<void *> &blocks()
{
	static auto *all = new std::vector<void *>;
	return *all;
}

class Case : public testing::Test
{
      public:
	explicit Case(const Row &row) : row_(row)
	{
	}

	void TestBody() override
	{
		if (row_.plain)
			row_.plain();
		else
			row_.with_argument(row_.argument);
	}

	void TearDown() override
	{
		for (void *block : blocks())
			free(block);
		blocks().clear();
	}

      private:
	Row row_;
};

std::string format_text(const char *format, va_list arguments)
{
	char text[2048];

	vsnprintf(text, sizeof(text), format, arguments);
	return text;
}

} // namespace

extern "C" {

void harness_register(
	const char *suite, const char *name, const char *file, int line, void (*body)(void))
{
	rows().push_back({suite, name, file, line, body, nullptr, nullptr});
}

void harness_register_case(const char *suite, const char *name, const char *file, int line,
	void (*body)(const void *), const void *argument)
{
	rows().push_back({suite, name, file, line, nullptr, body, argument});
}

void harness_fail(const char *file, int line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	ADD_FAILURE_AT(file, line) << format_text(format, arguments);
	va_end(arguments);
}

void harness_skip(const char *file, int line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	std::string text = format_text(format, arguments);
	va_end(arguments);
	[&]() { GTEST_SKIP_(text.c_str()); }();
	(void)file;
	(void)line;
}

bool harness_failed(void)
{
	return testing::Test::HasFailure();
}

const char *harness_source_root(void)
{
	const char *given = getenv("ADIT_SOURCE_ROOT");

	return given ? given : ADIT_SOURCE_ROOT;
}

const char *harness_shared_root(void)
{
	static std::string path = std::string(harness_source_root()) + "/../shared";

	return access((path + "/pcaps").c_str(), R_OK) == 0 ? path.c_str() : nullptr;
}

static void *counted_alloc(void *context, size_t size, size_t align)
{
	auto *counts = static_cast<harness_allocator *>(context);
	void *memory;

	if (counts->calls++ == counts->fail_at)
		return nullptr;
	memory = adit_alloc(nullptr, size, align);
	counts->live += memory != nullptr;
	return memory;
}

static void counted_free(void *context, void *memory)
{
	static_cast<harness_allocator *>(context)->live--;
	adit_free(nullptr, memory);
}

void harness_allocator_init(struct harness_allocator *allocator, size_t fail_at)
{
	*allocator = {{counted_alloc, counted_free, allocator}, fail_at, 0, 0};
}

uint8_t *harness_exact(const void *bytes, size_t size)
{
	auto *block = static_cast<uint8_t *>(malloc(size ? size : 1));

	if (size)
		memcpy(block, bytes, size);
	blocks().push_back(block);
	return block;
}

uint8_t *harness_hex(const char *hex, size_t *size)
{
	std::vector<uint8_t> bytes;
	int high = -1;

	for (; *hex; hex++) {
		const char *digits = "0123456789abcdefABCDEF", *at = strchr(digits, *hex);
		int value;

		if (!at)
			continue;
		value = at - digits < 16 ? at - digits : at - digits - 6;
		if (high < 0) {
			high = value;
		} else {
			bytes.push_back((uint8_t)(high << 4 | value));
			high = -1;
		}
	}
	*size = bytes.size();
	return harness_exact(bytes.data(), bytes.size());
}

} // extern "C"

int main(int argc, char **argv)
{
	testing::InitGoogleTest(&argc, argv);
	for (const Row &row : rows())
		testing::RegisterTest(row.suite.c_str(), row.name.c_str(), nullptr, nullptr,
			row.file, row.line, [row]() -> testing::Test * { return new Case(row); });
	return RUN_ALL_TESTS();
}
