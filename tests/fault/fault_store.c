/* fault_store.c - every line of docs/STATES.md (tests/support/store_lines.h), killed, and given EIO
 * and ENOSPC, at every fault point on its way. Needs a build with FAULT_POINTS (make V=fault). */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/support/store_kit.h"
#include "tests/support/store_lines.h"

#define POINTS_MAX 64
#define HITS_MAX 12 /* armed for the 1st, 2nd, ... time a point is passed */
#define LINES_MAX 128

static unsigned long kills, failures;
static char passed[POINTS_MAX * 4][64]; /* every point seen in any line */
static size_t npassed;

static void arm_fault(const void *fault)
{
    (void)setenv("AVISO_FAULT", fault, 1);
}

static void arm_list(const void *list)
{
    (void)setenv("AVISO_FAULT_LIST", list, 1);
}

/* True when the fault was met. */
static bool run(const struct line *l, const char *point, const char *action, unsigned hit)
{
    char fault[128];
    int status;
    bool met;

    line_fresh();
    (void)snprintf(fault, sizeof(fault), "%s=%s@%u!", point, action, hit);
    line_prepare(l);
    status = in_child(child_act, l, arm_fault, fault);
    if (strcmp(action, "kill") == 0) {
        met = status == 128 + SIGKILL;
        assert_true(met || status == 0);
        kills += met;
    } else {
        met = sh->rc != 0;
        assert_int_equal(status, 0);
        failures += met;
    }
    line_judge(l, fault);
    line_redo(l, fault);
    kit_remove(sh->dir);
    return met;
}

static size_t read_points(char out[POINTS_MAX][64], const char *list)
{
    FILE *f = fopen(list, "re");
    size_t n = 0;

    assert_non_null(f);
    while (n < POINTS_MAX && fgets(out[n], 64, f)) {
        out[n][strcspn(out[n], "\n")] = '\0';
        n++;
    }
    (void)fclose(f);
    return n;
}

static void note_passed(const char *point)
{
    for (size_t i = 0; i < npassed; i++)
        if (strcmp(passed[i], point) == 0)
            return;
    assert_true(npassed < sizeof(passed) / sizeof(passed[0]));
    (void)snprintf(passed[npassed++], sizeof(passed[0]), "%s", point);
}

/* The points on the way of this line, opening included. */
static size_t points_of(char out[POINTS_MAX][64], const struct line *l)
{
    char list[80];
    size_t n;

    line_fresh();
    (void)snprintf(list, sizeof(list), "%s/points", sh->dir);
    line_prepare(l);
    assert_int_equal(in_child(child_act, l, arm_list, list), 0);
    if (sh->rc)
        fail_msg("without a fault: %s", sh->code);
    line_judge(l, "without a fault");
    n = read_points(out, list);
    kit_remove(sh->dir);
    return n;
}

static void one_line(void **state)
{
    const struct line *l = *state;
    static char points[POINTS_MAX][64];
    size_t n = points_of(points, l);

    assert_true(n > 0);
    for (size_t i = 0; i < n; i++) {
        note_passed(points[i]);
        for (unsigned hit = 1; hit <= HITS_MAX && run(l, points[i], "kill", hit); hit++)
            continue;
        for (unsigned hit = 1; hit <= HITS_MAX && run(l, points[i], "EIO", hit); hit++)
            continue;
        for (unsigned hit = 1; hit <= HITS_MAX && run(l, points[i], "ENOSPC", hit); hit++)
            continue;
    }
}

/* ---- completeness ---- */

static bool has_line(bool inbound, const struct store_step *step, const char *by, size_t n)
{
    for (size_t i = 0; i < store_lines_n; i++)
        if (store_lines[i].inbound == inbound && store_lines[i].from == step->from &&
            store_lines[i].to == step->to && strlen(store_lines[i].by) == n &&
            memcmp(store_lines[i].by, by, n) == 0)
            return true;
    return false;
}

static void all_have_lines(bool inbound, const struct store_step *t, size_t steps)
{
    for (size_t i = 0; i < steps; i++)
        for (const char *by = t[i].by; *by; by += strspn(by, " ")) {
            size_t n = strcspn(by, " ");
            if (!has_line(inbound, &t[i], by, n))
                fail_msg("no test for the step %d -> %d by %.*s", t[i].from, t[i].to, (int)n, by);
            by += n;
        }
}

static void every_step_has_a_line(void **state)
{
    (void)state;
    all_have_lines(false, out_steps, out_steps_n);
    all_have_lines(true, in_steps, in_steps_n);
}

/* Every FAULT("store. ...") in the sources was met above. */
static void every_point_was_met(void **state)
{
    FILE *f =
        popen("cat ap/store/*.c | grep -o 'FAULT(\"store[^\"]*' | cut -d'\"' -f2 | sort -u", "re");
    char point[64];
    unsigned n = 0;

    (void)state;
    assert_non_null(f);
    while (fgets(point, sizeof(point), f)) {
        bool met = false;
        point[strcspn(point, "\n")] = '\0';
        for (size_t i = 0; i < npassed; i++)
            met = met || strcmp(passed[i], point) == 0;
        if (!met && strcmp(point, "store.read") != 0)
            fail_msg("fault point %s lies on no line's way", point);
        n++;
    }
    assert_true(pclose(f) == 0 && n > 10);
    print_message("%lu kills, %lu failures at %zu points; 0 lost, 0 doubled, 0 false claims\n",
        kills, failures, npassed);
}

int main(void)
{
    static struct CMUnitTest t[LINES_MAX + 2];

#ifndef FAULT_POINTS
    print_message("fault_store: built without FAULT_POINTS (make V=fault)\n");
    return 77;
#endif
    if (!lines_init() || store_lines_n > LINES_MAX)
        return 1;
    t[0] = (struct CMUnitTest)cmocka_unit_test(every_step_has_a_line);
    for (size_t i = 0; i < store_lines_n; i++) {
        union {
            const struct line *in;
            void *out;
        } l = {&store_lines[i]};
        t[i + 1] = (struct CMUnitTest){line_name(&store_lines[i]), one_line, NULL, NULL, l.out};
    }
    t[store_lines_n + 1] = (struct CMUnitTest)cmocka_unit_test(every_point_was_met);
    return _cmocka_run_group_tests("fault_store", t, store_lines_n + 2, NULL, NULL);
}
