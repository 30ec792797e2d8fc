/* commands.h - the commands' entry points; commands.c puts them into the table. */
#ifndef AP_CLI_COMMANDS_H
#define AP_CLI_COMMANDS_H

#include "ap/cli/cli.h"

int cmd_ack(struct cli *c);
int cmd_alarms(struct cli *c);
int cmd_as4_dump(struct cli *c);
int cmd_as4_ping(struct cli *c);
int cmd_build(struct cli *c);
int cmd_canary_install(struct cli *c);
int cmd_canary_run(struct cli *c);
int cmd_canary_status(struct cli *c);
int cmd_config_check(struct cli *c);
int cmd_config_show(struct cli *c);
int cmd_conformance_run(struct cli *c);
int cmd_doctor(struct cli *c);
int cmd_doctypes(struct cli *c);
int cmd_events(struct cli *c);
int cmd_explain(struct cli *c);
int cmd_inbox_ack(struct cli *c);
int cmd_inbox_get(struct cli *c);
int cmd_inbox_list(struct cli *c);
int cmd_inbox_quarantine(struct cli *c);
int cmd_inbox_release(struct cli *c);
int cmd_inbox_report(struct cli *c);
int cmd_inbox_reroute(struct cli *c);
int cmd_keys_activate(struct cli *c);
int cmd_keys_import(struct cli *c);
int cmd_keys_list(struct cli *c);
int cmd_keys_retire(struct cli *c);
int cmd_list(struct cli *c);
int cmd_lookup(struct cli *c);
int cmd_participant_add(struct cli *c);
int cmd_participant_check(struct cli *c);
int cmd_participant_disable(struct cli *c);
int cmd_participant_list(struct cli *c);
int cmd_participant_publish(struct cli *c);
int cmd_participant_show(struct cli *c);
int cmd_participant_unpublish(struct cli *c);
int cmd_partner_list(struct cli *c);
int cmd_partner_set(struct cli *c);
int cmd_partner_show(struct cli *c);
int cmd_queue_cancel(struct cli *c);
int cmd_queue_hold(struct cli *c);
int cmd_queue_release(struct cli *c);
int cmd_queue_resolve(struct cli *c);
int cmd_queue_retry(struct cli *c);
int cmd_queue_run(struct cli *c);
int cmd_queue_shape(struct cli *c);
int cmd_queue_show(struct cli *c);
int cmd_read(struct cli *c);
int cmd_reconcile(struct cli *c);
int cmd_reload(struct cli *c);
int cmd_render(struct cli *c);
int cmd_rules_install(struct cli *c);
int cmd_rules_list(struct cli *c);
int cmd_rules_show(struct cli *c);
int cmd_rules_verify(struct cli *c);
int cmd_send(struct cli *c);
int cmd_serve(struct cli *c);
int cmd_status(struct cli *c);
int cmd_testnet_down(struct cli *c);
int cmd_testnet_net(struct cli *c);
int cmd_testnet_status(struct cli *c);
int cmd_testnet_up(struct cli *c);
int cmd_validate(struct cli *c);

#endif
