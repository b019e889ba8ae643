/* SPDX-License-Identifier: Apache-2.0 */
#ifndef SOLDER_CLI_PAGE_HTML_H
#define SOLDER_CLI_PAGE_HTML_H

/* page.html and a final zero, made by embed.cmake. */
extern const unsigned char cli_page_html[];

#endif
