/* The engine's interface: limits, lazy variables, functions, keys, patterns, dispatch, reuse. The
 * language itself is in test_xpath_cases.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ubl/xpath/xpath.h"

static const char doc[] =
    "<a xmlns='u'><l n='1'><id>x</id><v>1</v></l><l n='2'><id>y</id><v>2</v></l>"
    "<l n='3'><id>x</id><v>z</v></l><s><l n='4'/></s></a>";

struct bench {
    struct xp_env *env;
    struct xp_ctx *c;
    struct tree *t;
    struct err e;
};

static void up(struct bench *b, const struct xp_limits *l)
{
    memset(b, 0, sizeof(*b));
    assert_non_null(b->env = xp_env_new());
    assert_int_equal(xp_ctx_new(&b->c, l, &b->e), 0);
    assert_int_equal(tree_parse(&b->t, str_z(doc), NULL, NULL, NULL, &b->e), 0);
    assert_int_equal(xp_env_ns(b->env, STR("u"), STR("u"), &b->e), 0);
    assert_int_equal(xp_env_ns(b->env, STR("f"), STR("urn:f"), &b->e), 0);
}

static void down(struct bench *b)
{
    xp_ctx_free(b->c);
    xp_env_free(b->env);
    tree_free(b->t);
}

static struct xp *compile(struct bench *b, const struct xp_scope *s, const char *expr)
{
    struct xp *x = NULL;

    if (xp_compile(&x, b->env, s, str_z(expr), &b->e) < 0)
        fail_msg("%s: %s %s", expr, b->e.code, b->e.msg);
    return x;
}

static void bind(struct bench *b)
{
    assert_int_equal(xp_env_seal(b->env, &b->e), 0);
    assert_int_equal(xp_bind(b->c, b->env, b->t, NULL, &b->e), 0);
}

static void gives(struct bench *b, const struct xp *x, const char *want)
{
    struct str s;

    if (xp_string(&s, b->c, x, STR(" "), &b->e) < 0)
        fail_msg("%s: %s, wanted %s", b->e.code, b->e.msg, want);
    if (!str_eqz(s, want))
        fail_msg("got %.*s, wanted %s", STR_FMT(s), want);
}

static void fails(struct bench *b, const struct xp *x, const char *code)
{
    struct str s;

    assert_int_equal(xp_string(&s, b->c, x, STR(" "), &b->e), -1);
    assert_string_equal(b->e.code, code);
}

static struct xp_instr variable(const char *name, const char *as, const char *select)
{
    return (struct xp_instr){.kind = XP_VARIABLE,
        .name = str_z(name),
        .as = str_z(as),
        .select = {select, select ? strlen(select) : 0}};
}

static void static_errors_name_the_place(void **state)
{
    static const char *const bad[][2] = {{"", "XPST0003"}, {"1 +", "XPST0003"}, {"$x", "XPST0008"},
        {"f:g()", "XPST0017"}, {"z:a", "XPST0081"}, {"a[", "XPST0003"}, {"'a", "XPST0003"},
        {"(: x", "XPST0003"}, {"xs:foo(1)", "XPST0017"}, {"namespace::a", "XPST0010"},
        {"1 cast as xs:foo", "XQST0052"}, {"1 instance of xs:foo", "XPST0051"},
        {"1 + 'a'", "XPTY0004"}, {"if (a) then upper-case(1) else 2", "XPTY0004"},
        {"count(a) = 'x'", "XPTY0004"}, {"name(string(a))", "XPTY0004"},
        {"xs:integer(a) cast as xs:date?", "XPTY0004"}, {"a | 1", "XPTY0004"},
        {"'a'/b", "XPTY0019"}, {"(1 to 3)[@x]", "XPTY0020"}, {"a[current-date()]", "FORG0006"}};
    struct bench b;
    struct xp *x;

    (void)state;
    up(&b, NULL);
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        assert_int_equal(xp_compile(&x, b.env, NULL, str_z(bad[i][0]), &b.e), -1);
        assert_string_equal(b.e.code, bad[i][1]);
        assert_non_null(strstr(b.e.msg, "at character"));
    }
    down(&b);
}

static void nesting_of_an_expression_is_limited(void **state)
{
    char deep[4001];
    struct bench b;
    struct xp *x;

    (void)state;
    up(&b, NULL);
    memset(deep, '(', sizeof(deep) - 1);
    deep[sizeof(deep) - 1] = 0;
    assert_int_equal(xp_compile(&x, b.env, NULL, str_z(deep), &b.e), -1);
    assert_string_equal(b.e.code, "xpath.limit.depth");
    down(&b);
}

/* "1+1+1…": what is written flat lies deep all the same. */
static void chains_of_operations_are_limited(void **state)
{
    static const char *const links[] = {"+1", "/a", " ! a", "[1][1][1]/a", "=>string()", " - 1"};
    const size_t n = 100000;
    struct bench b;
    struct xp *x;

    (void)state;
    up(&b, NULL);
    for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++) {
        struct buf text;
        buf_init(&text, n * 12 + 8);
        buf_putc(&text, 'a');
        for (size_t k = 0; k < n && text.n < 900000; k++)
            buf_puts(&text, links[i]);
        assert_int_equal(xp_compile(&x, b.env, NULL, buf_view(&text), &b.e), -1);
        assert_string_equal(b.e.code, "xpath.limit.depth");
        buf_free(&text);
    }
    down(&b);
}

static void match_patterns_are_limited(void **state)
{
    struct buf text;
    struct xp_pattern *p;
    struct bench b;

    (void)state;
    up(&b, NULL);
    buf_init(&text, 1 << 20);
    for (size_t k = 0; k < 100000; k++)
        buf_puts(&text, "a//");
    buf_puts(&text, "a");
    assert_int_equal(xp_pattern_compile(&p, b.env, buf_view(&text), &b.e), -1);
    assert_non_null(strstr(b.e.msg, "too many steps"));
    buf_free(&text);
    down(&b);
}

static void declarations_are_limited(void **state)
{
    static const struct xp_instr value = {
        .kind = XP_VARIABLE, .name = STR("v"), .select = STR("1")};
    const size_t n = 100000;
    struct xp_instr *list = calloc(n, sizeof(*list));
    struct bench b;
    int rc = 0;

    (void)state;
    assert_non_null(list);
    up(&b, NULL);
    for (size_t i = 0; i < n; i++)
        list[i] = (struct xp_instr){
            .kind = XP_SEQUENCE, .select = STR("1"), .next = i + 1 < n ? &list[i + 1] : NULL};
    assert_int_equal(xp_declare_function(b.env, STR("f:long"), STR(""), NULL, 0, list, &b.e), 0);
    assert_int_equal(xp_declare_done(b.env, &b.e), -1);
    assert_string_equal(b.e.code, "xpath.limit.depth");
    down(&b);
    up(&b, NULL);
    for (size_t i = 0; i < 5000 && rc == 0; i++)
        rc = xp_declare_global(b.env, &value, &b.e);
    assert_int_equal(rc, -1);
    assert_string_equal(b.e.code, "xpath.limit.expression");
    down(&b);
    free(list);
}

static void an_expression_cannot_run_away(void **state)
{
    static const struct xp_limits l = {
        .operations = 100000, .memory = 1 << 20, .items = 1000, .string_bytes = 1000, .depth = 20};
    static const struct xp_param n = {STR("n"), STR("xs:integer")};
    const struct xp_instr body = {.kind = XP_SEQUENCE, .select = STR("f:down($n + 1)")};
    struct xp *ops, *pairs, *items, *text, *deep, *mem;
    struct bench b;

    (void)state;
    up(&b, &l);
    assert_int_equal(
        xp_declare_function(b.env, STR("f:down"), STR("xs:integer"), &n, 1, &body, &b.e), 0);
    ops = compile(&b, NULL, "every $i in 1 to 1000000000 satisfies $i > 0");
    pairs = compile(&b, NULL, "(1 to 900) = (1001 to 1900)");
    items = compile(&b, NULL, "count(reverse(1 to 1000000))");
    text = compile(&b, NULL, "string-length(string-join(for $i in 1 to 900 return 'abc', ''))");
    deep = compile(&b, NULL, "f:down(1)");
    mem = compile(&b, NULL,
        "string-length(string-join(for $i in 1 to 999 return "
        "string-join(for $j in 1 to 90 return '1234567890', ''), ''))");
    bind(&b);
    xp_focus(b.c, NULL, 0);
    fails(&b, ops, "xpath.limit.operations");
    bind(&b);
    fails(&b, pairs, "xpath.limit.operations");
    bind(&b);
    fails(&b, items, "xpath.limit.items");
    fails(&b, text, "xpath.limit.string");
    fails(&b, deep, "xpath.limit.depth");
    bind(&b);
    assert_int_equal(xp_test(&(bool){false}, b.c, mem, &b.e), -1);
    assert_int_equal(strncmp(b.e.code, "xpath.limit.", 12), 0);
    down(&b);
}

static void variables_are_evaluated_when_used_and_once(void **state)
{
    const struct xp_instr bad = variable("bad", "", "xs:integer('x')");
    const struct xp_instr loop1 = variable("l1", "", "$l2 + 1"), loop2 = variable("l2", "", "$l1");
    const struct xp_instr v = variable("v", "", "count(u:l)"), n = variable("n", "", "@n");
    struct xp *ok, *err, *loop, *lets, *hidden;
    struct xp_scope *s;
    struct bench b;

    (void)state;
    up(&b, NULL);
    assert_int_equal(xp_declare_global(b.env, &bad, &b.e), 0);
    assert_int_equal(xp_declare_global(b.env, &loop1, &b.e), 0);
    assert_int_equal(xp_declare_global(b.env, &loop2, &b.e), 0);
    s = xp_scope_new(b.env);
    assert_int_equal(xp_scope_let(s, &v, &b.e), 0);
    assert_int_equal(xp_scope_let(s, &n, &b.e), 0);
    ok = compile(&b, NULL, "if (1 = 2) then $bad else 'fine'");
    err = compile(&b, NULL, "$bad");
    loop = compile(&b, NULL, "$l1");
    lets = compile(&b, s, "concat($v, ':', $n)");
    hidden = compile(&b, s, "for $v in 7 return $v");
    bind(&b);
    gives(&b, ok, "fine");
    fails(&b, err, "FORG0001");
    fails(&b, err, "FORG0001");
    fails(&b, loop, "XTDE0640");
    xp_focus(b.c, s, 1);
    gives(&b, lets, "3:");
    gives(&b, hidden, "7");
    xp_focus(b.c, s, 2); /* the first l */
    gives(&b, lets, "0:1");
    down(&b);
}

static void functions_convert_arguments_and_results(void **state)
{
    static const struct xp_param dec = {STR("d"), STR("xs:decimal")}, any = {STR("x"), STR("")};
    static const struct xp_param uri = {STR("x"), STR("xs:anyURI")};
    const struct xp_instr twice = {.kind = XP_SEQUENCE, .select = STR("$d * 2")};
    const struct xp_instr text = {.kind = XP_TEXT, .text = STR("true")};
    const struct xp_instr same = {.kind = XP_SEQUENCE, .select = STR("$x instance of xs:anyURI")};
    const struct xp_instr lazy = {.kind = XP_SEQUENCE, .select = STR("'unused'")};
    const struct xp_instr here = {.kind = XP_SEQUENCE, .select = STR("/u:a")};
    const struct xp_instr no = {.kind = XP_OTHERWISE, .body = &lazy};
    const struct xp_instr yes = {
        .kind = XP_WHEN, .select = STR("$x > 1"), .body = &text, .next = &no};
    const struct xp_instr pick = {.kind = XP_CHOOSE, .body = &yes};
    struct bench b;
    struct xp *x[8];

    (void)state;
    up(&b, NULL);
    assert_int_equal(xp_declare_function(b.env, STR("f:u"), STR(""), &uri, 1, &same, &b.e), 0);
    assert_int_equal(
        xp_declare_function(b.env, STR("f:t"), STR("xs:decimal"), &dec, 1, &twice, &b.e), 0);
    assert_int_equal(
        xp_declare_function(b.env, STR("f:b"), STR("xs:boolean"), NULL, 0, &text, &b.e), 0);
    assert_int_equal(xp_declare_function(b.env, STR("f:l"), STR(""), &any, 1, &lazy, &b.e), 0);
    assert_int_equal(xp_declare_function(b.env, STR("f:h"), STR(""), NULL, 0, &here, &b.e), 0);
    assert_int_equal(
        xp_declare_function(b.env, STR("f:p"), STR("xs:string"), &any, 1, &pick, &b.e), 0);
    assert_int_equal(xp_declare_function(b.env, STR("f:t"), STR(""), &dec, 1, &twice, &b.e), -1);
    assert_string_equal(b.e.code, "XTSE0770");
    x[0] = compile(&b, NULL, "f:t(u:l[1]/u:v)");
    x[1] = compile(&b, NULL, "f:t(0.1e0)");
    assert_int_equal(xp_compile(&x[2], b.env, NULL, STR("f:t('1')"), &b.e), -1);
    assert_string_equal(b.e.code, "XPTY0004");
    x[2] = compile(&b, NULL, "f:b() = true()");
    x[3] = compile(&b, NULL, "f:l(xs:integer('x'))");
    x[4] = compile(&b, NULL, "f:h()");
    x[5] = compile(&b, NULL, "f:t(u:l[3]/u:v)");
    x[6] = compile(&b, NULL, "(f:p(2), f:p(1))");
    x[7] = compile(&b, NULL, "f:u('a')");
    bind(&b);
    xp_focus(b.c, NULL, 1);
    gives(&b, x[0], "2");
    gives(&b, x[1], "0.2"); /* a double becomes a decimal, as in Saxon 13 */
    gives(&b, x[2], "true");
    gives(&b, x[3], "unused");
    fails(&b, x[4], "XPDY0002"); /* a function has no context item */
    fails(&b, x[5], "FORG0001");
    gives(&b, x[6], "true unused");
    gives(&b, x[7], "true");
    assert_true(xp_env_has_function(b.env, STR("f:t"), 1));
    assert_false(xp_env_has_function(b.env, STR("f:t"), 2));
    assert_true(xp_env_has_function(b.env, STR("substring"), 3));
    down(&b);
}

static void keys_find_nodes_in_document_order(void **state)
{
    struct bench b;
    struct xp *x, *none, *unknown;

    (void)state;
    up(&b, NULL);
    assert_int_equal(xp_declare_key(b.env, STR("k"), STR("u:l"), STR("u:id"), &b.e), 0);
    x = compile(&b, NULL, "key('k', ('y', 'x'))/@n");
    none = compile(&b, NULL, "count(key('k', 'q'))");
    unknown = compile(&b, NULL, "key('nope', 'x')");
    bind(&b);
    gives(&b, x, "1 2 3");
    gives(&b, none, "0");
    fails(&b, unknown, "XTDE1260");
    down(&b);
}

static bool matches(struct bench *b, const char *pattern, uint32_t node)
{
    struct xp_env *env = xp_env_new();
    struct xp_pattern *p;
    bool yes = false;

    assert_int_equal(xp_env_ns(env, STR("u"), STR("u"), &b->e), 0);
    if (xp_pattern_compile(&p, env, str_z(pattern), &b->e) < 0)
        fail_msg("%s: %s", pattern, b->e.msg);
    assert_int_equal(xp_env_seal(env, &b->e), 0);
    assert_int_equal(xp_bind(b->c, env, b->t, NULL, &b->e), 0);
    assert_int_equal(xp_match(&yes, b->c, p, node, &b->e), 0);
    assert_int_equal(xp_bind(b->c, env, b->t, NULL, &b->e), 0);
    xp_env_free(env);
    return yes;
}

static void patterns_match_from_the_right(void **state)
{
    struct xp_pattern *p;
    struct bench b;
    uint32_t l1 = 2, n1 = 3, root = 1;

    (void)state;
    up(&b, NULL);
    assert_true(matches(&b, "/", 0));
    assert_false(matches(&b, "/", root));
    assert_true(matches(&b, "/*", root));
    assert_true(matches(&b, "u:l", l1));
    assert_false(matches(&b, "l", l1));
    assert_true(matches(&b, "/u:a/u:l", l1));
    assert_false(matches(&b, "/u:l", l1));
    assert_true(matches(&b, "//u:l", l1));
    assert_true(matches(&b, "u:a//u:id", l1 + 2));
    assert_false(matches(&b, "u:s//u:id", l1 + 2));
    assert_true(matches(&b, "u:l/@n", n1));
    assert_false(matches(&b, "u:l/n", n1));
    assert_true(matches(&b, "u:l[1]", l1));
    assert_false(matches(&b, "u:l[2]", l1));
    assert_true(matches(&b, "u:l[u:id = 'x']", l1));
    assert_true(matches(&b, "u:q | u:l[@n = '1']", l1));
    assert_true(matches(&b, "(u:q | u:l)[@n = current()/@n]", l1));
    assert_false(matches(&b, "u:l[xs:integer(u:id) = 1]", l1)); /* an error is no match */
    assert_int_equal(xp_pattern_compile(&p, b.env, STR("u:l/.."), &b.e), -1);
    assert_string_equal(b.e.code, "XTSE0340");
    down(&b);
}

static void dispatch_visits_in_order_and_takes_the_first_rule(void **state)
{
    static const char *const rules[] = {"u:l[u:v > 1]", "u:l", "u:id", "/"};
    static const size_t want[] = {3, 1, 2, 0, 2, 1, 2, 1};
    static const struct xp_visit all = {1 << TREE_ELEMENT | 1 << TREE_ATTRIBUTE, XP_VISIT_TOP};
    struct xp_pattern *p[4];
    struct xp_dispatch *d;
    struct bench b;
    uint32_t node = 0;
    size_t which, n = 0;

    (void)state;
    up(&b, NULL);
    for (int i = 0; i < 4; i++)
        assert_int_equal(xp_pattern_compile(&p[i], b.env, str_z(rules[i]), &b.e), 0);
    assert_int_equal(xp_dispatch_new(&d, b.env, p, 4, &b.e), 0);
    bind(&b);
    for (; node != TREE_NONE; node++, n++) {
        assert_int_equal(xp_dispatch_next(b.c, d, all, &node, &which, &b.e), 0);
        if (node == TREE_NONE)
            break;
        assert_true(n < 8);
        assert_int_equal(which, want[n]);
    }
    assert_int_equal(n, 8);
    down(&b);
}

/* Every two patterns as the rules of one dispatch: at each node it finds what matching one by one
 * does. */
static const char *const contexts[] = {"u:l", "/u:a", "/u:l", "u:a/u:l", "u:s/u:l", "/u:a/u:s/u:l",
    "u:a//u:l", "//u:l/u:id", "u:l/u:id | u:s", "u:l[u:v > 1]/u:id", "u:a[u:s]/u:l[@n = '1']",
    "u:a/u:s/u:l/u:id/u:v", "*", "u:*", "*:id", "*/u:v", "u:l/*", "@n", "u:l/@n", "u:s/u:l/@*",
    "u:l[2]", "u:l[2]/u:id", "u:l[last()]", "(u:id | u:v)[. = 'x']", "/", "/*", "node()",
    "comment()", "*[ends-with(name(), 'd')]", "*[local-name() = 'v' and . = '2']",
    "u:l[1 idiv 0 = 1]", "u:l[@n = '1' and xs:integer(u:id) = 1]",
    "u:l[@n = '9' and xs:integer(u:id) = 1]", "u:l[not(some $x in u:v satisfies $x = '1')]",
    "u:l/u:v[current()/. = '1']", "u:a[/u:a/u:s]/u:l"};
enum { CONTEXTS = sizeof(contexts) / sizeof(contexts[0]) };

static void check_dispatch(struct bench *b, const struct xp_dispatch *d,
    const struct xp_pattern *first, const struct xp_pattern *second)
{
    static const struct xp_visit all = {
        1 << TREE_ELEMENT | 1 << TREE_ATTRIBUTE | 1 << TREE_COMMENT, XP_VISIT_TOP};

    for (uint32_t i = 0; i < b->t->n; i++) {
        bool one, two;
        uint32_t node = i;
        size_t which = 9;
        if (tree_kind_of(b->t, i) == TREE_TEXT)
            continue;
        assert_int_equal(xp_match(&one, b->c, first, i, &b->e), 0);
        assert_int_equal(xp_match(&two, b->c, second, i, &b->e), 0);
        assert_int_equal(xp_dispatch_next(b->c, d, all, &node, &which, &b->e), 0);
        assert_true((one || two) == (node == i));
        if (node == i)
            assert_int_equal(which, one ? 0 : 1);
    }
}

static void a_dispatch_finds_what_matching_one_by_one_finds(void **state)
{
    struct xp_pattern *p[CONTEXTS];
    struct xp_dispatch *d[CONTEXTS][CONTEXTS];
    struct bench b;

    (void)state;
    up(&b, NULL);
    tree_free(b.t);
    assert_int_equal(
        tree_parse(&b.t,
            STR("<!--c--><a xmlns='u'><l n='1'><id>x</id><v>1</v></l><!--c--><l n='2'><id>y</id>"
                "<v>2</v></l><l n='3'><id>x<v>2</v></id><v>z</v></l><s><l n='4'><id>x</id></l></s>"
                "</a>"),
            NULL, NULL, NULL, &b.e),
        0);
    for (size_t i = 0; i < CONTEXTS; i++)
        if (xp_pattern_compile(&p[i], b.env, str_z(contexts[i]), &b.e) < 0)
            fail_msg("%s: %s %s", contexts[i], b.e.code, b.e.msg);
    for (size_t i = 0; i < CONTEXTS; i++)
        for (size_t k = 0; k < CONTEXTS; k++) {
            struct xp_pattern *rules[] = {p[i], p[k]};
            assert_int_equal(xp_dispatch_new(&d[i][k], b.env, rules, 2, &b.e), 0);
        }
    bind(&b);
    for (size_t i = 0; i < CONTEXTS; i++)
        for (size_t k = 0; k < CONTEXTS; k++)
            check_dispatch(&b, d[i][k], p[i], p[k]);
    down(&b);
}

/* A condition that several expressions ask is answered once for a node; another document, another
 * answer. */
static void a_condition_on_a_node_is_asked_once(void **state)
{
    struct xp *one, *same, *other;
    struct tree *next;
    struct bench b;
    uint64_t first;

    (void)state;
    up(&b, NULL);
    one = compile(&b, NULL, "count(*[normalize-space(u:id) = 'x']) + count(u:none)");
    same = compile(&b, NULL, "count(*[normalize-space(u:id) = 'x'])");
    other = compile(&b, NULL, "count(*[normalize-space(u:id) = 'y'])");
    assert_int_equal(tree_parse(&next, STR("<a xmlns='u'><l><id> x</id></l><l><id>y</id></l></a>"),
                         NULL, NULL, NULL, &b.e),
        0);
    bind(&b);
    xp_focus(b.c, NULL, 1);
    gives(&b, one, "2");
    first = xp_operations(b.c);
    gives(&b, same, "2");
    assert_true(xp_operations(b.c) - first < first * 2 / 3);
    gives(&b, other, "1");
    assert_int_equal(xp_bind(b.c, b.env, next, NULL, &b.e), 0);
    xp_focus(b.c, NULL, 1);
    gives(&b, same, "1");
    gives(&b, other, "1");
    tree_free(next);
    down(&b);
}

/* A constant regular expression is compiled with the environment; one that is wrong is no matter
 * until it is asked. */
static void a_wrong_constant_expression_fails_when_it_is_asked(void **state)
{
    struct xp *wrong, *never, *flags, *good;
    struct xp_ctx *second;
    struct bench b;

    (void)state;
    up(&b, NULL);
    wrong = compile(&b, NULL, "//u:id[matches(., '[')]");
    flags = compile(&b, NULL, "count(//u:id[matches(., 'X', 'y')])");
    never = compile(&b, NULL, "count(//u:none[matches(., '[')])");
    good = compile(&b, NULL, "string-join(//u:id[matches(., 'X', 'i')], replace('a-b', '-', ' '))");
    bind(&b);
    fails(&b, wrong, "FORX0002");
    fails(&b, flags, "FORX0001");
    gives(&b, never, "0");
    gives(&b, good, "xa bx");
    assert_int_equal(xp_ctx_new(&second, NULL, &b.e), 0);
    xp_ctx_free(b.c);
    b.c = second;
    assert_int_equal(xp_bind(b.c, b.env, b.t, NULL, &b.e), 0);
    gives(&b, good, "xa bx");
    down(&b);
}

/* Names alone, one after the other: up, down, to an attribute, from the document, from nothing. */
static void paths_of_names_lead_where_they_say(void **state)
{
    static const char *const cases[][2] = {{"u:l/u:id", "x y x"}, {"/u:a/u:s/u:l/@n", "4"},
        {"u:s/../u:l/@n", "1 2 3"}, {"u:l/u:none", ""}, {"u:l/@u:n", ""}, {"@n/u:id", ""},
        {"count(u:s/u:l)", "1"}, {"u:l[@n = '2']/u:v", "2"},
        {"for $i in u:l/u:v return $i/../@n", "1 2 3"}, {"exists(u:l/u:id)", "true"},
        {"empty(../u:a)", "false"}, {"../../u:a", ""}};
    struct xp *x[sizeof(cases) / sizeof(cases[0])];
    struct bench b;

    (void)state;
    up(&b, NULL);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        x[i] = compile(&b, NULL, cases[i][0]);
    bind(&b);
    xp_focus(b.c, NULL, 1);
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        gives(&b, x[i], cases[i][1]);
    down(&b);
}

static void a_context_goes_from_document_to_document(void **state)
{
    struct tree *other;
    struct bench b;
    struct xp *x;

    (void)state;
    up(&b, NULL);
    x = compile(&b, NULL, "string-join(//u:l/@n, '')");
    assert_int_equal(tree_parse(&other, STR("<l xmlns='u' n='9'/>"), NULL, NULL, NULL, &b.e), 0);
    bind(&b);
    gives(&b, x, "1234");
    assert_int_equal(xp_bind(b.c, b.env, other, NULL, &b.e), 0);
    gives(&b, x, "9");
    assert_int_equal(xp_bind(b.c, b.env, b.t, NULL, &b.e), 0);
    gives(&b, x, "1234");
    tree_free(other);
    down(&b);
}

/* The second question of the kind //name[E = 'constant'] is answered by an index. */
/* Where an element is large its nodes of one name are found by an index: all that a step by name
 * can ask for. */
static void names_are_found_below_large_elements(void **state)
{
    char xml[2000] = "<a><?go on?><b x='1'/>";
    struct tree *t;
    struct bench b;
    struct xp *x[4];

    (void)state;
    up(&b, NULL);
    for (int i = 0; i < 100; i++)
        (void)snprintf(xml + strlen(xml), sizeof(xml) - strlen(xml), "<c/>");
    (void)snprintf(xml + strlen(xml), sizeof(xml) - strlen(xml), "<?go off?><?gone?></a>");
    assert_int_equal(tree_parse(&t, str_z(xml), NULL, NULL, NULL, &b.e), 0);
    x[0] = compile(&b, NULL, "/a/child::processing-instruction(go)");
    x[1] = compile(&b, NULL, "/a/processing-instruction('gone')/name()");
    x[2] = compile(&b, NULL, "/a/b/@x");
    x[3] = compile(&b, NULL, "count(/a/go), count(/a/processing-instruction(c))");
    assert_int_equal(xp_env_seal(b.env, &b.e), 0);
    assert_int_equal(xp_bind(b.c, b.env, t, NULL, &b.e), 0);
    gives(&b, x[0], "on off");
    gives(&b, x[1], "gone");
    gives(&b, x[2], "1");
    gives(&b, x[3], "0 0");
    tree_free(t);
    down(&b);
}

static void an_index_answers_as_walking_does(void **state)
{
    char xml[4000] = "<a xmlns='u'>";
    struct tree *t;
    struct bench b;
    struct xp *x[5];

    (void)state;
    up(&b, NULL);
    for (int i = 0; i < 50; i++)
        (void)snprintf(xml + strlen(xml), sizeof(xml) - strlen(xml), "<m n='%d'><k>%c</k>%s</m>", i,
            'a' + i % 5, i == 44 ? "<k>a</k>" : "");
    (void)snprintf(xml + strlen(xml), sizeof(xml) - strlen(xml), "</a>");
    assert_int_equal(tree_parse(&t, str_z(xml), NULL, NULL, NULL, &b.e), 0);
    x[0] = compile(&b, NULL, "//u:m[u:k = 'a']/@n");
    x[1] = compile(&b, NULL, "//u:m[u:k = 'e'][@n > 40]/@n");
    x[2] = compile(&b, NULL, "count(//u:m[u:k = 'q'])");
    x[3] = compile(&b, NULL, "exists(//u:m[normalize-space(u:k) = 'b'])");
    x[4] = compile(&b, NULL, "count(//u:m[normalize-space(u:k) = 'c'])");
    assert_int_equal(xp_env_seal(b.env, &b.e), 0);
    assert_int_equal(xp_bind(b.c, b.env, t, NULL, &b.e), 0);
    gives(&b, x[0], "0 5 10 15 20 25 30 35 40 44 45");
    gives(&b, x[1], "44 49");
    gives(&b, x[2], "0");
    gives(&b, x[3], "true"); /* stops before the m with two k */
    fails(&b, x[4], "XPTY0004");
    gives(&b, x[3], "true");
    tree_free(t);
    down(&b);
}

static void the_clock_is_the_callers(void **state)
{
    const struct xp_now now = {.sec = 1795348800, .tz = 60};
    struct bench b;
    struct xp *x;

    (void)state;
    up(&b, NULL);
    x = compile(&b, NULL, "(current-dateTime(), current-date(), implicit-timezone())");
    assert_int_equal(xp_env_seal(b.env, &b.e), 0);
    assert_int_equal(xp_bind(b.c, b.env, b.t, &now, &b.e), 0);
    gives(&b, x, "2026-11-22T13:00:00+01:00 2026-11-22+01:00 PT1H");
    down(&b);
}

static void a_sealed_environment_takes_nothing_more(void **state)
{
    struct bench b;
    struct xp *x;

    (void)state;
    up(&b, NULL);
    bind(&b);
    assert_int_equal(xp_compile(&x, b.env, NULL, STR("1"), &b.e), -1);
    assert_string_equal(b.e.code, "xpath.order");
    down(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(static_errors_name_the_place),
        cmocka_unit_test(nesting_of_an_expression_is_limited),
        cmocka_unit_test(chains_of_operations_are_limited),
        cmocka_unit_test(match_patterns_are_limited),
        cmocka_unit_test(declarations_are_limited),
        cmocka_unit_test(an_expression_cannot_run_away),
        cmocka_unit_test(variables_are_evaluated_when_used_and_once),
        cmocka_unit_test(functions_convert_arguments_and_results),
        cmocka_unit_test(keys_find_nodes_in_document_order),
        cmocka_unit_test(patterns_match_from_the_right),
        cmocka_unit_test(dispatch_visits_in_order_and_takes_the_first_rule),
        cmocka_unit_test(a_dispatch_finds_what_matching_one_by_one_finds),
        cmocka_unit_test(a_condition_on_a_node_is_asked_once),
        cmocka_unit_test(a_wrong_constant_expression_fails_when_it_is_asked),
        cmocka_unit_test(paths_of_names_lead_where_they_say),
        cmocka_unit_test(a_context_goes_from_document_to_document),
        cmocka_unit_test(names_are_found_below_large_elements),
        cmocka_unit_test(an_index_answers_as_walking_does),
        cmocka_unit_test(the_clock_is_the_callers),
        cmocka_unit_test(a_sealed_environment_takes_nothing_more),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
