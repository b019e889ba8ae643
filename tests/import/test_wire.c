/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "import/wire/wire.h"

static sld_wire_step only(const void *bytes, size_t size, sld_wire_field *field)
{
    sld_wire wire = sld_wire_open(bytes, size);
    return sld_wire_next(&wire, field);
}

static void reads_every_type(void **state)
{
    (void)state;
    /* 1: varint 300; 2: "hi"; 3: fixed32 0x04030201; 4: fixed64 */
    const uint8_t bytes[] = {0x08, 0xac, 0x02, 0x12, 0x02, 'h', 'i', 0x1d, 1, 2, 3,
                             4,    0x21, 8,    7,    6,    5,   4,   3,    2, 1};
    sld_wire wire = sld_wire_open(bytes, sizeof bytes);
    sld_wire_field field;
    assert_int_equal(sld_wire_next(&wire, &field), SLD_WIRE_FIELD);
    assert_int_equal(field.number, 1);
    assert_int_equal(field.value, 300);
    assert_int_equal(sld_wire_next(&wire, &field), SLD_WIRE_FIELD);
    assert_int_equal(field.number, 2);
    assert_int_equal(field.size, 2);
    assert_memory_equal(field.data, "hi", 2);
    assert_int_equal(sld_wire_next(&wire, &field), SLD_WIRE_FIELD);
    assert_int_equal(field.value, 0x04030201);
    assert_int_equal(sld_wire_next(&wire, &field), SLD_WIRE_FIELD);
    assert_true(field.value == 0x0102030405060708u);
    assert_int_equal(sld_wire_next(&wire, &field), SLD_WIRE_END);
}

static void refuses_bad_bytes(void **state)
{
    (void)state;
    sld_wire_field field;
    assert_int_equal(only("\x12\x05hi", 4, &field), SLD_WIRE_TRUNCATED);
    assert_int_equal(only("\x12", 1, &field), SLD_WIRE_TRUNCATED);
    assert_int_equal(only("\x08\x80", 2, &field), SLD_WIRE_TRUNCATED);
    assert_int_equal(only("\x0d\x01\x02", 3, &field), SLD_WIRE_TRUNCATED);
    assert_int_equal(only("\x0b", 1, &field), SLD_WIRE_MALFORMED);     /* a group */
    assert_int_equal(only("\x02\x00", 2, &field), SLD_WIRE_MALFORMED); /* field 0 */
    assert_int_equal(only("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11, &field),
                     SLD_WIRE_MALFORMED); /* 65 bits */
    /* length 2^63 */
    assert_int_equal(only("\x12\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01z", 12, &field),
                     SLD_WIRE_TRUNCATED);
}

static void varint_extremes(void **state)
{
    (void)state;
    sld_wire_field field;
    assert_int_equal(only("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", 11, &field),
                     SLD_WIRE_FIELD);
    assert_true((int64_t)field.value == -1);
    assert_int_equal(only("", 0, &field), SLD_WIRE_END);
    assert_int_equal(only(NULL, 0, &field), SLD_WIRE_END);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_every_type),
        cmocka_unit_test(refuses_bad_bytes),
        cmocka_unit_test(varint_extremes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
