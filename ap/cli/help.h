/* help.h - --help, man pages and completion, all from the command table. One thread. */
#ifndef AP_CLI_HELP_H
#define AP_CLI_HELP_H

#include <stdbool.h>
#include <stdio.h>

#include "ap/cli/cli.h"

void help_version(void);
void help_command(FILE *out, const struct cli_command *c);
/* All commands, or those of one group ("participant"). */
void help_overview(FILE *out, const char *group);
bool help_has_group(const char *word);
/* Tells that there is no such command, and the nearest word when one is near; EXIT_USAGE. */
int help_no_command(struct cli *c, const char *word);
/* `aviso help-source man COMMAND | errors | conf | completion bash|zsh|fish`: what `make install`
 * and the tests use. */
int help_source(struct cli *c);

#endif
