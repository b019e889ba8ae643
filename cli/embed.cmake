# SPDX-License-Identifier: Apache-2.0
# cmake -DIN=page.html -DOUT=page_html.c -DNAME=cli_page_html -P embed.cmake: a file as a C array.
file(READ ${IN} bytes HEX)
string(REGEX REPLACE "(................................)" "\\1\n" bytes "${bytes}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," bytes "${bytes}")
file(WRITE ${OUT} "#include \"page_html.h\"\nconst unsigned char ${NAME}[] = {\n${bytes}\n0};\n")
