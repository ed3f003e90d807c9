/* SPDX-License-Identifier: BSD-3-Clause */
#include "adit_base.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

int adit_error_set(struct adit_error *error, int code, const char *format, ...)
{
	va_list arguments;

	if (error == NULL)
		return code;
	va_start(arguments, format);
	vsnprintf(error->text, sizeof(error->text), format, arguments);
	va_end(arguments);
	return code;
}

/*
 * The C library's allocator gives zeroed memory for nothing when it is fresh from the kernel, but
 * only through calloc, which does not align. So: ask for more, align, and keep the true address
 * in front of what is given out.
 */
void *adit_alloc(const struct adit_allocator *allocator, size_t size_bytes, size_t align)
{
	uint8_t *base, *memory;

	if (allocator != NULL && allocator->alloc != NULL)
		return allocator->alloc(allocator->context, size_bytes, align);
	if (align < sizeof(void *))
		align = sizeof(void *);
	if (size_bytes > SIZE_MAX - align - sizeof(void *))
		return NULL;
	base = calloc(1, size_bytes + align + sizeof(void *));
	if (base == NULL)
		return NULL;
	memory = base + sizeof(void *);
	memory += -(uintptr_t)memory & (align - 1);
	memcpy(memory - sizeof(void *), &base, sizeof(void *));
	return memory;
}

void adit_free(const struct adit_allocator *allocator, void *memory)
{
	void *base;

	if (memory == NULL)
		return;
	if (allocator != NULL && allocator->alloc != NULL) {
		allocator->free(allocator->context, memory);
		return;
	}
	memcpy(&base, (uint8_t *)memory - sizeof(void *), sizeof(void *));
	free(base);
}
