/* The command table: source of the parser, --help, the manual pages and completion. */
#include "ap/cli/commands.h"

#include "ap/cli/help.h"

#define END                                                                                        \
    {                                                                                              \
        NULL, NULL, NULL                                                                           \
    }

static const struct cli_flag none[] = {END};
static const struct cli_flag config_show[] = {
    {"origin", NULL, "say where each value came from"}, END};

static const struct cli_flag rules_at[] = {
    {"at", "INSTANT", "in force then instead of now: 2026-08-17 or 2026-08-17T12:00:00Z"}, END};
static const struct cli_flag validate[] = {
    {"at", "INSTANT",
        "instant of exchange that chooses the rules: 2026-08-17T12:00:00Z; default now"},
    {"rules", "NAME[@VERSION]", "this rule set, this version of it, or latest"},
    {"report", "FORMAT", "text (default), json, svrl or html"},
    {"format", "FORMAT", "the same as --report"},
    {"output", "FOLDER", "write each report into FOLDER instead of standard output (-o)"},
    {"fail-on", "LEVEL", "exit 1 on error (default) or already on warning"},
    {"jobs", "N", "threads; default one for each core (-j)"},
    {"schematron", "FILE", "run this .xslt or .sch instead of the official rules; repeatable"},
    {"phase", "NAME", "of a .sch given by --schematron"},
    {"no-xsd", NULL, "leave out the schema layer"}, END};

const struct cli_command cli_commands[] = {
    {"config check", "", "Check the configuration",
        "  aviso config check\n  aviso config check --config /etc/aviso/aviso.conf\n", none,
        cmd_config_check},
    {"config show", "", "Show every option and its value",
        "  aviso config show\n  aviso config show --origin\n", config_show, cmd_config_show},
    {"explain", "ERROR-NAME", "Tell what an error name means and what to do",
        "  aviso explain config.mode\n", none, cmd_explain},
    {"help-source", "KIND [NAME]", "Print manual page or completion sources",
        "  aviso help-source man send\n  aviso help-source completion bash\n", none, help_source},
    {"rules install", "[FOLDER]",
        "Fetch the official rule sets and schemas, check them, lay them out",
        "  aviso rules install\n", none, cmd_rules_install},
    {"rules list", "", "Rule sets that are here, with the version in force",
        "  aviso rules list\n  aviso rules list --at 2026-08-01\n", rules_at, cmd_rules_list},
    {"rules show", "NAME...", "Versions, dates, files and hashes of a rule set",
        "  aviso rules show peppol-bis3\n", rules_at, cmd_rules_show},
    {"rules verify", "", "Check every rule file and schema against its published hash",
        "  aviso rules verify\n", none, cmd_rules_verify},
    {"validate", "FILE...", "Check documents against their schema and rule sets",
        "  aviso validate invoice.xml\n  aviso validate --json --jobs 2 outbox/\n"
        "  aviso validate --at 2026-08-16 --rules peppol-bis3 invoice.xml\n"
        "  aviso validate --no-xsd --schematron my-rules.sch - <invoice.xml\n",
        validate, cmd_validate},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
