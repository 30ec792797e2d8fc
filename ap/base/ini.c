#include "ap/base/ini.h"

#define LINE_LIMIT 4096

static int bad(const char *name, int line, const char *why, struct err *e)
{
    return err_set(e, ERR_CONFIG, "config.syntax", "", "%s:%d: %s", name, line, why);
}

static int one_line(const char *name, struct str s, int line, struct str *section, ini_pair_fn fn,
    void *ctx, struct err *e)
{
    size_t eq;

    if (s.n > LINE_LIMIT)
        return bad(name, line, "line longer than 4096 bytes", e);
    if (memchr(s.p, '\0', s.n))
        return bad(name, line, "NUL byte", e);
    s = str_trim(s);
    if (s.n == 0 || s.p[0] == '#' || s.p[0] == ';')
        return 0;
    if (s.p[0] == '[') {
        if (s.n < 3 || s.p[s.n - 1] != ']')
            return bad(name, line, "expected [section]", e);
        *section = str_trim(str_sub(s, 1, s.n - 2));
        return 0;
    }
    eq = str_find(s, STR("="));
    if (eq == s.n || eq == 0)
        return bad(name, line, "expected key = value", e);
    return fn(
        ctx, *section, str_trim(str_sub(s, 0, eq)), str_trim(str_sub(s, eq + 1, s.n)), line, e);
}

int ini_read(const char *name, struct str text, ini_pair_fn fn, void *ctx, struct err *e)
{
    struct str section = STR("");
    int line = 0;

    while (text.n) {
        size_t end = str_find(text, STR("\n"));
        line++;
        if (one_line(name, str_sub(text, 0, end), line, &section, fn, ctx, e))
            return -1;
        text = str_sub(text, end + 1, text.n);
    }
    return 0;
}
