# SPDX-License-Identifier: Apache-2.0
# What the command needs beyond its own sources: page.html as a C array.
set(page ${PROJECT_BINARY_DIR}/cli/page_html.c)
add_custom_command(
  OUTPUT ${page}
  COMMAND ${CMAKE_COMMAND} -DIN=${PROJECT_SOURCE_DIR}/cli/page.html -DOUT=${page}
    -DNAME=cli_page_html -P ${PROJECT_SOURCE_DIR}/cli/embed.cmake
  DEPENDS cli/page.html cli/embed.cmake)
list(APPEND cli_sources ${page})
