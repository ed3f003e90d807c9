/* SPDX-License-Identifier: BSD-3-Clause
 *
 * What a pipeline is made of: all of its memory is taken here.
 */
#include "pipeline_priv.h"

#include <errno.h>

/* A question that comes again within this is a repetition: clients wait 1 to 5 s for an answer. */
#define REPETITION_NS UINT64_C(5000000000)

static struct adit_streams_params streams_params(const struct adit_pipeline_params *params)
{
	uint32_t streams = params->streams / ADIT_SHARDS;
	uint32_t buffers = params->stream_buffers / ADIT_SHARDS;

	return (struct adit_streams_params){
		.shards = adit_shards_per_worker(params->workers),
		.streams = streams != 0 ? streams : 1,
		.buffers = buffers != 0 ? buffers : 1,
	};
}

static size_t duplicates_bytes(const struct adit_pipeline_params *params)
{
	return (size_t)adit_shards_per_worker(params->workers) * ADIT_DUPLICATE_BUCKETS *
	       sizeof(struct adit_duplicate_bucket);
}

size_t adit_pipeline_bytes(const struct adit_pipeline_params *params)
{
	struct adit_streams_params streams = streams_params(params);

	return (params->duplicate_ns != 0 ? 2 : 1) * duplicates_bytes(params) +
	       adit_memo_lines(params->names) * sizeof(struct adit_memo_line) +
	       (params->witness ? ADIT_PIPELINE_WITNESSES * sizeof(uint64_t) : 0) +
	       adit_tracks_bytes(
		       adit_shards_per_worker(params->workers), params->tracks / ADIT_SHARDS) +
	       adit_streams_bytes(&streams);
}

static int parts_create(struct adit_pipeline *made, const struct adit_allocator *allocator,
	struct adit_error *error)
{
	const struct adit_pipeline_params *params = &made->params;
	struct adit_streams_params streams = streams_params(params);

	if (params->duplicate_ns != 0) {
		made->duplicates.window =
			(uint32_t)(params->duplicate_ns >> ADIT_DUPLICATE_TICK_BITS);
		made->duplicates.buckets =
			adit_alloc(allocator, duplicates_bytes(params), ADIT_CACHE_LINE);
		if (made->duplicates.buckets == NULL)
			return adit_error_set(error, -ENOMEM, "no memory for the duplicate filter");
	}
	made->repetitions.window = (uint32_t)(REPETITION_NS >> ADIT_DUPLICATE_TICK_BITS);
	made->repetitions.buckets =
		adit_alloc(allocator, duplicates_bytes(params), ADIT_CACHE_LINE);
	if (made->repetitions.buckets == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for the filter of repetitions");
	made->memo.mask = adit_memo_lines(params->names) - 1;
	made->memo.lines = adit_alloc(allocator,
		((size_t)made->memo.mask + 1) * sizeof(*made->memo.lines), ADIT_CACHE_LINE);
	if (made->memo.lines == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for what is known of names");
	made->tracks = adit_tracks_create(
		adit_shards_per_worker(params->workers), params->tracks / ADIT_SHARDS, allocator);
	if (made->tracks == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for what came last of each key");
	if (params->witness) {
		made->witness = adit_alloc(allocator,
			ADIT_PIPELINE_WITNESSES * sizeof(*made->witness), ADIT_CACHE_LINE);
		if (made->witness == NULL)
			return adit_error_set(error, -ENOMEM, "no memory for the self-check");
	}
	made->streams = adit_streams_create(&streams, allocator);
	if (made->streams == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for TCP streams");
	if (params->patterns != NULL &&
		adit_scanner_create(params->patterns, &made->first, error) != 0)
		return -ENOMEM;
	made->scanner = made->first;
	return 0;
}

int adit_pipeline_create(const struct adit_pipeline_params *params,
	const struct adit_allocator *allocator, struct adit_pipeline **pipeline,
	struct adit_error *error)
{
	struct adit_pipeline *made = adit_alloc(allocator, sizeof(*made), ADIT_CACHE_LINE);
	int status;

	if (made == NULL)
		return adit_error_set(error, -ENOMEM, "no memory for a pipeline");
	made->params = *params;
	made->allocator = adit_allocator_copy(allocator);
	status = parts_create(made, allocator, error);
	if (status != 0) {
		adit_pipeline_destroy(made);
		return status;
	}
	*pipeline = made;
	return 0;
}

void adit_pipeline_destroy(struct adit_pipeline *pipeline)
{
	struct adit_allocator copy, *allocator = &copy;

	if (pipeline == NULL)
		return;
	copy = pipeline->allocator;
	adit_scanner_destroy(pipeline->first);
	adit_streams_destroy(pipeline->streams);
	adit_tracks_destroy(pipeline->tracks);
	adit_free(allocator, pipeline->duplicates.buckets);
	adit_free(allocator, pipeline->repetitions.buckets);
	adit_free(allocator, pipeline->memo.lines);
	adit_free(allocator, pipeline->witness);
	adit_free(allocator, pipeline);
}

void adit_pipeline_reset(struct adit_pipeline *pipeline)
{
	if (pipeline->duplicates.used)
		memset(pipeline->duplicates.buckets, 0, duplicates_bytes(&pipeline->params));
	if (pipeline->repetitions.used)
		memset(pipeline->repetitions.buckets, 0, duplicates_bytes(&pipeline->params));
	pipeline->duplicates.used = pipeline->repetitions.used = false;
	adit_streams_reset(pipeline->streams);
	adit_tracks_reset(pipeline->tracks);
}
