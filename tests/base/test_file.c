/* SPDX-License-Identifier: Apache-2.0 */
#include <dirent.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"

static char folder[] = "test_file_XXXXXX";
static sld_diag diag;

static const char *in_folder(const char *name)
{
    static char path[256];
    (void)snprintf(path, sizeof path, "%s/%s", folder, name);
    return path;
}

static int entries(void)
{
    DIR *dir = opendir(folder);
    assert_non_null(dir);
    int count = -2; /* . and .. */
    while (readdir(dir) != NULL) {
        count++;
    }
    (void)closedir(dir);
    return count;
}

static void write_file(const char *name, const char *text)
{
    sld_writer w;
    assert_int_equal(sld_writer_open(NULL, &diag, in_folder(name), &w), SOLDER_OK);
    assert_int_equal(sld_writer_write(&w, text, strlen(text)), SOLDER_OK);
    assert_int_equal(sld_writer_commit(&w), SOLDER_OK);
}

static void expect_contents(const char *name, const char *text)
{
    sld_file file;
    assert_int_equal(sld_file_map(&diag, in_folder(name), &file), SOLDER_OK);
    assert_int_equal(file.size, strlen(text));
    assert_memory_equal(file.data, text, file.size);
    sld_file_unmap(&file);
    assert_null(file.data);
}

static void written_file_reads_back(void **state)
{
    (void)state;
    write_file("a", "hello");
    expect_contents("a", "hello");
    write_file("a", "again and longer");
    expect_contents("a", "again and longer");
    assert_int_equal(entries(), 1);
    assert_int_equal(unlink(in_folder("a")), 0);
}

static void writer_overwrites_in_place(void **state)
{
    (void)state;
    sld_writer w;
    assert_int_equal(sld_writer_open(NULL, &diag, in_folder("b"), &w), SOLDER_OK);
    assert_int_equal(sld_writer_write(&w, "0123456789", 10), SOLDER_OK);
    assert_int_equal(sld_writer_write_at(&w, 3, "abc", 3), SOLDER_OK);
    assert_int_equal(sld_writer_write_at(&w, 8, "abc", 3), SOLDER_ERROR_INTERNAL);
    assert_int_equal(sld_writer_write(&w, "!", 1), SOLDER_OK);
    assert_int_equal(w.offset, 11);
    assert_int_equal(access(in_folder("b"), F_OK), -1); /* nothing under the name before commit */
    assert_int_equal(sld_writer_commit(&w), SOLDER_OK);
    expect_contents("b", "012abc6789!");
    assert_int_equal(unlink(in_folder("b")), 0);
}

static void abandoned_writer_leaves_nothing(void **state)
{
    (void)state;
    write_file("c", "old");
    sld_writer w;
    assert_int_equal(sld_writer_open(NULL, &diag, in_folder("c"), &w), SOLDER_OK);
    assert_int_equal(sld_writer_write(&w, "new", 3), SOLDER_OK);
    sld_writer_abandon(&w);
    expect_contents("c", "old");
    assert_int_equal(entries(), 1);
    assert_int_equal(unlink(in_folder("c")), 0);
}

static void empty_file_maps_to_nothing(void **state)
{
    (void)state;
    write_file("empty", "");
    sld_file file;
    assert_int_equal(sld_file_map(&diag, in_folder("empty"), &file), SOLDER_OK);
    assert_null(file.data);
    assert_int_equal(file.size, 0);
    sld_file_unmap(&file);
    assert_int_equal(unlink(in_folder("empty")), 0);
}

static void errors_name_the_file(void **state)
{
    (void)state;
    sld_file file;
    assert_int_equal(sld_file_map(&diag, "no-such-file", &file), SOLDER_ERROR_IO);
    assert_string_equal(diag.message, "cannot open 'no-such-file': No such file or directory");
    assert_int_equal(sld_file_map(&diag, "/", &file), SOLDER_ERROR_IO);
    assert_string_equal(diag.message, "cannot read '/': Is a directory");
    assert_int_equal(mkfifo(in_folder("pipe"), 0600), 0);
    assert_int_equal(sld_file_map(&diag, in_folder("pipe"), &file), SOLDER_ERROR_IO);
    assert_non_null(strstr(diag.message, "/pipe': not a regular file"));
    sld_writer w;
    assert_int_equal(sld_writer_open(NULL, &diag, in_folder("pipe"), &w), SOLDER_ERROR_IO);
    assert_int_equal(unlink(in_folder("pipe")), 0);
    assert_int_equal(sld_writer_open(NULL, &diag, "no-such-folder/x", &w), SOLDER_ERROR_IO);
    assert_string_equal(diag.message, "cannot write 'no-such-folder/x': No such file or directory");
    assert_int_equal(sld_writer_open(NULL, &diag, folder, &w), SOLDER_ERROR_IO);
    assert_non_null(strstr(diag.message, "Is a directory"));
    assert_int_equal(entries(), 0);
}

static void full_disk_is_reported(void **state)
{
    (void)state;
    sld_writer w;
    assert_int_equal(sld_writer_open(NULL, &diag, in_folder("full"), &w), SOLDER_OK);
    int full = open("/dev/full", O_WRONLY);
    if (full < 0) {
        sld_writer_abandon(&w);
        skip();
    }
    assert_true(dup2(full, w.fd) >= 0);
    (void)close(full);
    assert_int_equal(sld_writer_write(&w, "x", 1), SOLDER_ERROR_IO);
    assert_non_null(strstr(diag.message, "full': No space left on device"));
    sld_writer_abandon(&w);
    assert_int_equal(entries(), 0);
}

static int make_folder(void **state)
{
    (void)state;
    sld_diag_init(&diag, NULL);
    return mkdtemp(folder) == NULL;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(written_file_reads_back),
        cmocka_unit_test(writer_overwrites_in_place),
        cmocka_unit_test(abandoned_writer_leaves_nothing),
        cmocka_unit_test(empty_file_maps_to_nothing),
        cmocka_unit_test(errors_name_the_file),
        cmocka_unit_test(full_disk_is_reported),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
