/* regex.h - compiling and running.
 *
 * A search over a long text is done in slices of start positions (PCRE2's offset limit), with a
 * look at this thread's processor clock between them: PCRE2's own match limit counts anew for each
 * start position and so does not bound expressions that are quadratic in the text. */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "ubl/atomic/regex.h"

#include <pcre2.h>
#include <stdlib.h>
#include <time.h>

#include "ubl/atomic/regex_priv.h"
#include "ubl/atomic/ucs.h"

#define MATCH_LIMIT 5000000 /* backtracking steps from one start position */
#define DEPTH_LIMIT 1000000
#define HEAP_LIMIT_KIB 65536
#define JIT_STACK 32768
#define JIT_STACK_MAX 1048576
#define SLICE 256              /* start positions tried before the first look at the clock */
#define SLICE_QUICK_NS 5000000 /* a slice faster than that lets the next be twice as long */
#define BUDGET_NS 1000000000   /* processor time of one matches, replace or tokenize */
#define TRANSLATED_MAX (16u << 20)

struct regex {
    pcre2_code *code;
    int groups;
    bool empty; /* matches "" */
    bool literal;
    struct regex_single single;
};

struct regex_run {
    pcre2_match_data *data;
    pcre2_match_context *context;
    pcre2_jit_stack *stack;
    uint32_t pairs;
    bool checked; /* the subject's UTF-8, in this operation */
    int64_t deadline;
};

struct span {
    size_t from, to;
};

/* ---- compiling
 * ---------------------------------------------------------------------------------------------- */

static bool read_flags(struct str flags, unsigned *out)
{
    static const char letters[] = "smixq";

    *out = 0;
    for (size_t i = 0; i < flags.n; i++) {
        const char *at = flags.p[i] ? strchr(letters, flags.p[i]) : NULL;

        if (!at)
            return false;
        *out |= 1u << (at - letters);
    }
    return true;
}

static enum xerr compile(struct str text, unsigned flags, pcre2_code **out, struct err *why)
{
    pcre2_compile_context *c = pcre2_compile_context_create(NULL);
    uint32_t options = PCRE2_UTF | PCRE2_DOLLAR_ENDONLY | PCRE2_MATCH_UNSET_BACKREF |
                       PCRE2_USE_OFFSET_LIMIT | (flags & RX_DOTALL ? PCRE2_DOTALL : 0) |
                       (flags & RX_MULTILINE ? PCRE2_MULTILINE : 0) |
                       (flags & RX_CASELESS ? PCRE2_CASELESS : 0);
    PCRE2_UCHAR message[120];
    PCRE2_SIZE where;
    int code;

    if (!c)
        return XERR_NOMEM;
    pcre2_set_newline(c, PCRE2_NEWLINE_LF);
    *out = pcre2_compile((PCRE2_SPTR)text.p, text.n, options, &code, &where, c);
    pcre2_compile_context_free(c);
    if (*out) {
        (void)pcre2_jit_compile(*out, PCRE2_JIT_COMPLETE); /* without JIT it is interpreted */
        return XERR_NONE;
    }
    /* Only its size can be wrong with what the translator wrote. */
    if (pcre2_get_error_message(code, message, sizeof(message)) < 0)
        message[0] = 0;
    (void)err_set(why, ERR_INPUT, "regex.limit", "", "regular expression too large to compile: %s",
        (char *)message);
    return code == PCRE2_ERROR_HEAP_FAILED ? XERR_NOMEM : XERR_LIMIT;
}

static enum xerr look_empty(struct regex *re)
{
    pcre2_match_data *d = pcre2_match_data_create(1, NULL);
    int rc;

    if (!d)
        return XERR_NOMEM;
    rc = pcre2_match(re->code, (PCRE2_SPTR) "", 0, 0, 0, d, NULL);
    pcre2_match_data_free(d);
    re->empty = rc >= 0;
    return rc >= 0 || rc == PCRE2_ERROR_NOMATCH ? XERR_NONE : XERR_LIMIT;
}

enum xerr regex_compile(struct str pattern, struct str flags, struct regex **out, struct err *why)
{
    struct regex *re;
    struct buf text;
    unsigned bits;
    enum xerr r;

    if (!read_flags(flags, &bits)) {
        (void)err_set(why, ERR_INPUT, "regex.flags", "XPATH-FN 7.6.1.1",
            "unknown flag among \"%.*s\"", STR_FMT(flags));
        return XERR_FORX0001;
    }
    re = calloc(1, sizeof(*re));
    if (!re)
        return XERR_NOMEM;
    buf_init(&text, TRANSLATED_MAX);
    re->literal = bits & RX_LITERAL;
    r = regex_translate(pattern, bits, &text, &re->groups, &re->single, why);
    r = r ? r : compile(buf_view(&text), bits, &re->code, why);
    r = r ? r : look_empty(re);
    buf_free(&text);
    if (r) {
        regex_free(re);
        return r;
    }
    *out = re;
    return XERR_NONE;
}

void regex_free(struct regex *re)
{
    if (!re)
        return;
    pcre2_code_free(re->code);
    free(re);
}

bool regex_matches_empty(const struct regex *re)
{
    return re->empty;
}

/* ---- running
 * ------------------------------------------------------------------------------------------------
 */

struct regex_run *regex_run_new(void)
{
    struct regex_run *run = calloc(1, sizeof(*run));

    if (!run)
        return NULL;
    run->pairs = 16;
    run->data = pcre2_match_data_create(run->pairs, NULL);
    run->context = pcre2_match_context_create(NULL);
    run->stack = pcre2_jit_stack_create(JIT_STACK, JIT_STACK_MAX, NULL);
    if (!run->data || !run->context) {
        regex_run_free(run);
        return NULL;
    }
    pcre2_set_match_limit(run->context, MATCH_LIMIT);
    pcre2_set_depth_limit(run->context, DEPTH_LIMIT);
    pcre2_set_heap_limit(run->context, HEAP_LIMIT_KIB);
    if (run->stack) /* NULL where PCRE2 has no JIT */
        pcre2_jit_stack_assign(run->context, NULL, run->stack);
    return run;
}

void regex_run_free(struct regex_run *run)
{
    if (!run)
        return;
    pcre2_match_data_free(run->data);
    pcre2_match_context_free(run->context);
    pcre2_jit_stack_free(run->stack);
    free(run);
}

static int64_t processor_ns(void)
{
    struct timespec t;

    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t) != 0)
        return 0;
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

/* At the begin of each public operation. */
static enum xerr begin(const struct regex *re, struct regex_run *run)
{
    uint32_t pairs = (uint32_t)re->groups + 1;

    run->checked = false;
    run->deadline = 0;
    if (pairs <= run->pairs)
        return XERR_NONE;
    pcre2_match_data_free(run->data);
    run->pairs = pairs;
    run->data = pcre2_match_data_create(pairs, NULL);
    if (!run->data)
        run->pairs = 0;
    return run->data ? XERR_NONE : XERR_NOMEM;
}

static enum xerr failed(int rc)
{
    if (rc <= PCRE2_ERROR_UTF8_ERR1 && rc >= PCRE2_ERROR_UTF8_ERR21)
        return XERR_FOCH0001;
    return rc == PCRE2_ERROR_NOMEMORY ? XERR_NOMEM : XERR_LIMIT;
}

/* One call of PCRE2: 1 match, 0 none, -1 with *r. */
static int call(
    const struct regex *re, struct regex_run *run, struct str s, size_t from, enum xerr *r)
{
    uint32_t options = run->checked ? PCRE2_NO_UTF_CHECK : 0;
    int rc = pcre2_match(re->code, (PCRE2_SPTR)s.p, s.n, from, options, run->data, run->context);

    run->checked = true;
    if (rc == PCRE2_ERROR_JIT_STACKLIMIT) /* the interpreter takes its memory from the heap */
        rc = pcre2_match(re->code, (PCRE2_SPTR)s.p, s.n, from, PCRE2_NO_UTF_CHECK | PCRE2_NO_JIT,
            run->data, run->context);
    if (rc >= 0)
        return 1;
    if (rc == PCRE2_ERROR_NOMATCH)
        return 0;
    *r = failed(rc);
    return -1;
}

static size_t boundary(struct str s, size_t at)
{
    while (at < s.n && ((unsigned char)s.p[at] & 0xC0) == 0x80)
        at++;
    return at;
}

/* call() over all start positions from `from` on. */
static int search(
    const struct regex *re, struct regex_run *run, struct str s, size_t from, enum xerr *r)
{
    size_t slice = SLICE;

    if (s.n - from <= SLICE) {
        pcre2_set_offset_limit(run->context, PCRE2_UNSET);
        return call(re, run, s, from, r);
    }
    for (;;) {
        int64_t before = processor_ns(), after;
        bool last = s.n - from <= slice;
        int rc;

        if (run->deadline == 0)
            run->deadline = before + BUDGET_NS;
        pcre2_set_offset_limit(run->context, last ? PCRE2_UNSET : from + slice - 1);
        rc = call(re, run, s, from, r);
        if (rc != 0 || last)
            return rc;
        after = processor_ns();
        if (after > run->deadline) {
            *r = XERR_LIMIT;
            return -1;
        }
        from = boundary(s, from + slice);
        if (after - before < SLICE_QUICK_NS && slice < SIZE_MAX / 4)
            slice *= 2;
    }
}

static bool in_set(const struct regex_single *x, char c)
{
    unsigned char b = (unsigned char)c;

    return x->set[b / 8] >> b % 8 & 1;
}

static bool find_single(const struct regex_single *x, struct str s, size_t from, struct span *m)
{
    while (from < s.n && !in_set(x, s.p[from]))
        from++;
    if (from == s.n)
        return false;
    m->from = from;
    m->to = from + 1;
    while (x->many && m->to < s.n && in_set(x, s.p[m->to]))
        m->to++;
    return true;
}

/* The next match at or after from: 1 and *m, 0 none, -1 with *r. */
static int next_match(const struct regex *re, struct regex_run *run, struct str s, size_t from,
    struct span *m, enum xerr *r)
{
    const PCRE2_SIZE *v;
    int rc;

    if (re->single.is)
        return find_single(&re->single, s, from, m);
    rc = search(re, run, s, from, r);
    if (rc != 1)
        return rc;
    v = pcre2_get_ovector_pointer(run->data);
    *m = (struct span){v[0], v[1]};
    return 1;
}

static struct str subject(struct str s)
{
    return s.p ? s : STR("");
}

enum xerr regex_matches(const struct regex *re, struct regex_run *run, struct str s, bool *out)
{
    enum xerr r = begin(re, run);
    struct span m;
    int rc;

    if (r)
        return r;
    rc = next_match(re, run, subject(s), 0, &m, &r);
    *out = rc == 1;
    return r;
}

/* ---- replace
 * ------------------------------------------------------------------------------------------------
 */

static bool digit_at(struct str s, size_t i)
{
    return i < s.n && s.p[i] >= '0' && s.p[i] <= '9';
}

/* The group number at s[*i], as long as there are so many groups. */
static int group_number(struct str s, size_t *i, int groups)
{
    int n = s.p[(*i)++] - '0';

    while (n > 0 && digit_at(s, *i) && n * 10 + (s.p[*i] - '0') <= groups)
        n = n * 10 + (s.p[(*i)++] - '0');
    return n;
}

/*= XPATH-FN 7.6.3 "the string contains a "$" character that is not immediately followed by a digit"
 */
static bool replacement_valid(struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '$' && !digit_at(s, i + 1))
            return false;
        if (s.p[i] == '\\' && (++i == s.n || (s.p[i] != '\\' && s.p[i] != '$')))
            return false;
    }
    return true;
}

static void put_group(const struct regex *re, const struct regex_run *run, struct str s,
    struct span m, int group, struct buf *b)
{
    const PCRE2_SIZE *v = pcre2_get_ovector_pointer(run->data);

    if (group == 0)
        buf_add(b, s.p + m.from, m.to - m.from);
    else if (group <= re->groups && v[2 * group] != PCRE2_UNSET)
        buf_add(b, s.p + v[2 * group], v[2 * group + 1] - v[2 * group]);
}

static void put_replacement(const struct regex *re, const struct regex_run *run, struct str s,
    struct span m, struct str by, struct buf *b)
{
    for (size_t i = 0; i < by.n;) {
        if (by.p[i] == '$') {
            i++;
            put_group(re, run, s, m, group_number(by, &i, re->groups), b);
            continue;
        }
        i += by.p[i] == '\\';
        buf_putc(b, by.p[i++]);
    }
}

enum xerr regex_replace(const struct regex *re, struct regex_run *run, struct str s,
    struct str replacement, struct buf *b)
{
    enum xerr r = begin(re, run);
    struct span m;
    size_t at = 0;

    if (r)
        return r;
    if (re->empty)
        return XERR_FORX0003;
    if (!re->literal && !replacement_valid(replacement))
        return XERR_FORX0004;
    s = subject(s);
    while (next_match(re, run, s, at, &m, &r) == 1 && buf_ok(b)) {
        buf_add(b, s.p + at, m.from - at);
        if (re->literal)
            buf_str(b, replacement);
        else
            put_replacement(re, run, s, m, replacement, b);
        at = m.to;
        if (m.to == m.from) { /* cannot be: the expression does not match "" */
            at = boundary(s, m.to + 1 < s.n ? m.to + 1 : s.n);
            buf_add(b, s.p + m.to, at - m.to);
        }
        if (at == s.n)
            break;
    }
    if (r)
        return r;
    buf_add(b, s.p + at, s.n - at);
    if (buf_ok(b))
        return XERR_NONE;
    return b->full ? XERR_LIMIT : XERR_NOMEM;
}

/* ---- tokenize
 * -----------------------------------------------------------------------------------------------
 */

enum xerr regex_tokens_start(
    struct regex_tokens *t, const struct regex *re, struct regex_run *run, struct str s)
{
    *t = (struct regex_tokens){.re = re, .run = run, .s = subject(s), .done = s.n == 0};
    return re->empty ? XERR_FORX0003 : begin(re, run);
}

enum xerr regex_tokens_next(struct regex_tokens *t, struct str *token, bool *more)
{
    enum xerr r = XERR_NONE;
    struct span m;
    int rc;

    *more = !t->done;
    if (t->done)
        return XERR_NONE;
    rc = next_match(t->re, t->run, t->s, t->at, &m, &r);
    if (rc < 0)
        return r;
    if (rc == 0 || m.to == m.from) {
        m.from = m.to = t->s.n;
        t->done = true;
    }
    *token = (struct str){t->s.p + t->at, m.from - t->at};
    t->at = m.to;
    return XERR_NONE;
}
