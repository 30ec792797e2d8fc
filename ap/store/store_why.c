/* store_why.c - an err as one text column: class, code, ebms, spec, where, who, next, msg, one a
 * line. Line breaks inside a part become spaces. */
#include <stdio.h>
#include <string.h>

#include "ap/store/store_priv.h"

#define PARTS 8

static const char *const classes[] = {"none", "input", "peer", "retry", "unknown", "config", "bug"};

static void put(char out[WHY_MAX], size_t *n, const char *part)
{
    for (; *part && *n + PARTS < WHY_MAX; part++)
        out[(*n)++] = *part == '\n' || *part == '\r' ? ' ' : *part;
    out[(*n)++] = '\n';
}

const char *why_pack(char out[WHY_MAX], const struct err *why)
{
    size_t n = 0;

    if (!why || why->class == ERR_NONE)
        return NULL;
    put(out, &n, classes[why->class <= ERR_BUG ? why->class : ERR_BUG]);
    put(out, &n, why->code);
    put(out, &n, why->ebms);
    put(out, &n, why->spec);
    put(out, &n, why->where);
    put(out, &n, why->who);
    put(out, &n, why->next);
    put(out, &n, why->msg);
    out[n - 1] = '\0';
    return out;
}

static const char *get(char *out, size_t max, const char *text)
{
    size_t n = strcspn(text, "\n");

    (void)snprintf(out, max, "%.*s", (int)n, text);
    return text[n] ? text + n + 1 : text + n;
}

void why_unpack(struct err *out, const char *text)
{
    char word[16];

    memset(out, 0, sizeof(*out));
    if (!text || !*text)
        return;
    text = get(word, sizeof(word), text);
    for (size_t i = 0; i < sizeof(classes) / sizeof(classes[0]); i++)
        if (strcmp(word, classes[i]) == 0)
            out->class = (enum err_class)i;
    text = get(out->code, sizeof(out->code), text);
    text = get(out->ebms, sizeof(out->ebms), text);
    text = get(out->spec, sizeof(out->spec), text);
    text = get(out->where, sizeof(out->where), text);
    text = get(out->who, sizeof(out->who), text);
    text = get(out->next, sizeof(out->next), text);
    (void)get(out->msg, sizeof(out->msg), text);
}
