/* SPDX-License-Identifier: Apache-2.0 */
/* Pictures: decoding, damaged files, resizing by hand-computed values, the picture rule. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <png.h>
#include <turbojpeg.h>

#include "image.h"

static const uint8_t pixels[2 * 3 * 3] = {255, 0, 0, 0, 255, 0, 0,   0,   255, /* red green blue */
                                          9,   9, 9, 0, 0,   0, 200, 100, 50};

static int decode(const void *data, size_t size, cli_image *image)
{
    uint8_t *copy = malloc(size + 1);
    assert_non_null(copy);
    memcpy(copy, data, size);
    copy = realloc(copy, size > 0 ? size : 1);
    assert_non_null(copy);
    int status = cli_image_decode("x", copy, size, image);
    free(copy);
    return status;
}

static void test_ppm(void **state)
{
    (void)state;
    uint8_t file[64] = "P6 # a comment\n3 2\n255\n";
    size_t head = strlen((char *)file);
    cli_image image;
    memcpy(file + head, pixels, sizeof pixels);
    assert_int_equal(decode(file, head + sizeof pixels, &image), CLI_DONE);
    assert_int_equal(image.width, 3);
    assert_int_equal(image.height, 2);
    assert_memory_equal(image.pixels, pixels, sizeof pixels);
    cli_image_free(&image);
    assert_int_equal(decode(file, head + sizeof pixels - 1, &image), CLI_DATA);
    assert_string_equal(cli_error(), "x: PPM: truncated or malformed at pixel 5 of 3x2");
}

static void test_pgm_and_plain_forms(void **state)
{
    (void)state;
    cli_image image;
    const char gray[] = "P5\n2 1\n15\n\x0f\x07";
    assert_int_equal(decode(gray, sizeof gray - 1, &image), CLI_DONE);
    assert_memory_equal(image.pixels, ((uint8_t[]){255, 255, 255, 119, 119, 119}), 6);
    cli_image_free(&image);
    const char deep[] = "P5 1 1 65535\n\xff\xff";
    assert_int_equal(decode(deep, sizeof deep - 1, &image), CLI_DONE);
    assert_int_equal(image.pixels[0], 255);
    cli_image_free(&image);
    const char plain[] = "P3\n1 2 #x\n255\n1 2 3\n4 5 6\n";
    assert_int_equal(decode(plain, sizeof plain - 1, &image), CLI_DONE);
    assert_memory_equal(image.pixels, ((uint8_t[]){1, 2, 3, 4, 5, 6}), 6);
    cli_image_free(&image);
    const char beyond[] = "P2 1 1 15\n16\n";
    assert_int_equal(decode(beyond, sizeof beyond - 1, &image), CLI_DATA);
    assert_string_equal(cli_error(), "x: PGM: truncated or malformed at pixel 0 of 1x1");
}

static void test_hostile_pnm(void **state)
{
    (void)state;
    static const struct {
        const char *file, *message;
    } cases[] = {
        {"P6 100000 100000 255\n", "x: a picture of 100000x100000 is too large"},
        {"P6 0 4 255\n", "x: the picture is empty"},
        {"P6 99999999999 1 255\n", "x: PPM: the header is malformed"},
        {"P6 4 -4 255\n", "x: PPM: the header is malformed"},
        {"P6 4 4 70000\n", "x: PPM: the header is malformed"},
        {"P6 4 4 0\n", "x: PPM: the header is malformed"},
        {"P6 4", "x: PPM: the header is malformed"},
        {"BM......", "x: not a picture"},
        {"", "x: not a picture"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cli_image image;
        assert_int_equal(decode(cases[i].file, strlen(cases[i].file), &image), CLI_DATA);
        assert_string_equal(cli_error(), cases[i].message);
    }
}

static size_t make_png(uint32_t format, const void *data, int width, int height, uint8_t *file,
                       size_t room)
{
    png_image png;
    memset(&png, 0, sizeof png);
    png.version = PNG_IMAGE_VERSION;
    png.width = (uint32_t)width;
    png.height = (uint32_t)height;
    png.format = format;
    png_alloc_size_t size = room;
    assert_true(png_image_write_to_memory(&png, file, &size, 0, data, 0, NULL));
    return size;
}

static void test_png(void **state)
{
    (void)state;
    uint8_t file[1024];
    cli_image image;
    size_t size = make_png(PNG_FORMAT_RGB, pixels, 3, 2, file, sizeof file);
    assert_int_equal(decode(file, size, &image), CLI_DONE);
    assert_memory_equal(image.pixels, pixels, sizeof pixels);
    cli_image_free(&image);
    for (size_t cut = 0; cut + 12 < size; cut++) { /* the last 12 bytes say only that it ends */
        assert_int_equal(decode(file, cut, &image), CLI_DATA);
    }
    /* Alpha is dropped, not blended. */
    const uint8_t clear[8] = {10, 20, 30, 0, 40, 50, 60, 255};
    size = make_png(PNG_FORMAT_RGBA, clear, 2, 1, file, sizeof file);
    assert_int_equal(decode(file, size, &image), CLI_DONE);
    assert_memory_equal(image.pixels, ((uint8_t[]){10, 20, 30, 40, 50, 60}), 6);
    cli_image_free(&image);
}

static void test_png_of_huge_size(void **state)
{
    (void)state;
    uint8_t file[1024];
    cli_image image;
    size_t size = make_png(PNG_FORMAT_GRAY, pixels, 3, 2, file, sizeof file);
    memcpy(file + 16, "\0\x01\x86\xa0\0\x01\x86\xa0", 8); /* 100000 x 100000 */
    uint32_t crc = 0xffffffffu;
    for (size_t i = 12; i < 29; i++) {
        crc ^= file[i];
        for (int bit = 0; bit < 8; bit++) {
            crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xedb88320u : 0);
        }
    }
    crc = ~crc;
    for (int i = 0; i < 4; i++) {
        file[29 + i] = (uint8_t)(crc >> (24 - 8 * i));
    }
    assert_int_equal(decode(file, size, &image), CLI_DATA);
    assert_string_equal(cli_error(), "x: a picture of 100000x100000 is too large");
}

static void test_jpeg(void **state)
{
    (void)state;
    uint8_t flat[16 * 16 * 3];
    memset(flat, 120, sizeof flat);
    tjhandle jpeg = tjInitCompress();
    unsigned char *file = NULL;
    unsigned long size = 0;
    cli_image image;
    assert_int_equal(tjCompress2(jpeg, flat, 16, 0, 16, TJPF_RGB, &file, &size, TJSAMP_420, 90, 0),
                     0);
    assert_int_equal(decode(file, size, &image), CLI_DONE);
    assert_int_equal(image.width, 16);
    for (size_t i = 0; i < sizeof flat; i++) {
        assert_in_range(image.pixels[i], 118, 122);
    }
    cli_image_free(&image);
    for (unsigned long cut = 3; cut < size - 2; cut++) { /* all but the end marker */
        int status = decode(file, cut, &image);
        assert_int_equal(status, CLI_DATA);
    }
    const uint8_t tables_only[] = {0xff, 0xd8, 0xff, 0xd9};
    assert_int_equal(decode(tables_only, sizeof tables_only, &image), CLI_DATA);
    assert_string_equal(cli_error(), "x: JPEG: the file holds no picture");
    tjFree(file);
    (void)tjDestroy(jpeg);
}

/* Black on the left, white on the right, with an Exif block right behind the start marker. */
static size_t make_oriented(const uint8_t *exif, size_t exif_size, uint8_t *file)
{
    uint8_t rows[16 * 32 * 3];
    for (int i = 0; i < 16 * 32; i++) {
        memset(rows + i * 3, i % 32 < 16 ? 0 : 255, 3);
    }
    tjhandle jpeg = tjInitCompress();
    unsigned char *plain = NULL;
    unsigned long size = 0;
    assert_int_equal(tjCompress2(jpeg, rows, 32, 0, 16, TJPF_RGB, &plain, &size, TJSAMP_444, 95, 0),
                     0);
    memcpy(file, plain, 2);
    memcpy(file + 2, exif, exif_size);
    memcpy(file + 2 + exif_size, plain + 2, size - 2);
    tjFree(plain);
    (void)tjDestroy(jpeg);
    return size + exif_size;
}

static void test_orientation(void **state)
{
    (void)state;
    uint8_t file[4096];
    cli_image image;
    /* APP1 of 34 bytes, "Exif", big-endian TIFF with one entry: orientation, short, 1, value. */
    uint8_t exif[36] = {0xff, 0xe1, 0, 34, 'E', 'x',  'i', 'f', 0, 0, 'M', 'M', 0, 42, 0, 0,
                        0,    8,    0, 1,  1,   0x12, 0,   3,   0, 0, 0,   1,   0, 6,  0, 0};
    size_t size = make_oriented(exif, sizeof exif, file);
    assert_int_equal(cli_jpeg_orientation(file, size), 6);
    assert_int_equal(decode(file, size, &image), CLI_DONE);
    /* A quarter turn clockwise: what was left is on top. */
    assert_int_equal(image.width, 16);
    assert_int_equal(image.height, 32);
    assert_true(image.pixels[0] < 10 && image.pixels[15 * 3] < 10);
    assert_true(image.pixels[31 * 16 * 3] > 245);
    cli_image_free(&image);
    exif[29] = 9; /* nonsense is upright */
    size = make_oriented(exif, sizeof exif, file);
    assert_int_equal(decode(file, size, &image), CLI_DONE);
    assert_int_equal(image.width, 32);
    cli_image_free(&image);
    exif[29] = 6;
    for (size_t i = 0; i < sizeof exif - 4; i++) { /* any damage is survived */
        uint8_t *block = malloc(2 + i);
        assert_non_null(block);
        memcpy(block, "\xff\xd8", 2);
        memcpy(block + 2, exif, i);
        assert_int_equal(cli_jpeg_orientation(block, 2 + i), 1);
        if (i > 3) {
            block[5] = (uint8_t)(i - 2);
            (void)cli_jpeg_orientation(block, 2 + i);
        }
        free(block);
    }
}

static void test_all_orientations(void **state)
{
    (void)state;
    /* 2 x 1: a b, by orientation: as displayed, row by row. */
    static const char *const wanted[9] = {"", "ab", "ba", "ba", "ab", "ab", "ab", "ba", "ba"};
    for (int orientation = 1; orientation <= 8; orientation++) {
        const uint8_t two[6] = {'a', 0, 0, 'b', 0, 0};
        cli_image image = {2, 1, malloc(6)};
        assert_non_null(image.pixels);
        memcpy(image.pixels, two, 6);
        assert_int_equal(cli_image_orient(orientation, &image), CLI_DONE);
        assert_int_equal(image.width, orientation < 5 ? 2 : 1);
        assert_int_equal(image.pixels[0], wanted[orientation][0]);
        assert_int_equal(image.pixels[3], wanted[orientation][1]);
        cli_image_free(&image);
    }
}

static cli_image copy_image(const uint8_t *data, int width, int height)
{
    cli_image image = {width, height, malloc((size_t)(width * height * 3))};
    assert_non_null(image.pixels);
    memcpy(image.pixels, data, (size_t)(width * height * 3));
    return image;
}

static void test_resize(void **state)
{
    (void)state;
    const uint8_t two[6] = {0, 0, 0, 100, 200, 40};
    cli_image small = copy_image(two, 2, 1);
    cli_image large;
    assert_int_equal(cli_image_resize(&small, 4, 2, &large), CLI_DONE);
    /* Centres at -0.25, 0.25, 0.75, 1.25 of the old columns. */
    const uint8_t wanted[12] = {0, 0, 0, 25, 50, 10, 75, 150, 30, 100, 200, 40};
    assert_memory_equal(large.pixels, wanted, 12);
    assert_memory_equal(large.pixels + 12, wanted, 12);
    cli_image back;
    assert_int_equal(cli_image_resize(&large, 2, 1, &back), CLI_DONE);
    /* Halving is the mean of neighbours: (0 + 25) / 2 rounds to 13. */
    assert_memory_equal(back.pixels, ((uint8_t[]){13, 25, 5, 88, 175, 35}), 6);
    cli_image_free(&small);
    cli_image_free(&large);
    cli_image_free(&back);
}

static void test_rule(void **state)
{
    (void)state;
    cli_image image = copy_image(pixels, 3, 2);
    solder_image_rule rule = {.order = "bgr", .mean = {1, 2, 3}, .scale = {1, 10, 100}};
    cli_frame frame = {3, 2, 3, false};
    float out[18];
    assert_int_equal(cli_image_to_floats("x", &image, &rule, &frame, out), CLI_DONE);
    assert_true(out[0] == (0 - 1) * 1.0f);          /* blue of pixel 0, 0 */
    assert_true(out[6 + 1] == (255 - 2) * 10.0f);   /* green of 0, 1 */
    assert_true(out[12 + 5] == (200 - 3) * 100.0f); /* red of 1, 2 */
    frame.nhwc = true;
    assert_int_equal(cli_image_to_floats("x", &image, &rule, &frame, out), CLI_DONE);
    assert_true(out[5 * 3 + 2] == (200 - 3) * 100.0f);
    rule.transposed = 1;
    frame = (cli_frame){3, 3, 2, false}; /* [C, W, H] */
    assert_int_equal(cli_image_to_floats("x", &image, &rule, &frame, out), CLI_DONE);
    assert_true(out[12 + 2 * 2 + 1] == (200 - 3) * 100.0f);
    rule = (solder_image_rule){.order = "rgb"};
    assert_int_equal(cli_image_to_floats("x", &image, &rule, &frame, out), CLI_DATA);
    assert_string_equal(cli_error(), "x: the picture is 3x2, the input wants 2x3");
    frame = (cli_frame){1, 2, 3, false};
    assert_int_equal(cli_image_to_floats("x", &image, &rule, &frame, out), CLI_DATA);
    assert_string_equal(cli_error(), "x: the picture rule makes 3 channels, the input has 1");
    cli_image_free(&image);
}

/* A window is what the whole would show there, however large the whole were. */
static void test_resize_part(void **state)
{
    (void)state;
    uint8_t noise[40 * 2 * 3];
    for (size_t i = 0; i < sizeof noise; i++) {
        noise[i] = (uint8_t)(i * 2654435761u >> 13);
    }
    cli_image image = copy_image(noise, 40, 2);
    cli_image whole;
    assert_int_equal(cli_image_resize(&image, 120, 6, &whole), CLI_DONE);
    const cli_part part = {120, 6, 57, 1, 7, 4};
    cli_image window;
    assert_int_equal(cli_image_resize_part(&image, &part, &window), CLI_DONE);
    for (int y = 0; y < 4; y++) {
        assert_memory_equal(window.pixels + (size_t)y * 21,
                            whole.pixels + ((size_t)(y + 1) * 120 + 57) * 3, 21);
    }
    cli_image_free(&window);
    solder_image_rule rule = {.order = "rgb", .scale = {1, 1, 1}, .resize = 2};
    const cli_frame frame = {3, 6, 8, true};
    float out[6 * 8 * 3];
    assert_int_equal(cli_image_to_floats("x", &image, &rule, &frame, out), CLI_DONE);
    for (size_t i = 0; i < sizeof out / sizeof out[0]; i++) {
        assert_true(out[i] == whole.pixels[(i / 24 * 120 + 56) * 3 + i % 24]);
    }
    cli_image_free(&whole);
    cli_image_free(&image);
    /* 2 million times as wide as high. */
    uint8_t *line = calloc(1 << 21, 3);
    assert_non_null(line);
    line[3 << 20] = 200;
    image = copy_image(line, 1 << 21, 1);
    assert_int_equal(cli_image_to_floats("x", &image, &rule, &frame, out), CLI_DONE);
    assert_true(out[4 * 3] > 100 && out[4 * 3 + 1] == 0 && out[0] < out[4 * 3]);
    cli_image_free(&image);
    free(line);
}

static void test_crop_and_pad(void **state)
{
    (void)state;
    uint8_t row[4 * 3];
    for (int i = 0; i < 12; i++) {
        row[i] = (uint8_t)(i / 3 * 10 + 10); /* 10 20 30 40 */
    }
    cli_image image = copy_image(row, 4, 1);
    solder_image_rule rule = {.order = "gray", .mean = {5}, .scale = {1}, .resize = 2};
    cli_frame frame = {1, 1, 2, false};
    float out[16];
    assert_int_equal(cli_image_to_floats("x", &image, &rule, &frame, out), CLI_DONE);
    assert_true(out[0] == 15 && out[1] == 25); /* the middle: 20 and 30 */
    rule.resize = 3;
    frame = (cli_frame){1, 3, 4, false};
    assert_int_equal(cli_image_to_floats("x", &image, &rule, &frame, out), CLI_DONE);
    const float wanted[12] = {0, 0, 0, 0, 5, 15, 25, 35, 0, 0, 0, 0};
    assert_memory_equal(out, wanted, sizeof wanted);
    cli_image_free(&image);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ppm),
        cmocka_unit_test(test_pgm_and_plain_forms),
        cmocka_unit_test(test_hostile_pnm),
        cmocka_unit_test(test_png),
        cmocka_unit_test(test_png_of_huge_size),
        cmocka_unit_test(test_jpeg),
        cmocka_unit_test(test_orientation),
        cmocka_unit_test(test_all_orientations),
        cmocka_unit_test(test_resize),
        cmocka_unit_test(test_resize_part),
        cmocka_unit_test(test_rule),
        cmocka_unit_test(test_crop_and_pad),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
