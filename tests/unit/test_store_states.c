#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "ap/store/store_priv.h"

static const char *word(bool inbound, int state)
{
    if (state == STEP_START)
        return "-";
    return inbound ? in_state_word((enum in_state)state) : out_state_word((enum out_state)state);
}

/* The rows of the table that follows the marker, compared in order with t. */
static void table_is(const char *marker, bool inbound, const struct store_step *t, size_t n)
{
    FILE *f = fopen("docs/STATES.md", "re");
    char line[600], want[300];
    bool inside = false;
    size_t at = 0;

    assert_non_null(f);
    while (fgets(line, sizeof(line), f)) {
        if (strstr(line, marker)) {
            inside = true;
            continue;
        }
        if (!inside || strncmp(line, "| from ", 7) == 0 || strncmp(line, "|---", 4) == 0)
            continue;
        if (line[0] != '|')
            break;
        assert_true(at < n);
        (void)snprintf(want, sizeof(want), "| %s | %s | %s |", word(inbound, t[at].from),
            word(inbound, t[at].to), t[at].by);
        if (strncmp(line, want, strlen(want)) != 0)
            fail_msg("docs/STATES.md says: %s the code: %s", line, want);
        at++;
    }
    (void)fclose(f);
    assert_int_equal(at, n);
}

static void the_page_and_the_code_have_the_same_steps(void **state)
{
    (void)state;
    table_is("<!-- out_steps -->", false, out_steps, out_steps_n);
    table_is("<!-- in_steps -->", true, in_steps, in_steps_n);
}

static void what_is_not_listed_cannot_happen(void **state)
{
    size_t may = 0;

    (void)state;
    for (int from = STEP_START; from < (int)OUT_STATES; from++)
        for (int to = 0; to < (int)OUT_STATES; to++)
            may += out_may(from, (enum out_state)to);
    assert_int_equal(may, out_steps_n); /* and none is listed twice */
    assert_false(out_may(OUT_CANCELLED, OUT_SENDING));
    assert_false(out_may(OUT_SENDING, OUT_CANCELLED));
    assert_false(out_may(OUT_UNKNOWN, OUT_CANCELLED));
    assert_false(out_may(OUT_ACCEPTED, OUT_RECEIPTED));
    assert_false(out_may(OUT_EXPIRED_UNSENT, OUT_SENDING));
    assert_false(in_may(IN_ACKNOWLEDGED, IN_RECEIVED));
    assert_false(in_may(IN_RECEIVED, IN_ACKNOWLEDGED));
}

static void words_are_read_as_written_in_any_case(void **state)
{
    enum out_state o;
    enum in_state i;
    enum proof_level l;

    (void)state;
    for (int s = 0; s < (int)OUT_STATES; s++) {
        assert_true(out_state_parse(out_state_word((enum out_state)s), &o));
        assert_int_equal(o, s);
    }
    for (int s = 0; s < (int)IN_STATES; s++) {
        assert_true(in_state_parse(in_state_word((enum in_state)s), &i));
        assert_int_equal(i, s);
    }
    assert_true(out_state_parse("expired-unsent", &o));
    assert_int_equal(o, OUT_EXPIRED_UNSENT);
    assert_true(proof_level_parse("HANDED_OVER", &l));
    assert_int_equal(l, PROOF_HANDED_OVER);
    assert_false(out_state_parse("SENT", &o));
    assert_false(out_state_parse("WAITIN", &o));
    assert_false(out_state_parse("", &o));
    assert_false(out_state_parse(NULL, &o));
}

static void a_reason_survives_the_store(void **state)
{
    struct err e = ERR_INIT, back;
    char text[WHY_MAX], big[1000];

    (void)state;
    assert_null(why_pack(text, NULL));
    assert_null(why_pack(text, &e));
    (void)err_set(&e, ERR_PEER, "smp.timeout", "SMP 2", "two\nlines");
    (void)err_where(&e, "SMP https://smp.example/");
    (void)err_who(&e, "POP000123");
    (void)err_next(&e, "again in 5 minutes");
    (void)err_ebms(&e, "EBMS:0303");
    why_unpack(&back, why_pack(text, &e));
    assert_int_equal(back.class, ERR_PEER);
    assert_string_equal(back.code, "smp.timeout");
    assert_string_equal(back.spec, "SMP 2");
    assert_string_equal(back.ebms, "EBMS:0303");
    assert_string_equal(back.where, e.where);
    assert_string_equal(back.who, "POP000123");
    assert_string_equal(back.next, e.next);
    assert_string_equal(back.msg, "two lines");
    memset(big, 'x', sizeof(big) - 1);
    big[sizeof(big) - 1] = '\0';
    (void)err_set(&e, ERR_BUG, big, big, "%s", big);
    (void)err_where(&e, "%s", big);
    (void)err_who(&e, big);
    (void)err_next(&e, "%s", big);
    why_unpack(&back, why_pack(text, &e));
    assert_string_equal(back.code, e.code);
    assert_string_equal(back.next, e.next);
    assert_string_equal(back.msg, e.msg);
    why_unpack(&back, "");
    assert_int_equal(back.class, ERR_NONE);
    why_unpack(&back, "nonsense");
    assert_int_equal(back.class, ERR_NONE);
}

int main(void)
{
    const struct CMUnitTest t[] = {
        cmocka_unit_test(the_page_and_the_code_have_the_same_steps),
        cmocka_unit_test(what_is_not_listed_cannot_happen),
        cmocka_unit_test(words_are_read_as_written_in_any_case),
        cmocka_unit_test(a_reason_survives_the_store),
    };

    return cmocka_run_group_tests_name("store_states", t, NULL, NULL);
}
