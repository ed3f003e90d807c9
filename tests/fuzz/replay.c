/* SPDX-License-Identifier: BSD-3-Clause
 *
 * Runs a fuzz target over every file of the given directories, without libFuzzer: what a fuzzer
 * once found stays found in every build. Each input stands in a heap block of exactly its size,
 * so that ASan sees an over-read by one byte. No input at all is a failure.
 */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path, size_t size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data = malloc(size ? size : 1);
	int failed = file == NULL || data == NULL || fread(data, 1, size, file) != size;

	if (failed) {
		perror(path);
	} else {
		/* Said before the run: after a crash it is the last line. */
		printf("%s\n", path);
		fflush(stdout);
		LLVMFuzzerTestOneInput(data, size);
	}
	free(data);
	if (file != NULL)
		fclose(file);
	return failed ? -1 : 0;
}

/* Gives the number of inputs run, or -1. */
static int replay_directory(const char *directory)
{
	struct dirent **names;
	int count = scandir(directory, &names, NULL, alphasort), done = 0;

	if (count < 0) {
		perror(directory);
		return -1;
	}
	for (int i = 0; i < count; i++) {
		char path[4096];
		struct stat about;

		snprintf(path, sizeof(path), "%s/%s", directory, names[i]->d_name);
		free(names[i]);
		if (done < 0 || stat(path, &about) != 0 || !S_ISREG(about.st_mode))
			continue;
		done = replay_file(path, (size_t)about.st_size) == 0 ? done + 1 : -1;
	}
	free(names);
	return done;
}

int main(int argc, char **argv)
{
	int total = 0;

	for (int i = 1; i < argc; i++) {
		int done = replay_directory(argv[i]);

		if (done < 0)
			return EXIT_FAILURE;
		total += done;
	}
	printf("%d inputs replayed\n", total);
	if (total == 0) {
		fprintf(stderr, "usage: %s DIRECTORY..., with at least one input in them\n",
			argv[0]);
		return EXIT_FAILURE;
	}
	return EXIT_SUCCESS;
}
