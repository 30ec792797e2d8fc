/* aviso doctypes: the document types of the code list, by the names that --doctype takes. */
#include <string.h>

#include "ap/base/json.h"
#include "ap/cli/commands.h"
#include "ap/daemon/node.h"
#include "ap/peppol/codelist.h"

static void print_text(const char *name, const struct doctype *d, const struct code_info *info)
{
    (void)printf("%s%s%s\n    %s::%s\n", name, info->state == CODE_ACTIVE ? "" : "  ",
        info->state == CODE_ACTIVE ? "" : code_state_word(info->state),
        doctype_scheme_text(d->scheme), d->value);
    for (unsigned i = 0; i < info->nprocesses; i++)
        (void)printf("    --process %s\n", info->processes[i].value);
}

static void print_json(const char *name, const struct doctype *d, const struct code_info *info)
{
    struct json_object *o = json_object_new_object(), *all = json_object_new_array();
    struct buf b;

    buf_init(&b, 1024);
    doctype_text(&b, d);
    json_add_some(o, "name", name);
    json_add_some(o, "title", info->name);
    json_add_some(o, "document_type", b.p);
    json_add_some(o, "state", code_state_word(info->state));
    json_add_bool(o, "xml", doctype_is_xml(d));
    for (unsigned i = 0; i < info->nprocesses; i++) {
        buf_clear(&b);
        process_text(&b, &info->processes[i]);
        (void)json_object_array_add(all, json_object_new_string(b.p));
    }
    (void)json_object_object_add(o, "processes", all);
    buf_free(&b);
    cli_json(o);
}

static bool wanted(
    struct cli *c, const char *name, const struct doctype *d, const struct code_info *info)
{
    if (!d->value[0] || (info->state != CODE_ACTIVE && !cli_has(c, "all")))
        return false;
    for (size_t i = 0; i < c->nargs; i++)
        if (!strstr(name, c->args[i]) && !strstr(d->value, c->args[i]))
            return false;
    return true;
}

int cmd_doctypes(struct cli *c)
{
    char name[CODELIST_NAME];
    struct err e = ERR_INIT;
    struct codelists *lists;
    struct code_info info;
    struct doctype d;
    size_t found = 0;

    if (cli_config(c, false, &e) || node_codelists(&lists, c->config, &e))
        return cli_fail(c, NULL, &e);
    for (size_t i = 0; codelist_doctype_at(lists, i, &d, name, &info); i++) {
        if (!wanted(c, name, &d, &info))
            continue;
        found++;
        if (c->json)
            print_json(name, &d, &info);
        else
            print_text(name, &d, &info);
    }
    codelists_close(lists);
    return found ? EXIT_OK : EXIT_NO;
}
