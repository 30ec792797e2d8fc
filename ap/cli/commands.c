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
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
