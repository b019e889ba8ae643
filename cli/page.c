/* SPDX-License-Identifier: Apache-2.0 */
/* The offline page: page.html, which the build embeds, with the data put in. */
#include "files.h"
#include "model.h"
#include "page_html.h"

#include <stdlib.h>
#include <string.h>

static int write_around(const char *path, const char *text)
{
    static const char marker[] = "@DATA@";
    const char *page = (const char *)cli_page_html;
    const char *at = strstr(page, marker);
    size_t head = (size_t)(at - page);
    const char *rest = at + sizeof marker - 1;
    size_t size = head + strlen(text) + strlen(rest);
    char *whole = malloc(size + 1);
    if (whole == NULL) {
        return cli_fail_memory(size);
    }
    memcpy(whole, page, head);
    memcpy(whole + head, text, strlen(text));
    memcpy(whole + head + strlen(text), rest, strlen(rest));
    int status = cli_file_write(path, whole, size, NULL, 0);
    free(whole);
    return status;
}

int cli_page_write(const char *path, const char *title, json_t *before, json_t *after, json_t *plan)
{
    json_t *data = json_object();
    cli_json_set(data, "title", cli_json_text(title));
    cli_json_set(data, "solder", json_string(solder_version()));
    cli_json_set(data, "before", before != NULL ? json_incref(before) : json_null());
    cli_json_set(data, "after", after != NULL ? json_incref(after) : json_null());
    cli_json_set(data, "plan", plan != NULL ? json_incref(plan) : json_null());
    /* "</script>" in a name must not end the element: slashes are escaped. */
    char *text = json_dumps(data, JSON_COMPACT | JSON_ESCAPE_SLASH | JSON_REAL_PRECISION(9));
    json_decref(data);
    if (text == NULL) {
        return cli_fail_memory(0);
    }
    int status = write_around(path, text);
    free(text);
    return status;
}
