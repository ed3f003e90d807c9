/* SPDX-License-Identifier: BSD-3-Clause
 *
 * The page's files, as they stand in the program.
 */
#include "http.h"
#include "page.h"

void app_http_page(
	void *context, const struct adit_http_request *request, struct adit_http_response *response)
{
	const struct {
		const char *path, *type;
		const uint8_t *bytes;
		size_t size;
	} files[] = {
		{"/", "text/html; charset=utf-8", app_page_page_html, app_page_page_html_size},
		{"/icon.svg", "image/svg+xml", app_page_icon_svg, app_page_icon_svg_size},
		{"/page.css", "text/css; charset=utf-8", app_page_page_css, app_page_page_css_size},
		{"/page.js", "text/javascript; charset=utf-8", app_page_page_js,
			app_page_page_js_size},
		{"/plot.js", "text/javascript; charset=utf-8", app_page_plot_js,
			app_page_plot_js_size},
	};

	(void)context;
	for (size_t i = 0; i < ADIT_COUNT(files); i++)
		if (strcmp(files[i].path, request->path) == 0)
			*response = (struct adit_http_response){.status = 200,
				.type = files[i].type,
				.body = (char *)(uintptr_t)files[i].bytes,
				.size = files[i].size,
				.is_static = true};
}
