/* The command table: source of the parser, --help, the manual pages and completion. */
#include "ap/cli/commands.h"

#include "ap/cli/help.h"

#define END                                                                                        \
    {                                                                                              \
        NULL, NULL, NULL                                                                           \
    }

static const struct cli_flag none[] = {END};
static const struct cli_flag ack_flags[] = {
    {"all", NULL, "every alarm"}, {"who", "TEXT", "who knows, for the record"}, END};
static const struct cli_flag alarms_flags[] = {
    {"all", NULL, "acknowledged and cleared ones too"}, END};
static const struct cli_flag as4_dump[] = {{"content-type", "TYPE", "of a body without HTTP head"},
    {"anchors", "FOLDER", "verify the signature up to these trust anchors"}, END};
static const struct cli_flag as4_ping[] = {
    {"doctype", "NAME|ID", "of the endpoint to ask; default invoice"},
    {"wait", "SPAN", "at most this long; default 30s"}, END};
static const struct cli_flag build_flags[] = {
    {"output", "FILE", "write there, durably; a folder for several inputs or a list (-o)"},
    {"attach", "FILE", "embed a PDF, PNG, JPEG, CSV, XLSX or ODS file; may be repeated"},
    {"customization", "NAME", "bis3, selfbilling3, pint-eu, ...; default: what the invoice says"},
    {"csv", NULL, "INPUT is a list, one row a line (as is a file named .csv)"},
    {"no-validate", NULL, "leave out the official schema and rules"},
    {"schema", NULL, "print the JSON Schema of INPUT and end"},
    {"terms", NULL, "print the table of business terms, JSON members and UBL paths, and end"}, END};
static const struct cli_flag read_flags[] = {
    {"output", "FILE", "write there, durably, instead of standard output (-o)"}, END};
static const struct cli_flag canary_install[] = {
    {"from", "PARTICIPANT", "who sends it: a participant of ours"},
    {"to", "PARTICIPANT", "who receives it: registered with the route canary"},
    {"country", "CC", "of the receiver"}, {"name", "TEXT", "of the receiver"},
    {"end-user", "ID", "legal entity of the receiver; default: the identifier itself"}, END};
static const struct cli_flag canary_run[] = {{"wait", "[=60s]", "at most this long"}, END};
static const struct cli_flag config_show[] = {
    {"origin", NULL, "say where each value came from"}, END};
static const struct cli_flag conformance_run[] = {
    {"own", "PARTICIPANT", "a participant of ours that receives; default: the first"},
    {"to", "PARTICIPANT", "a receiver of the test network"},
    {"revoked", "PARTICIPANT", "one whose access point has a revoked certificate"},
    {"migrated", "PARTICIPANT", "one at the access point of --to, with its new certificate"},
    {"wildcard", "PARTICIPANT", "one registered with a wildcard"},
    {"wildcard-document", "FILE", "a PINT document for that one"},
    {"large", "MB", "size of large documents; default 10, 0: none"},
    {"case", "NAME", "only cases whose names begin so: tls, reception, submission-large"},
    {"dir", "FOLDER", "for report and evidence; default ./conformance"}, END};
static const struct cli_flag doctor_flags[] = {
    {"quick", NULL,
        "only what needs neither network nor reading the whole spool: for every minute"},
    END};
static const struct cli_flag events_flags[] = {
    {"after", "SEQ", "only those with a greater sequence number; default 0: all"},
    {"follow", NULL, "stay, and print each new event when it is committed"},
    {"limit", "N", "end after N events"}, END};
static const struct cli_flag reconcile_flags[] = {
    {"expected", "FILE", "CSV list of invoice numbers that should have been sent; - for stdin"},
    {"column", "NAME|N", "which column holds them, when its heading does not say"},
    {"since", "SPAN|INSTANT", "only documents handed in from then on count"},
    {"level", "LEVEL", "proof that is asked for; default: what each document requires"},
    {"tenant", "NAME", "only documents of this tenant"},
    {"unlisted", NULL, "also name documents since then that are not on the list"}, END};
static const struct cli_flag partner_set[] = {
    {"unknown", "resend|hold", "after 9 minutes without a valid answer; or default"},
    {"require", "LEVEL", "proof that is enough: receipted, handed-over, ...; or default"},
    {"deliver-by", "SPAN", "deadline of its documents, from acceptance; or default"},
    {"window", "N", "most exchanges with it at once; or default"}, END};
#define QUEUE_WHO                                                                                  \
    {"who", "TEXT", "who decides, for the record"},                                                \
    {                                                                                              \
        "why", "TEXT", "the reason, for the record"                                                \
    }
#define QUEUE_PARTNER                                                                              \
    {                                                                                              \
        "partner", "PARTICIPANT|SEAT", "everything for this receiver or access point"              \
    }
static const struct cli_flag queue_hold[] = {QUEUE_PARTNER, QUEUE_WHO, END};
static const struct cli_flag queue_cancel[] = {
    {"yes", NULL, "do not ask; needed where nobody can be asked"}, QUEUE_WHO, END};
static const struct cli_flag queue_retry[] = {QUEUE_WHO, END};
static const struct cli_flag queue_run[] = {QUEUE_PARTNER, END};
static const struct cli_flag queue_show[] = {
    {"partner", "PARTICIPANT", "only this receiver's"}, {"limit", "N", "at most N"}, END};
static const struct cli_flag queue_shape[] = {
    {"by", "ap|receiver", "a row for each access point (default) or receiver"}, END};
static const struct cli_flag doctypes_flags[] = {
    {"all", NULL, "deprecated and removed ones as well"}, END};
static const struct cli_flag send_flags[] = {
    {"priority", "urgent|normal|bulk", "urgent: before any backlog; bulk: behind no one's back"},
    {"wait", "[=60s]", "stay until a verified Receipt is held, at most this long"},
    {"to", "PARTICIPANT", "receiver, instead of the document's"},
    {"from", "PARTICIPANT", "sender, instead of the document's; a participant of ours"},
    {"key", "TEXT", "idempotency key: the same key and bytes are one document"},
    {"deliver-by", "SPAN|INSTANT", "late, with an alarm, when not proven by then; default 24h"},
    {"level", "LEVEL",
        "proof that is required: receipted, handed-over, confirmed or answered; default: as agreed "
        "with the partner, else receipted"},
    {"doctype", "NAME|ID",
        "document type, when the document does not say; aviso doctypes lists them"},
    {"process", "ID", "process, when the document does not say"},
    {"mime-type", "TYPE", "media type of what is not XML, when its document type does not say"},
    {"encoding", "NAME", "of text that is not XML nor UTF-8, for instance ISO-8859-1"},
    {"number", "TEXT", "number of what is not XML, for list and reconcile"},
    {"attach", "FILE", "of JSON or CSV: embed a PDF, PNG, JPEG, CSV, XLSX or ODS file; repeatable"},
    {"csv", NULL, "FILE is a list of invoices, one row a line (as is a file named .csv)"},
    {"sbd", NULL, "the file is a whole StandardBusinessDocument, sent as it is"},
    {"mls-to", "PARTICIPANT", "MLS_TO of the envelope"},
    {"mls-always", NULL, "MLS_TYPE ALWAYS_SEND"},
    {"refuse-twin", NULL,
        "refuse a second document with this supplier, number and date; as validate.twin"},
    {"dry-run", NULL, "check everything, store and send nothing"}, END};
static const struct cli_flag list_flags[] = {{"late", NULL, "only those past their deadline"},
    {"open", NULL, "only those not settled yet"}, {"inbound", NULL, "received documents"},
    {"state", "STATE", "only those in this state"},
    {"partner", "PARTICIPANT", "only those with this other side"},
    {"since", "SPAN|INSTANT", "only those from then on"}, {"limit", "N", "at most N"}, END};
static const struct cli_flag participant_add[] = {
    {"country", "CC", "legal domicile: COUNTRY_C1 of everything it sends"},
    {"name", "TEXT", "of the legal entity"},
    {"doctype", "NAME|ID[ PROCESS]",
        "what it receives: invoice, credit-note, ... or an id; repeatable"},
    {"tenant", "NAME", "whose it is; default \"default\""},
    {"end-user", "ID", "legal entity; default: the identifier itself"},
    {"identified-on", "DATE", "when its identity was checked; default today"},
    {"route", "NAME",
        "hand-over of what it receives: inbox, folder, or one of deliver.routes_file"},
    END};
#define SMP_CERTIFICATE                                                                            \
    {                                                                                              \
        "certificate", "SERIAL", "this one of our keys, instead of the newest that is valid"       \
    }
static const struct cli_flag participant_check[] = {SMP_CERTIFICATE, END};
static const struct cli_flag participant_publish[] = {
    {"all", NULL, "every participant that is not disabled"},
    {"dry-run", NULL, "tell what would be changed, change nothing"},
    {"replace", NULL, "also entries that name another access point"},
    {"remove", NULL, "also take out entries that we do not hold"}, SMP_CERTIFICATE,
    {"no-verify", NULL, "do not look afterwards whether the SML and the SMP serve it"},
    {"wait", "SPAN", "how long to look for it; default 30s"}, END};
static const struct cli_flag participant_unpublish[] = {
    {"dry-run", NULL, "tell what would be removed, remove nothing"},
    {"remove", NULL, "also entries that we do not hold, or of another access point"},
    {"yes", NULL, "do not ask; needed where nobody can be asked"}, END};
static const struct cli_flag participant_disable[] = {{"enable", NULL, "the other way round"}, END};
static const struct cli_flag inbox_list[] = {
    {"all", NULL, "acknowledged ones too"}, {"limit", "N", "at most N"}, END};
static const struct cli_flag inbox_get[] = {
    {"output", "FILE", "write there, durably, instead of standard output; --json tells of it"},
    {"sbd", NULL, "the whole envelope as it came, not the document in it"},
    {"look", NULL, "only look: it does not count as handed over; also what is set aside"}, END};
static const struct cli_flag inbox_quarantine[] = {
    {"why", "TEXT", "the reason, for the record"}, END};
static const struct cli_flag inbox_release[] = {{"all", NULL, "every document that is set aside"},
    {"who", "TEXT", "who decided it, for the record"}, END};
static const struct cli_flag inbox_report[] = {
    {"report", "FORMAT", "text (default), json or html"}, END};
static const struct cli_flag inbox_reroute[] = {{"to", "ROUTE", "where they go"},
    {"from", "ROUTE", "every document that waits on this route, instead of ids"},
    {"who", "TEXT", "who decided it, for the record"}, END};
static const struct cli_flag inbox_ack[] = {{"who", "TEXT", "who took it, for the record"}, END};
static const struct cli_flag keys_import[] = {
    {"key", "FILE", "the private key, when it is not in FILE (PEM)"},
    {"password-file", "FILE", "first line: password of the key; - is standard input"}, END};
static const struct cli_flag lookup_flags[] = {
    {"doctype", "NAME|ID", "ask for the endpoint of invoice, credit-note, ... or an id"},
    {"process", "ID", "process, when the name does not bring one"},
    {"explain", NULL, "every step with its time and verdict"}, {"fresh", NULL, "pass the cache by"},
    END};

static const struct cli_flag testnet_flags[] = {
    {"dir", "FOLDER", "where it lives; default ~/.local/state/aviso/testnet"}, END};
static const struct cli_flag testnet_net[] = {{"dir", "FOLDER", "where registry.tsv and pki/ lie"},
    {"dns-port", "N", "UDP and TCP port on 127.0.0.1"}, {"smp-port", "N", "TLS port on 127.0.0.1"},
    {"crl-port", "N", "HTTP port of the revocation lists on 127.0.0.1"}, END};

static const struct cli_flag render[] = {
    {"output", "FILE", "write there instead of standard output (-o); .pdf makes a PDF"},
    {"lang", "LANGUAGE", "of the labels: en (default), nl, fr, de or sv"}, END};
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
    {"ack", "[ID...]", "Acknowledge alarms: they are told no more",
        "  aviso ack a12\n  aviso ack INV-1042 --who \"night shift\"\n  aviso ack --all\n",
        ack_flags, cmd_ack},
    {"alarms", "", "List what is wrong and not acknowledged; exit 1 when there is any",
        "  aviso alarms\n  aviso alarms --all --json\n", alarms_flags, cmd_alarms},
    {"as4 dump", "FILE...", "Show what is in a captured AS4 message or answer",
        "  aviso as4 dump request.http\n  aviso as4 dump receipt.xml --anchors trust/test\n",
        as4_dump, cmd_as4_dump},
    {"as4 ping", "PARTICIPANT", "Send a test message that is received but not delivered",
        "  aviso as4 ping 0208:0403170701\n  aviso as4 ping 0208:0403170701 --json\n", as4_ping,
        cmd_as4_ping},
    {"build", "[INPUT...]", "Make valid UBL invoices or credit notes from JSON or CSV",
        "  aviso build invoice.json -o invoice.xml\n"
        "  aviso build invoice.json --attach timesheet.pdf -o invoice.xml\n"
        "  aviso build batch.csv -o outbox/\n"
        "  aviso build --customization pint-eu - <invoice.json\n",
        build_flags, cmd_build},
    {"canary install", "", "Make a participant of ours the receiver of the canary",
        "  aviso canary install --from 0208:0848934496 --to 0208:0403170701 --country BE\n",
        canary_install, cmd_canary_install},
    {"canary run", "",
        "Send a canary now (a document to ourselves, or a ping), and wait until it is back",
        "  aviso canary run\n  aviso canary run --wait=5m --json\n", canary_run, cmd_canary_run},
    {"canary status", "", "Tell when a canary last came back; exit 1 when it is silent",
        "  aviso canary status\n", none, cmd_canary_status},
    {"config check", "", "Check the configuration",
        "  aviso config check\n  aviso config check --config /etc/aviso/aviso.conf\n", none,
        cmd_config_check},
    {"config show", "", "Show every option and its value",
        "  aviso config show\n  aviso config show --origin\n", config_show, cmd_config_show},
    {"conformance run", "", "Rehearse the testbed's cases against our endpoint and a test network",
        "  aviso conformance run --case tls\n"
        "  aviso conformance run --to 9922:NGTBCNTRLP1001 --dir rehearsal\n",
        conformance_run, cmd_conformance_run},
    {"doctor", "[cert|dns|clock|spool|smp|peer URL]", "Tell whether anything is wrong here",
        "  aviso doctor\n  aviso doctor --quick --json\n  aviso doctor spool\n"
        "  aviso doctor peer https://ap.example/as4\n",
        doctor_flags, cmd_doctor},
    {"doctypes", "[WORD...]",
        "List the document types of Peppol's code list: names, ids, processes",
        "  aviso doctypes\n  aviso doctypes order edifact\n  aviso doctypes --all --json\n",
        doctypes_flags, cmd_doctypes},
    {"events", "", "Print what happened, in order and without gaps, one JSON object a line",
        "  aviso events\n  aviso events --after 1042 --follow\n", events_flags, cmd_events},
    {"explain", "ERROR-NAME", "Tell what an error name means and what to do",
        "  aviso explain config.mode\n", none, cmd_explain},
    {"help-source", "KIND [NAME]", "Print manual page or completion sources",
        "  aviso help-source man send\n  aviso help-source completion bash\n", none, help_source},
    {"inbox ack", "ID...", "Acknowledge received documents: C4 has them",
        "  aviso inbox ack 7f3c12aa\n", inbox_ack, cmd_inbox_ack},
    {"inbox get", "ID", "Take a received document out",
        "  aviso inbox get 7f3c12aa -o invoice.xml\n  aviso inbox get INV-1042 | xmllint --format "
        "-\n",
        inbox_get, cmd_inbox_get},
    {"inbox list", "", "List received documents not acknowledged yet",
        "  aviso inbox list\n  aviso inbox list --all --json\n", inbox_list, cmd_inbox_list},
    {"inbox quarantine", "ID...", "Set received documents aside: they are not handed over",
        "  aviso inbox quarantine 7f3c12aa --why \"supplier asked us not to book it\"\n",
        inbox_quarantine, cmd_inbox_quarantine},
    {"inbox release", "ID...", "Hand over documents that were set aside",
        "  aviso inbox release 7f3c12aa\n  aviso inbox release --all\n", inbox_release,
        cmd_inbox_release},
    {"inbox report", "ID", "Show what validation said of a received document",
        "  aviso inbox report INV-1042\n  aviso inbox report 7f3c12aa --report html >report.html\n",
        inbox_report, cmd_inbox_report},
    {"inbox reroute", "[ID...]", "Hand received documents over by another route",
        "  aviso inbox reroute --from erp --to books\n  aviso inbox reroute 7f3c12aa --to inbox\n",
        inbox_reroute, cmd_inbox_reroute},
    {"keys activate", "SERIAL", "Sign with a key from now on; the others go on decrypting",
        "  aviso keys activate 1468402d426bdcb3eacbd986aceee99f2b558269\n", none,
        cmd_keys_activate},
    {"keys import", "FILE", "Take in the next key and its certificate: PKCS#12 or PEM",
        "  aviso keys import ap-2028.p12 --password-file /run/p12.password\n"
        "  aviso keys import ap-2028.pem --key ap-2028.key\n",
        keys_import, cmd_keys_import},
    {"keys list", "", "List our keys: which signs, which decrypt, until when",
        "  aviso keys list\n  aviso keys list --json\n", none, cmd_keys_list},
    {"keys retire", "SERIAL", "Remove a key that no message is on its way for any more",
        "  aviso keys retire 1468402d426bdcb3eacbd986aceee99f2b558269\n", none, cmd_keys_retire},
    {"list", "", "List documents, newest first",
        "  aviso list --late\n  aviso list --state unknown --json\n  aviso list --inbound --since "
        "24h\n",
        list_flags, cmd_list},
    {"lookup", "PARTICIPANT", "Find where a participant receives: DNS, SMP, endpoint, certificate",
        "  aviso lookup 0208:0848934496\n  aviso lookup 0208:0848934496 --doctype invoice "
        "--explain\n",
        lookup_flags, cmd_lookup},
    {"participant add", "PARTICIPANT", "Register a participant of ours, or change its record",
        "  aviso participant add 0208:0848934496 --country BE --name \"Example BV\" "
        "--doctype invoice\n",
        participant_add, cmd_participant_add},
    {"participant check", "[PARTICIPANT...]",
        "Compare what the SMP says of our participants with what we hold; exit 1 when it differs",
        "  aviso participant check\n  aviso participant check 0208:0848934496 --json\n",
        participant_check, cmd_participant_check},
    {"participant disable", "PARTICIPANT", "Let a participant neither send nor receive",
        "  aviso participant disable 0208:0848934496\n", participant_disable,
        cmd_participant_disable},
    {"participant list", "", "List our participants",
        "  aviso participant list\n  aviso participant list --json\n", none, cmd_participant_list},
    {"participant publish", "[PARTICIPANT...]",
        "Register participants of ours in the SMP, or bring their entries up to date",
        "  aviso participant publish 0208:0848934496\n"
        "  aviso participant publish --all --dry-run\n",
        participant_publish, cmd_participant_publish},
    {"participant show", "PARTICIPANT", "Show one participant with what it receives",
        "  aviso participant show 0208:0848934496\n", none, cmd_participant_show},
    {"participant unpublish", "PARTICIPANT...", "Take our entries out of the SMP",
        "  aviso participant unpublish 0208:0848934496\n"
        "  aviso participant unpublish 0208:0848934496 --dry-run\n",
        participant_unpublish, cmd_participant_unpublish},
    {"partner list", "", "List partners with terms of their own",
        "  aviso partner list\n  aviso partner list --json\n", none, cmd_partner_list},
    {"partner set", "PARTICIPANT|SEAT", "Set what is agreed with a receiver or access point",
        "  aviso partner set 0208:0403170701 --unknown hold\n"
        "  aviso partner set POP000002 --window 2\n"
        "  aviso partner set 0208:0403170701 --require handed-over --deliver-by 4h\n",
        partner_set, cmd_partner_set},
    {"partner show", "PARTICIPANT|SEAT",
        "Show what is agreed with one partner, and how long an access point takes",
        "  aviso partner show 0208:0403170701\n  aviso partner show POP000002\n", none,
        cmd_partner_show},
    {"queue cancel", "ID...", "Give documents up before a byte has left; cannot be undone",
        "  aviso queue cancel INV-1042\n  aviso queue cancel 7f3c12aa --yes --why \"typed "
        "twice\"\n",
        queue_cancel, cmd_queue_cancel},
    {"queue hold", "[ID...]", "Stop sending documents until they are released",
        "  aviso queue hold INV-1042\n"
        "  aviso queue hold --partner POP000002 --why \"asked us to wait\"\n",
        queue_hold, cmd_queue_hold},
    {"queue release", "[ID...]", "Send held documents again",
        "  aviso queue release INV-1042\n  aviso queue release --partner POP000002\n", queue_hold,
        cmd_queue_release},
    {"queue resolve", "ID...", "Record that a document of unknown outcome is not there: REFUSED",
        "  aviso queue resolve INV-1042 --why \"their support says so\"\n", queue_cancel,
        cmd_queue_resolve},
    {"queue retry", "ID...", "Try documents now; an expired unknown one gets another horizon",
        "  aviso queue retry INV-1042\n", queue_retry, cmd_queue_retry},
    {"queue run", "", "Try everything that waits now, and close circuits",
        "  aviso queue run\n  aviso queue run --partner 0208:0403170701\n", queue_run,
        cmd_queue_run},
    {"queue shape", "", "Count what is not proven, by access point and age",
        "  aviso queue shape\n  aviso queue shape --by receiver --json\n", queue_shape,
        cmd_queue_shape},
    {"queue show", "", "List what is not proven, with its next attempt, and open circuits",
        "  aviso queue show\n  aviso queue show --partner 0208:0403170701 --json\n", queue_show,
        cmd_queue_show},
    {"read", "FILE", "Show a UBL invoice or credit note as the JSON that builds it",
        "  aviso read invoice.xml\n  aviso read invoice.xml -o invoice.json\n", read_flags,
        cmd_read},
    {"reconcile", "", "Tell for each invoice of a list what became of it",
        "  aviso reconcile --expected invoices.csv\n"
        "  aviso reconcile --expected invoices.csv --since 24h --unlisted\n"
        "  aviso reconcile --expected invoices.csv --column Belegnummer --level confirmed --json\n",
        reconcile_flags, cmd_reconcile},
    {"reload", "", "Let the service take over the configuration and our keys as they are now",
        "  aviso reload\n  aviso reload --json\n", none, cmd_reload},
    {"render", "FILE", "Show an invoice or credit note as a page for people, HTML or PDF",
        "  aviso render invoice.xml -o invoice.html\n"
        "  aviso render invoice.xml --lang nl -o factuur.pdf\n"
        "  aviso inbox get INV-1042 | aviso render - -o invoice.html\n",
        render, cmd_render},
    {"rules install", "[FOLDER]",
        "Fetch the official rule sets and schemas, check them, lay them out",
        "  aviso rules install\n  aviso rules install /usr/local/share/aviso\n", none,
        cmd_rules_install},
    {"rules list", "", "Rule sets that are here, with the version in force",
        "  aviso rules list\n  aviso rules list --at 2026-08-01\n", rules_at, cmd_rules_list},
    {"rules show", "NAME[@VERSION]...", "Versions, dates, files and hashes of a rule set",
        "  aviso rules show peppol-bis3\n  aviso rules show peppol-bis3@latest --json\n", rules_at,
        cmd_rules_show},
    {"rules verify", "", "Check every rule file and schema against its published hash",
        "  aviso rules verify\n", none, cmd_rules_verify},
    {"send", "FILE...", "Accept documents for delivery, and with --wait stay until they are proven",
        "  aviso send invoice.xml --wait\n  aviso send *.xml --json\n  aviso send invoice.json "
        "--wait\n"
        "  aviso send invoice.xml --dry-run\n  aviso send - --key order-1042 <invoice.xml\n",
        send_flags, cmd_send},
    {"serve", "", "Run the access point: AS4 endpoint, senders, hand-over",
        "  aviso serve\n  aviso serve --config /etc/aviso/aviso.conf\n", none, cmd_serve},
    {"status", "[ID...]",
        "Tell where a document is, by any id it has; without one, how things stand",
        "  aviso status\n  aviso status INV-1042\n  aviso status 7f3c12aa --json\n", none,
        cmd_status},
    {"testnet down", "", "End the network on this machine", "  aviso testnet down\n", testnet_flags,
        cmd_testnet_down},
    {"testnet net", "", "DNS authority, SMP and revocation lists of the testnet, in the foreground",
        "  aviso testnet net --dir /tmp/net --dns-port 5300 --smp-port 5301 --crl-port 5302\n",
        testnet_net, cmd_testnet_net},
    {"testnet status", "", "Tell whether the network on this machine runs",
        "  aviso testnet status --json\n", testnet_flags, cmd_testnet_status},
    {"testnet up", "",
        "Start a whole Peppol network on this machine: SML, SMP, second access point",
        "  aviso testnet up\n  aviso testnet up --dir /tmp/net\n", testnet_flags, cmd_testnet_up},
    {"validate", "FILE...", "Check documents against their schema and rule sets",
        "  aviso validate invoice.xml\n  aviso validate --json --jobs 2 outbox/\n"
        "  aviso validate --at 2026-08-16 --rules peppol-bis3 invoice.xml\n"
        "  aviso validate --no-xsd --schematron my-rules.sch - <invoice.xml\n",
        validate, cmd_validate},
    {NULL, NULL, NULL, NULL, NULL, NULL},
};
