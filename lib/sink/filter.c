/* SPDX-License-Identifier: BSD-3-Clause */
#include "sink_priv.h"

#include <errno.h>
#include <stdlib.h>

static int names_make(struct adit_wire_name **names, size_t *count,
	const struct adit_sink_strings *texts, struct adit_error *error)
{
	*count = 0;
	*names = NULL;
	if (texts->count == 0)
		return 0;
	*names = calloc(texts->count, sizeof(**names));
	if (*names == NULL)
		return adit_error_set(error, -ENOMEM, "out of memory");
	for (; *count < texts->count; (*count)++) {
		struct adit_name name;

		if (texts->item[*count][0] == '\0' ||
			adit_name_from_text(texts->item[*count], &name) != 0 || name.labels == 0)
			return adit_error_set(error, -EINVAL,
				"'%s' is no domain; expected one such as example.com",
				texts->item[*count]);
		(*names)[*count].size = name.size;
		memcpy((*names)[*count].wire, name.lower, name.size);
	}
	return 0;
}

int adit_filter_make(struct adit_sink_filter *filter, const struct adit_sink_params *params,
	struct adit_error *error)
{
	int status = names_make(&filter->only, &filter->only_count, &params->only, error);

	return status != 0
		       ? status
		       : names_make(&filter->never, &filter->never_count, &params->never, error);
}

void adit_filter_clear(struct adit_sink_filter *filter)
{
	free(filter->only);
	free(filter->never);
	memset(filter, 0, sizeof(*filter));
}

bool adit_filter_is_below(
	const struct adit_wire_name *domain, const struct adit_wire_name *names, size_t count)
{
	for (size_t at = 0; at < domain->size; at += 1u + domain->wire[at])
		for (size_t i = 0; i < count; i++)
			if (domain->size - at == names[i].size &&
				memcmp(domain->wire + at, names[i].wire, names[i].size) == 0)
				return true;
	return false;
}

bool adit_filter_passes(const struct adit_sink_filter *filter,
	const struct adit_sink_params *params, const struct adit_verdict *verdict)
{
	/* A zone names domains of tunnels, and nothing else. */
	if (params->type == ADIT_SINK_RPZ &&
		(verdict->verdict != ADIT_VERDICT_TUNNEL || verdict->domain.size <= 1))
		return false;
	if (verdict->muted != NULL && (!params->muted || params->type == ADIT_SINK_RPZ))
		return false;
	if (verdict->score < params->least_score || !(params->verdicts & 1u << verdict->verdict) ||
		!(params->states & 1u << verdict->state))
		return false;
	if (filter->only_count > 0 &&
		!adit_filter_is_below(&verdict->domain, filter->only, filter->only_count))
		return false;
	return !adit_filter_is_below(&verdict->domain, filter->never, filter->never_count);
}
