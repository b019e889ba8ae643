/* SPDX-License-Identifier: Apache-2.0 */
/* Tracks of the samples on boxes that move by numbers: who is who afterwards. */
#include "check.h"
#include "tracker.h"

static sighting box_at(int label, float x, float y)
{
    return (sighting){label, 0.9f, {x, y, x + 40, y + 40}};
}

/* The id of the track seen in this frame nearest to x; 0: none there. */
static int id_at(const tracker *t, float x, float y)
{
    for (int i = 0; i < t->count; i++) {
        const picture_box *b = &t->tracks[i].last.box;
        if (t->tracks[i].missed == 0 && b->x1 == x && b->y1 == y) {
            return t->tracks[i].id;
        }
    }
    return 0;
}

/* 20 pixels a frame and hidden for three: it comes back 80 pixels on, twice its width. */
static void hidden(void **state)
{
    (void)state;
    tracker t = {0};
    for (int frame = 0; frame < 12; frame++) {
        sighting s = box_at(1, 20.0f * (float)frame, 50);
        bool is_hidden = frame >= 4 && frame < 7;
        tracker_follow(&t, &s, is_hidden ? 0 : 1);
        assert_int_equal(id_at(&t, s.box.x1, 50), is_hidden ? 0 : 1);
    }
    assert_int_equal(t.last_id, 1);
    for (int frame = 0; frame < 5; frame++) {
        tracker_follow(&t, NULL, 0);
    }
    assert_int_equal(t.count, 1);
    tracker_follow(&t, NULL, 0);
    assert_int_equal(t.count, 0);
    sighting s = box_at(1, 0, 50);
    tracker_follow(&t, &s, 1);
    assert_int_equal(id_at(&t, 0, 50), 2);
}

/* Two of a kind pass each other, in one place and one box for two frames. */
static void crossing(void **state)
{
    (void)state;
    tracker t = {0};
    for (int frame = 0; frame < 10; frame++) {
        float x = 20.0f * (float)frame;
        sighting s[2] = {box_at(3, x, 10), box_at(3, 180 - x, 10)};
        if (frame % 2 == 1) { /* the order of a detector means nothing */
            const sighting swap = s[0];
            s[0] = s[1];
            s[1] = swap;
        }
        tracker_follow(&t, s, frame == 4 || frame == 5 ? 1 : 2);
    }
    assert_int_equal(id_at(&t, 180, 10), 1);
    assert_int_equal(id_at(&t, 0, 10), 2);
    assert_int_equal(t.last_id, 2);
}

/* A box belongs to the track it overlaps most, not to the first one; another label to none. */
static void choices(void **state)
{
    (void)state;
    tracker t = {0};
    const sighting first[2] = {box_at(1, 0, 0), box_at(1, 20, 0)};
    const sighting then[3] = {box_at(2, 0, 0), box_at(1, 18, 0), box_at(1, -2, 0)};
    tracker_follow(&t, first, 2);
    tracker_follow(&t, then, 3);
    assert_int_equal(id_at(&t, -2, 0), 1);
    assert_int_equal(id_at(&t, 18, 0), 2);
    assert_int_equal(id_at(&t, 0, 0), 3);
}

static void many(void **state)
{
    (void)state;
    tracker t = {0};
    sighting s[TRACKS + 8];
    for (int i = 0; i < TRACKS + 8; i++) {
        s[i] = box_at(1, 100.0f * (float)i, 0);
    }
    tracker_follow(&t, s, TRACKS + 8);
    tracker_follow(&t, s, TRACKS + 8);
    assert_int_equal(t.count, TRACKS);
    assert_int_equal(t.last_id, TRACKS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hidden),
        cmocka_unit_test(crossing),
        cmocka_unit_test(choices),
        cmocka_unit_test(many),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
