/* errors_priv.h - every error name: N(name, exit code, meaning, what to do). Sorted. Included by
 * errors.c alone; the manual page aviso-errors(7) and `aviso explain` are made from it. */
/* clang-format off */
N("aead.open", INPUT, "A ciphertext does not open with its content key (EBMS:0102)",
  "The sender must encrypt for the certificate in the SMP")
N("alarm.channel", UNREACHED, "A channel that tells alarms failed",
  "Correct section alarm; it is tried again, and the other channels tell of it")
N("alarm.config", SETUP, "A program that should tell alarms is not there",
  "Correct alarm.command or alarm.sendmail")
N("ap-cert.expired", NO, "The receiving access point's certificate has expired",
  "The receiver's provider must publish its new certificate")
N("ap-cert.malformed", NO, "The certificate published for the receiver cannot be read",
  "The receiver's provider must correct its SMP entry")
N("ap-cert.not-yet-valid", NO, "The receiving access point's certificate is not valid yet",
  "Check the clock; else the receiver's provider must correct its SMP entry")
N("ap-cert.revocation-unknown", UNREACHED, "Whether the receiving access point's certificate is revoked cannot be found out",
  "Tried again")
N("ap-cert.revoked", NO, "The receiving access point's certificate is revoked",
  "The receiver's provider must publish a good certificate")
N("ap-cert.untrusted", NO, "The receiving access point's certificate is not one of this Peppol network's access points",
  "The receiver's provider must correct its SMP entry; check the mode (test or production)")
N("as4.body", INPUT, "The SOAP Body of a received message is not empty (EBMS:0004)",
  "The sender must put its payload into an attachment")
N("as4.capture", INPUT, "The file is no captured HTTP message",
  "Give a whole request or response")
N("as4.compression", INPUT, "CompressionType and the payload do not agree (EBMS:0303)",
  "The sender must compress with gzip and say so, or do neither")
N("as4.conflict", INPUT, "A MessageId came again with another content",
  "Ask the sending access point: its MessageIds must be unique")
N("as4.duplicate", UNPROVEN, "The receiver says it already has this message",
  "Do not send again; wait for an MLS or ask the receiver")
N("as4.error-code", BUG, "An ebMS error code has no text",
  "Report it")
N("as4.expect", BUG, "What a receipt must say cannot be read back from the store",
  "Report it; the message stays unknown")
N("as4.from", INPUT, "From in a received message is not the signer of it (EBMS:0101)",
  "The sender must put the CN of its certificate into From")
N("as4.message-id", INPUT, "A MessageId is not an RFC 2822 msg-id (EBMS:0009)",
  "The sender must write left@right without <>")
N("as4.not-serviced", NO, "The participant, document type or process is not served at that access point",
  "Ask the receiver what it has registered")
N("as4.part-missing", INPUT, "A part named by PartInfo is not in the message (EBMS:0007)",
  "The sender must correct its MIME message")
N("as4.part-unnamed", INPUT, "The message has a part that no PartInfo names (EBMS:0007)",
  "The sender must correct its MIME message")
N("as4.peer-error", UNPROVEN, "The receiving access point answered with an ebMS error",
  "A new message is sent after a fresh lookup")
N("as4.recipient", INPUT, "The recipient's certificate has no CN",
  "The receiver's service provider must publish another certificate")
N("as4.to", INPUT, "To in a received message is not this access point (EBMS:0004)",
  "The sender must look the receiver up again")
N("as4.value", INPUT, "An identifier of the message is empty, too long or no text",
  "Correct the identifier")
N("as4.wrapped", INPUT, "The signature is over other elements than those of the message (EBMS:0103)",
  "Treat it as an attack")
N("canary.config", SETUP, "The canary is not set up as it must be",
  "aviso canary install")
N("canary.no-service", UNREACHED, "A canary needs a running service",
  "systemctl start aviso, or aviso serve")
N("canary.not-back", UNPROVEN, "A canary did not come back in time",
  "aviso status tells where it is")
N("canary.silent", UNPROVEN, "No canary came back for too long",
  "aviso canary run, then aviso status of its number, tell where it stops")
N("cert.expired", NO, "A certificate is past its validity (EBMS:0101)",
  "Its owner must renew it")
N("cert.expires", NO, "Our own certificate expires soon, or has expired",
  "Get a new one; keep the old key in ap.old_key_file")
N("cert.malformed", INPUT, "Something that should be an X.509 certificate is not",
  "The one who published it must correct it")
N("cert.not-yet-valid", NO, "A certificate is not valid yet (EBMS:0101)",
  "Check both clocks; its owner must wait")
N("cert.revocation-unknown", UNREACHED, "Whether a certificate is revoked cannot be found out",
  "Tried again; check the way to the CRL server (port 80)")
N("cert.revoked", NO, "A certificate is revoked (EBMS:0101)",
  "Its owner must get another one")
N("cert.seat", NO, "The CN of an access point's certificate is no Seat ID (EBMS:0101)",
  "Its owner must get a Peppol certificate")
N("cert.untrusted", NO, "A certificate does not chain to the Peppol CA of its role (EBMS:0101)",
  "Check that both sides are of the same stage (test or production)")
N("cert.weak", NO, "A certificate's key or signature is too weak, or of another kind than RSA (EBMS:0101)",
  "Its owner must get another")
N("cert.wrong-role", NO, "An SMP's certificate is used by an access point, or the reverse (EBMS:0101)",
  "Its owner must configure the right one")
N("circuit.open", UNREACHED, "An access point has taken nothing for a long time",
  "Ask its operator; it is probed again and again")
N("clock.jumped", SETUP, "The clock was set while the service ran",
  "Let a time service keep it; deadlines wait ten minutes for it to come back")
N("code.abstract", INPUT, "A document type is abstract: no document is of it",
  "Use the country's or community's document type; register it with * at the end")
N("code.removed", INPUT, "An identifier scheme, document type or process was removed from Peppol's code list",
  "Use the one that took its place; aviso doctypes lists what is active")
N("codelist.unreadable", SETUP, "A code list in the data folder is damaged",
  "Fetch the artefacts again (make data)")
N("config.file", SETUP, "A file named by the configuration cannot be read",
  "Correct the path or its permissions")
N("config.flag", USAGE, "--set expects SECTION.KEY=VALUE",
  "Correct the call")
N("config.lab-only", SETUP, "The option exists only in mode = lab",
  "Remove the option or change the mode")
N("config.missing", SETUP, "An option that has no default is not set",
  "Set it in aviso.conf")
N("config.mode", SETUP, "ap.mode is not set",
  "Set it to lab, test or production")
N("config.syntax", SETUP, "A configuration line cannot be read",
  "Correct the named line")
N("config.unknown-key", SETUP, "There is no such option",
  "Correct the name; the nearest one is shown")
N("config.value", SETUP, "An option has a value it cannot have",
  "Correct the named line")
N("conformance.damage", BUG, "A message of the rehearsal has no part that could be damaged",
  "Report it, with the evidence of the case")
N("content.encoding", INPUT, "A text that is not UTF-8, and nothing tells its encoding",
  "Give --encoding")
N("content.format", INPUT, "A file does not begin as its document type demands",
  "Give the right file, or the right --doctype")
N("content.media-type", INPUT, "Neither document type nor file tell the media type",
  "Give --mime-type")
N("control.broken", UNREACHED, "The exchange with the daemon broke off",
  "See aviso status; the same --key makes a repeat harmless")
N("control.connect", UNREACHED, "The daemon's socket does not take connections",
  "Check the permissions of the spool folder")
N("control.nobody", SETUP, "This needs the service, and it does not run",
  "Start it: aviso serve")
N("control.op", BUG, "The daemon does not know this operation",
  "Use the same version of program and daemon")
N("control.path", SETUP, "The spool's path is too long for a Unix socket",
  "Use a shorter path")
N("control.payload", INPUT, "No document came with the request",
  "Give a regular file")
N("control.socket", SETUP, "The daemon's socket cannot be made",
  "Check the spool folder")
N("crl.issuer", UNREACHED, "A revocation list is not by the authority of the certificate",
  "Tried again; OCSP is asked")
N("crl.kind", UNREACHED, "A revocation list covers only a part, or is of a kind that is not known",
  "Tried again; OCSP is asked")
N("crl.malformed", UNREACHED, "A revocation list cannot be read",
  "Tried again; OCSP is asked")
N("crl.signature", UNREACHED, "A revocation list is not signed by the authority",
  "Tried again; OCSP is asked; treat it as an attack when it lasts")
N("crl.stale", UNREACHED, "A revocation list is past its time, or older than one seen before",
  "Tried again; OCSP is asked")
N("crl.unreachable", UNREACHED, "The server of a revocation list gives none",
  "Tried again; OCSP is asked; check the way to it (port 80)")
N("csv.quote", INPUT, "A quoted cell of a list does not end as it should",
  "Correct the line named")
N("csv.size", INPUT, "A list has too many rows or columns, or a cell is too large",
  "Split the list")
N("csv.text", INPUT, "A list cannot be read as CSV text",
  "Save it as CSV (UTF-8); a spreadsheet file is no CSV")
N("deliver.route", BUG, "A document was to be handed to a route that is fetched from",
  "Report it")
N("descriptors.exhausted", UNREACHED, "No more files or connections can be opened: the process or the machine has too many",
  "Tried again; raise LimitNOFILE= of the service, or ulimit -n")
N("dns.config", SETUP, "The DNS resolver or trust anchor cannot be used",
  "Correct the options of section lookup")
N("dns.temporary", UNREACHED, "DNS does not tell whether the participant is registered",
  "Tried again")
N("dns.timeout", UNREACHED, "DNS does not answer in time",
  "Tried again; check the resolver")
N("doctype.not-supported", NO, "The receiver is registered, but not for this document type",
  "Ask the receiver which documents it takes")
N("document.invalid", NO, "Official rules refuse the document",
  "Correct it; aviso validate tells each rule")
N("document.no-process", INPUT, "The document names no process (ProfileID)",
  "Correct the document")
N("document.no-receiver", INPUT, "The document names no usable receiver (EndpointID with schemeID)",
  "Correct the document, or give --to")
N("document.no-sender", INPUT, "The document names no usable sender (EndpointID with schemeID)",
  "Correct the document, or give --from")
N("document.unknown", INPUT, "The file is XML, but not a business document that is known here",
  "Send an invoice, credit note, order or the like with its CustomizationID")
N("dsig.init", BUG, "xmlsec1 cannot be set up",
  "Check the installation")
N("dsig.invalid", NO, "An XML signature does not hold",
  "The signer must correct it; treat it as an attack if it repeats")
N("ebms.agreement", INPUT, "AgreementRef is not the Peppol agreement (EBMS:0001)",
  "The sender must correct its AS4 header")
N("ebms.ambiguous", INPUT, "A property that has one value stands twice (EBMS:0003)",
  "The sender must correct its AS4 header")
N("ebms.header", INPUT, "eb:Messaging does not have the shape of the ebMS schema (EBMS:0009)",
  "The sender must correct its AS4 header")
N("ebms.href", INPUT, "A PartInfo does not name an attachment of the message (EBMS:0007)",
  "The sender must correct its AS4 header")
N("ebms.profile", INPUT, "A header value is outside the Peppol AS4 profile (EBMS:0004)",
  "The sender must correct its AS4 header")
N("enc.base64", INPUT, "Text that should be base64 is not",
  "The giver must correct it")
N("enc.percent", INPUT, "A percent escape is broken",
  "The giver must correct it")
N("endpoint.expired", NO, "The receiver's endpoint has expired",
  "The receiver's provider must renew its SMP entry")
N("endpoint.no-as4", NO, "The receiver has no AS4 endpoint for this document and process",
  "The receiver's provider must correct its SMP entry")
N("endpoint.not-active", NO, "The receiver's endpoint is not active yet",
  "Wait until the date shown")
N("endpoint.url", NO, "The receiver's endpoint is not an address that may be called",
  "The receiver's provider must publish a public https address")
N("events.ahead", INPUT, "A reader of events asks for more than the journal ever had",
  "The spool is another one or a restored backup: compare, then read on from its last event")
N("gzip.bomb", INPUT, "A compressed part grows beyond the ratio or size that is taken (EBMS:0303)",
  "The sender must send less, or the operator raise limits")
N("gzip.broken", INPUT, "A compressed part is not whole gzip data (EBMS:0303)",
  "The sender must send it again, compressed correctly")
N("gzip.deflate", BUG, "Compressing a payload failed",
  "Report it")
N("handover.crashed", UNREACHED, "The program that takes documents was ended by a signal",
  "Tried once more, then the document is set aside")
N("handover.failed", UNREACHED, "The invoicing system did not take a document",
  "Tried again; see what it says")
N("handover.no-route", SETUP, "Received documents wait for a hand-over route that is not configured",
  "Configure it in deliver.routes_file, or aviso inbox reroute --from")
N("handover.refused", NO, "The invoicing system refuses a document for ever",
  "Look at the document (aviso inbox get --look), then aviso inbox release, or ack")
N("handover.timeout", UNREACHED, "The program that takes documents did not end in time",
  "Tried again; see why it hangs, or raise the route's deadline")
N("heartbeat.refused", UNREACHED, "The outside monitor does not take the heartbeat",
  "Check heartbeat.url")
N("heartbeat.withheld", UNREACHED, "The heartbeat is not sent, since the service is not well",
  "aviso doctor")
N("http.ca", SETUP, "The certificate authorities for TLS cannot be read",
  "Correct the CA file option")
N("http.connect", UNREACHED, "No connection to the other side",
  "Tried again; check its address and your network")
N("http.egress", NO, "The address is not one that may be called from here (not https, another port, or a private network)",
  "The other side must publish a public https address")
N("http.init", BUG, "libcurl cannot be set up",
  "Check the installation")
N("http.malformed", PROTOCOL, "What came back is not a usable HTTP answer",
  "Tried again; tell the other side")
N("http.redirect", PROTOCOL, "The other side redirects too often",
  "Tell the other side")
N("http.reset", UNREACHED, "The connection broke",
  "Tried again")
N("http.resolve", UNREACHED, "The host name cannot be resolved",
  "Tried again; check DNS")
N("http.timeout", UNREACHED, "No answer in time",
  "Tried again")
N("http.tls", UNREACHED, "TLS with the other side failed, or its certificate does not verify",
  "Tried again; tell the other side what the message says")
N("http.too-big", PROTOCOL, "The answer passes its size limit",
  "Tell the other side")
N("http.url", NO, "A URL cannot be read or is of a kind that is never called",
  "The one who published it must correct it")
N("id.doctype", INPUT, "A document type identifier is malformed",
  "Write it as ROOT-NS::LOCAL##CUSTOMIZATION::VERSION")
N("id.participant", INPUT, "A participant identifier is malformed",
  "Write it as 0088:1234567890128")
N("id.process", INPUT, "A process identifier is malformed",
  "Correct it")
N("id.seat", INPUT, "A Seat ID is malformed",
  "Write it as PBE000123")
N("id.zone", SETUP, "The DNS zone is too long for a name in it",
  "Correct lookup.zone")
N("in.crash", BUG, "A message ended the service while it was read, before it was on disk",
  "Report it with the log; after the second time the message is refused for a day")
N("in.poison", NO, "A received document ends the process that validates it",
  "Report it with the document; aviso inbox release hands it over unchecked")
N("inbox.quarantined", NO, "A received document was set aside by hand",
  "aviso inbox release hands it over all the same")
N("inputs.same-name", USAGE, "Two inputs have the same name, and so would their reports",
  "Give the folder above both, or run the command for each")
N("invoice.arithmetic", INPUT, "A sum given with the invoice is not the one that its parts make",
  "Correct the amount, or leave it out: it is computed then")
N("invoice.attachment", INPUT, "A file cannot be embedded: its kind, name or content is not one that may be",
  "Give it as PDF, PNG, JPEG, CSV, XLSX or ODS, with the name ending so")
N("invoice.beyond", INPUT, "The document holds something that no business term of BIS Billing 3 is",
  "Nothing: it is told so that it is not lost unseen")
N("invoice.conflict", INPUT, "Two members of the invoice exclude each other",
  "Leave one out")
N("invoice.csv", INPUT, "A list of invoices has a heading, a row or a cell that cannot be taken",
  "Correct the line named; docs/invoice.md says how such a list is written")
N("invoice.customization", USAGE, "No customization has that name",
  "Use one of docs/invoice.md, or write its identifier into \"specification\"")
N("invoice.dates", INPUT, "Dates of the invoice are not in order",
  "Correct the date at the path named")
N("invoice.decimals", INPUT, "An amount has more decimals than its currency or EN 16931 allows",
  "Round it; prices and quantities may have more")
N("invoice.duplicate", INPUT, "A member stands twice in one object",
  "Remove one")
N("invoice.encoding", INPUT, "The text is not UTF-8",
  "Save it as UTF-8")
N("invoice.identifier", INPUT, "An identifier, VAT number or account cannot exist: its form or check digit is wrong",
  "Correct it")
N("invoice.json", INPUT, "The text is not JSON",
  "Correct the line named")
N("invoice.limit", INPUT, "The invoice passes a stated limit of size, depth or length",
  "Make it smaller; the limits stand in docs/invoice.md")
N("invoice.line-twice", INPUT, "Two lines have the same number",
  "Number the lines differently, or leave the numbers out")
N("invoice.member", INPUT, "A member is not one of the documented names",
  "Use the name suggested, or see docs/invoice.md")
N("invoice.missing", INPUT, "A mandatory term is missing",
  "Add the member at the path named")
N("invoice.not-ubl", INPUT, "The document is no UBL Invoice or CreditNote",
  "Give one, alone or in its SBDH envelope")
N("invoice.rule", INPUT, "An official rule finds a fault in the document that was built",
  "Correct the member at the path named")
N("invoice.twice", INPUT, "Two invoices of one call have the same number, or numbers that give the same file name",
  "Correct the number, or build them in two calls")
N("invoice.type", INPUT, "A member has another JSON type than documented",
  "Write it as the message says")
N("invoice.unwritten", BUG, "A report is about a document that was never written",
  "Report it")
N("invoice.value", INPUT, "A value cannot be what its term asks for",
  "Write it as the message says")
N("io.close", SETUP, "The system reported a write error on closing a file",
  "Look at the disk; the operation is tried again")
N("io.closed", SETUP, "Whoever was to read the output has closed it",
  "Let it read to the end; what was asked may be done all the same: see aviso status")
N("io.exec", SETUP, "A program could not be run",
  "See the reason in the message")
N("io.missing", MISSING, "A file that is needed does not exist",
  "Correct the path")
N("io.mkdir", SETUP, "A folder cannot be made",
  "Correct the path or its permissions")
N("io.name", INPUT, "A file or folder name is empty or too long",
  "Use a shorter name")
N("io.open", SETUP, "A file or folder cannot be opened",
  "Correct the path or its permissions")
N("io.range", BUG, "Bytes behind the end of a payload were asked for",
  "Report it")
N("io.read", SETUP, "A file cannot be read",
  "Look at the disk and the permissions")
N("io.remove", SETUP, "A file cannot be removed",
  "Correct the permissions of its folder")
N("io.rename", SETUP, "A file cannot be put in its place",
  "Look at the disk and the permissions")
N("io.truncated", SETUP, "A stored file is shorter than the store says",
  "Restore it from a backup; run aviso doctor")
N("io.unreadable", MISSING, "An input cannot be read to its end",
  "Give it again: nothing of it was taken")
N("io.watch", SETUP, "Changes in a folder cannot be watched",
  "Raise fs.inotify.max_user_watches or max_user_instances")
N("io.write", SETUP, "A file cannot be written",
  "Free space on the disk, or correct the permissions")
N("key.active", INPUT, "The key signs, so it cannot be retired",
  "Activate another key first")
N("key.expired", SETUP, "Our own certificate is not valid now",
  "aviso keys import and activate a new one: what waits is signed with it")
N("key.limit", SETUP, "Too many keys are in use",
  "Retire keys that no message is on its way for")
N("key.mismatch", SETUP, "The private key does not belong to the certificate",
  "Correct the two paths")
N("key.none", SETUP, "There is no such key",
  "aviso keys list shows them")
N("key.password", INPUT, "A key file needs a password, or another one",
  "Give the right one with --password-file")
N("key.process", SETUP, "The key process cannot be started or confined",
  "The message names the call; seccomp and fork are needed")
N("key.revocation-unknown", UNREACHED, "Whether our own certificate is revoked cannot be found out, so no receipt is given",
  "Tried again; check the way to the CRL server (port 80)")
N("key.revoked", SETUP, "Our own certificate is revoked",
  "aviso keys import and activate a new one: what waits is signed with it")
N("key.seat", INPUT, "The new certificate is for another Seat ID than ours",
  "Ask for a certificate of our seat")
N("key.size", SETUP, "The private key is not RSA of 2048 to 8192 bits",
  "Use the key of your Peppol certificate")
N("key.timeout", UNREACHED, "The key process did not answer in time",
  "Tried again; if it lasts, restart the service")
N("key.unavailable", SETUP, "The key process is gone",
  "aviso reload starts another; nothing is lost")
N("key.unreadable", SETUP, "The private key file cannot be read, or has a password",
  "Correct the path or permissions; the service takes PEM without a password, aviso keys import also PKCS#12")
N("key.unwrap", INPUT, "A content key does not unwrap (EBMS:0102)",
  "The sender must encrypt for the certificate in the SMP")
N("key.verify", NO, "A signature value was not made with the signer's key",
  "The signer must correct it; treat it as an attack if it repeats")
N("limit.folders", INPUT, "Folders lie too deep in each other",
  "Give an inner folder")
N("limit.size", INPUT, "A document, part or message is larger than is taken",
  "Make it smaller, or raise the limit")
N("listen.address", SETUP, "listen.address is not ADDRESS:PORT",
  "Correct the option")
N("listen.bind", SETUP, "The address cannot be listened on",
  "Free the port, or choose another address")
N("listen.busy", UNREACHED, "Connections of too many earlier web certificates are still open",
  "Reload again in a minute")
N("listen.plain", SETUP, "Plain HTTP outside loopback",
  "Use TLS, or a proxy on this host")
N("listen.socket", SETUP, "The listening socket cannot be made",
  "Look at the system's limits")
N("listen.start", SETUP, "The HTTP server did not start",
  "Look at the certificate and key of [listen]")
N("memory.exhausted", SETUP, "Memory is exhausted, or a limit of memory was reached",
  "Try again with less load; raise the limit if it stays")
N("mime.boundary", BUG, "A MIME boundary stands in the content",
  "Send again; report it")
N("mime.cid", BUG, "A Content-ID cannot be written",
  "Report it")
N("mime.content-id", INPUT, "A Content-ID is not an id",
  "The sender must correct its MIME message")
N("mime.content-type", INPUT, "The Content-Type is missing, not multipart/related, or can be read in two ways (HTTP 415)",
  "The sender must correct its HTTP request")
N("mime.cte", BUG, "A MIME part has an encoding that is none",
  "Report it")
N("mime.encoding", INPUT, "A MIME part is not in the encoding it names (EBMS:0007)",
  "The sender must correct its MIME message")
N("mime.malformed", INPUT, "The multipart message is broken or can be read in two ways (docs/mime.md)",
  "The sender must correct its MIME message")
N("ocsp.unknown", UNREACHED, "An OCSP responder says neither good nor revoked",
  "Tried again")
N("out.cancelled", INPUT, "A person cancelled the document before a byte of it had left",
  "Send it again, with another key, if that was not meant")
N("out.expired", NO, "A document was never sent within its horizon",
  "See why with status; submit it again when the cause is mended")
N("out.expired-unknown", UNPROVEN, "A document may be there, and the horizon passed without proof",
  "Ask the receiver; then queue resolve, or queue retry for another horizon")
N("out.late", UNPROVEN, "A document is not proven by its deadline",
  "See why with status; do not send it again")
N("out.refused", NO, "A document was refused by the other side",
  "See why with status")
N("out.refused-later", NO, "A document that was received is refused after all",
  "See the reason that the receiver gave with status")
N("out.resolved", INPUT, "A person said that a document of unknown outcome is not at the receiver",
  "Send it again as a new document if it is still wanted")
N("participant.country", INPUT, "The participant's country is missing",
  "Give --country CC")
N("participant.disabled", DENIED, "The participant is disabled here",
  "aviso participant disable --enable")
N("participant.incomplete", INPUT, "A participant's record lacks something",
  "Give identifier and country")
N("participant.not-registered", NO, "The participant is not registered in this Peppol network",
  "Check the identifier; ask the receiver to be registered; check the mode (test or production)")
N("participant.route", INPUT, "The route is not known",
  "Use inbox or folder")
N("participant.services", INPUT, "Too many services for one participant",
  "At most 256")
N("participant.unknown", DENIED, "The sender is no participant of ours",
  "aviso participant add registers it")
N("partner.drift", UNREACHED, "An access point delays some documents for hours while it takes others",
  "Ask its operator, with the figures of aviso partner show")
N("pki.anchor", SETUP, "The trust folder does not hold a root and its two CAs",
  "Install the Peppol CAs of the stage")
N("process.not-supported", NO, "The receiver takes this document type, but not in this process",
  "Check the document's ProfileID; ask the receiver")
N("publish.conflict", NO, "The SMP has the participant registered otherwise, or another SMP has it",
  "It must be unregistered or migrated there first")
N("publish.credentials", SETUP, "The SMP does not know our user, password or token",
  "Check smp.user and smp.secret_file")
N("publish.ended", UNREACHED, "The service ended while it compared our SMP entries",
  "Nothing: they are compared again at the next start")
N("publish.failed", UNREACHED, "The SMP could not carry a change out: it, or the SML, is in trouble",
  "Run it again: only what is still missing is done")
N("publish.forbidden", DENIED, "The SMP does not let us change this participant",
  "Check the credentials, and who owns the participant there")
N("publish.key-not-loaded", SETUP, "The service does not decrypt yet with the certificate to be published",
  "aviso reload tells why; when the key process cannot be started: restart the service")
N("publish.no-process", INPUT, "A document type without a process cannot be published",
  "aviso participant add --doctype \"ID PROCESS\"")
N("publish.not-visible", UNPROVEN, "Published, but the SML or the SMP does not serve it yet",
  "aviso participant check in a few minutes")
N("publish.nothing", INPUT, "The participant's record names no document type to publish",
  "aviso participant add --doctype")
N("publish.other-ap", NO, "The SMP names another access point for what is to be published",
  "Have it unpublished there, or take it over with --replace")
N("publish.read-only", NO, "The SMP takes no changes over its REST interface",
  "Let its operator enable it")
N("publish.redirected", NO, "The SMP redirects the document type to another SMP",
  "Publish it there, or have the redirect removed")
N("publish.refused", NO, "The SMP does not take what was sent",
  "See its words; ask its operator")
N("publish.secret", SETUP, "The file with the SMP's password or token cannot be used",
  "Write it into the first line")
N("publish.unknown", NO, "The SMP does not know the participant, or the path",
  "Check smp.url")
N("publish.url", SETUP, "The SMP answers with a redirect, which is not followed with credentials",
  "Set smp.url to where it leads")
N("reconcile.column", INPUT, "No telling which column of a list holds the invoice numbers",
  "Say --column NAME or --column N")
N("reconcile.empty", INPUT, "A list of expected invoices holds nothing, not even a heading",
  "See why it was exported so; a heading alone says that nothing is expected")
N("regex.flags", INPUT, "The flags of a regular expression are not known",
  "Correct the rule")
N("regex.limit", INPUT, "A regular expression needs more time or memory than its limit",
  "Simplify the rule, or shorten the text")
N("reload.busy", UNREACHED, "A reload cannot take place now",
  "Send the signal again later")
N("render.kind", INPUT, "The document to be shown is no UBL invoice or credit note",
  "Give an Invoice or CreditNote, alone or in its envelope")
N("render.limit", INPUT, "The document to be shown passes a limit of elements or text",
  "Split it")
N("render.no-tool", SETUP, "No program that makes a PDF was found",
  "Install weasyprint (or chromium), or write HTML and print it")
N("render.page", BUG, "A document could not be laid out as a page",
  "Report it with the document")
N("render.pdf", SETUP, "The program that makes the PDF failed or took too long",
  "Run it on the HTML page by hand; or write HTML and print it")
N("reply.compressed", UNPROVEN, "The peer's answer is compressed though nobody asked for it",
  "Wait: the same message is sent again")
N("reply.digests", UNPROVEN, "The peer's receipt does not repeat the digests of the message",
  "Ask the receiver's service provider what it received")
N("reply.empty", UNPROVEN, "The peer answered with nothing",
  "Wait: the same message is sent again")
N("reply.fault", UNPROVEN, "The peer answered with a SOAP fault",
  "Wait: the same message is sent again")
N("reply.foreign", UNPROVEN, "The peer's signal is for another message",
  "Wait: the same message is sent again")
N("reply.forged", UNPROVEN, "The signal is signed by somebody else, or over something else",
  "Treat it as an attack; ask the receiver's service provider")
N("reply.html", UNPROVEN, "The peer answered with a web page",
  "Wait; a proxy may stand before the access point")
N("reply.malformed", UNPROVEN, "The peer's answer is no AS4 signal",
  "Wait: the same message is sent again")
N("reply.unsigned", UNPROVEN, "The peer's receipt is not signed",
  "Ask the receiver's service provider to sign its receipts")
N("reply.warning", UNPROVEN, "The peer answered with a warning and no receipt",
  "Wait: the same message is sent again")
N("report.damaged", BUG, "The recorded report of a received document cannot be read",
  "Report it; aviso inbox get ID | aviso validate - judges the document anew")
N("report.html", BUG, "A report could not be laid out as HTML",
  "Report it; use --report json meanwhile")
N("rules.altered", SETUP, "A rule file or schema is not the published one",
  "Run aviso rules install; aviso rules verify shows which")
N("rules.construct", INPUT, "A rule file holds a construct that is not supported; nothing is skipped in silence",
  "See the named line; docs/validation.md lists what is supported")
N("rules.data", SETUP, "The data folder or its catalogue is missing or damaged",
  "Run aviso rules install, or set AVISO_DATA")
N("rules.limit", INPUT, "A rule set passes a limit of files, elements or memory",
  "Make it smaller")
N("rules.missing", SETUP, "A rule file or schema of the catalogue is not there",
  "Run aviso rules install")
N("rules.phase", INPUT, "A phase was asked for where there are none",
  "Give the .sch it is defined in, or leave --phase out")
N("rules.unknown", INPUT, "There is no such rule set or version",
  "See aviso rules list")
N("sbdh.country", INPUT, "COUNTRY_C1 is missing or no country code (EBMS:0004)",
  "Set the country in the sender's participant record")
N("sbdh.mismatch", INPUT, "The envelope says other than the document or the AS4 header (EBMS:0004)",
  "The sender must correct it")
N("sbdh.missing", INPUT, "The envelope lacks something it must have (EBMS:0004)",
  "The sender must correct it")
N("sbdh.order", INPUT, "Something stands in the envelope where its schema has no place for it (EBMS:0004)",
  "The sender must correct it")
N("sbdh.payload", INPUT, "The envelope does not hold exactly one usable document (EBMS:0004)",
  "The sender must correct it")
N("sbdh.value", INPUT, "A value in the envelope is malformed (EBMS:0004)",
  "The sender must correct it")
N("schematron.limit", INPUT, "A document has more or longer findings than are kept",
  "Correct the first ones")
N("send.cut-off", UNPROVEN, "An attempt was cut off (restart, lease): the message may have arrived",
  "Nothing: the same message is sent again; never submit it again")
N("send.list", INPUT, "A flag for one invoice was given with a list of several",
  "Send the one invoice alone")
N("serve.descriptors", SETUP, "The service may open too few files for what it is configured for",
  "Raise LimitNOFILE= of the service, or ulimit -n, to 1024 or more; or lower limits.senders")
N("service.none", SETUP, "No service runs on this spool",
  "Start it: systemctl start aviso, or aviso serve")
N("sml.malformed", UNREACHED, "The participant's record in DNS cannot be read",
  "Tried again; tell the SMP's operator")
N("sml.url", NO, "The participant's record in DNS does not lead to a usable https address",
  "Tell the SMP's operator")
N("smp-entry.certificate", SETUP, "The SMP names a certificate of our seat that no key of ours belongs to",
  "aviso participant publish; until then what is sent cannot be read (EBMS:0102)")
N("smp-entry.dates", SETUP, "Our entry in the SMP has expired, or is not active yet",
  "aviso participant publish")
N("smp-entry.disabled", SETUP, "A participant is disabled here, and the SMP still names us for it",
  "aviso participant unpublish")
N("smp-entry.expired", SETUP, "The SMP names a certificate of ours that has ended",
  "aviso participant publish; until then nobody sends")
N("smp-entry.missing", SETUP, "The SMP does not have a document type that a participant of ours takes",
  "aviso participant publish")
N("smp-entry.not-held", SETUP, "The SMP has an entry for what a participant of ours does not take",
  "aviso participant add --doctype, or publish --remove")
N("smp-entry.not-registered", SETUP, "A participant of ours is not registered in the SML",
  "aviso participant publish; one that only sends: add it without --doctype")
N("smp-entry.not-there", SETUP, "The SMP that the SML names has nothing of a participant of ours",
  "aviso participant publish")
N("smp-entry.old-certificate", SETUP, "The SMP names a certificate of ours that is not the newest",
  "aviso participant publish, before the old key is retired")
N("smp-entry.other-ap", SETUP, "The SMP names another access point for a participant of ours",
  "aviso participant publish --replace takes it over; else take it out of the participant's record")
N("smp-entry.others", SETUP, "SML or SMP are wrong about more participants than have an alarm of their own",
  "aviso participant check names them all")
N("smp-entry.redirected", SETUP, "The SMP redirects what a participant of ours takes to another SMP",
  "Publish it there, or have the redirect removed")
N("smp-entry.unseen", UNREACHED, "What the SML and the SMP say of our participants cannot be learned",
  "Check the way to the SMP; tell its operator; it is tried again")
N("smp-entry.url", SETUP, "The SMP names another URL than ours (listen.public_url)",
  "aviso participant publish")
N("smp.malformed", PROTOCOL, "The SMP's answer cannot be read",
  "Tried again; tell the SMP's operator")
N("smp.mismatch", PROTOCOL, "The SMP answers about another participant or document type",
  "Tell the SMP's operator; nothing is sent")
N("smp.redirect", PROTOCOL, "The SMP redirects twice, or to an address that may not be called",
  "Tell the SMP's operator")
N("smp.revocation-unknown", UNREACHED, "Whether the SMP's certificate is revoked cannot be found out",
  "Tried again")
N("smp.signature", PROTOCOL, "The signature of the SMP's answer does not hold",
  "Tell the SMP's operator; nothing is sent")
N("smp.timeout", UNREACHED, "The SMP does not answer in time",
  "Tried again")
N("smp.unreachable", UNREACHED, "The SMP cannot be reached, or is in trouble",
  "Tried again")
N("smp.untrusted", PROTOCOL, "The SMP's answer is not signed by an SMP of this Peppol network",
  "Check the mode (test or production); tell the SMP's operator")
N("soap.encoding", INPUT, "A SOAP document is not in UTF-8",
  "The sender must write UTF-8")
N("soap.malformed", INPUT, "There is no SOAP 1.2 envelope",
  "The sender must correct its request")
N("soap.must-understand", INPUT, "A mandatory SOAP header is not understood here (SOAP fault, HTTP 500)",
  "The sender must leave the header out")
N("spool.fsync", SPOOL, "The disk did not confirm that data is durable; nothing was acknowledged",
  "Look at the disk before anything else")
N("spool.link", SPOOL, "A payload cannot be given its name in the spool",
  "Look at the spool's disk and permissions")
N("spool.lock", SETUP, "The spool's lock file cannot be made or opened",
  "Correct the permissions of the spool")
N("spool.locked", UNREACHED, "Another aviso holds the spool",
  "Stop it, or use its command line")
N("spool.open", SPOOL, "A spool file cannot be made",
  "Look at the spool's disk and permissions")
N("spool.space", SPOOL, "Too little space is free where the spool lies",
  "Make room; what was accepted is still sent")
N("spool.write", SPOOL, "The spool cannot be written",
  "Free space on the spool's disk")
N("status.ambiguous", INPUT, "Several documents carry this id",
  "Give our id of the one you mean: aviso status names them")
N("status.not-found", NO, "Nothing here carries this id",
  "It was never handed to this spool")
N("store.broken", SPOOL, "An earlier write to the spool failed; nothing is taken until a restart",
  "Look at the disk, then restart")
N("store.busy", SPOOL, "Another program holds the spool's database",
  "Close it; the operation can be tried again")
N("store.commit-unknown", UNPROVEN, "The disk did not confirm a commit: it may or may not be there",
  "Look at the disk, restart, then look the document up before giving it again")
N("store.damaged", SETUP, "Stored bytes or tables are not what was written",
  "Look at the disk; run aviso doctor; restore the spool from a backup")
N("store.full", SPOOL, "No space is left on the spool; nothing was accepted",
  "Free space, then try again")
N("store.instance", INPUT, "The InstanceIdentifier was used for an earlier document",
  "Give every document an InstanceIdentifier of its own")
N("store.io", SPOOL, "The spool's database or payload cannot be read or written",
  "Look at the disk and the permissions")
N("store.key-conflict", NO, "The idempotency key was used for another document",
  "Use a new key for a new document")
N("store.lease-lost", UNREACHED, "A claim on a document ran out or was taken away",
  "Nothing: it is worked on again")
N("store.left", NO, "A byte of the document may have left, so it cannot be cancelled",
  "Look at its status; hold stops further attempts")
N("store.message-open", BUG, "A new message for a document whose last one may have arrived",
  "Report it")
N("store.message-used", BUG, "A MessageId was used before",
  "Report it")
N("store.missing", SETUP, "There is no spool at this path",
  "Correct store.spool; aviso serve or send makes it")
N("store.mode", SETUP, "The spool belongs to another mode (lab, test, production)",
  "Give every mode a spool of its own")
N("store.moved", SETUP, "The spool is a copy: a restored backup, or it was moved to another disk",
  "Compare with what was sent (aviso reconcile), then aviso queue release and aviso ack")
N("store.not-found", NO, "There is no such document or participant",
  "Check the id with list")
N("store.readonly", SPOOL, "The spool cannot be written",
  "Correct its permissions, or remount its disk")
N("store.schema", SETUP, "The spool was written by another version of aviso",
  "Use that version or a newer one; serve brings an older spool up to date")
N("store.sending", UNREACHED, "The document is being sent just now",
  "Try again in a moment")
N("store.sql", BUG, "The store asked its database for something wrong",
  "Report it")
N("store.state", INPUT, "The document's state does not allow this step",
  "Look at its status; docs/STATES.md lists the steps")
N("store.tenant", DENIED, "The participant belongs to another tenant",
  "Use the tenant it was added with")
N("store.twin", NO, "The same invoice was given before",
  "Look at the earlier one; a corrected invoice needs a new number")
N("store.value", INPUT, "A value is missing or too long for the store",
  "Correct it")
N("store.volatile", SETUP, "The spool lies where a restart loses it (tmpfs, overlay)",
  "Put it on a disk, or set allow_volatile_spool")
N("testnet.dns", SETUP, "The testnet's DNS authority cannot start",
  "Another process may have the port")
N("testnet.missing", NO, "There is no testnet in that folder",
  "aviso testnet up makes one")
N("testnet.pki", SETUP, "The development PKI cannot be made",
  "See the log named in the text; openssl must be installed")
N("testnet.refused", NO, "The testnet's SMP does not take a change",
  "See its words; smp.users in the testnet's folder names its users")
N("testnet.registry", SETUP, "registry.tsv cannot be read",
  "Correct the named line")
N("testnet.start", SETUP, "A part of the testnet does not start",
  "See the log named in the text")
N("testnet.unknown", NO, "Not registered in the testnet",
  "Add it to registry.tsv")
N("trust.stage", SETUP, "A trust anchor belongs to another stage, or to nobody",
  "Use the anchors of the mode: schemas/install lays them out; development anchors are for mode = lab")
N("usage.instant", USAGE, "A date or instant cannot be read",
  "Write 2026-08-17 or 2026-08-17T12:00:00Z")
N("validation.waits", UNREACHED, "Received documents wait for their validation",
  "Mend what the alarm says (aviso rules verify, space, memory): they are validated and handed over then")
N("webhook.secret", SETUP, "A secret for signing requests cannot be used",
  "Write whsec_ and 32 random bytes in base64 into the file")
N("wss.decrypt", INPUT, "A message cannot be decrypted (EBMS:0102)",
  "The sender must encrypt for the certificate in the SMP")
N("wss.envelope", INPUT, "A message is not a SOAP 1.2 envelope with one Header, Body and eb:Messaging (EBMS:0009)",
  "The sender must correct it")
N("wss.part-missing", INPUT, "Something encrypted is named that is not in the message (EBMS:0007)",
  "The sender must correct its MIME message")
N("wss.policy", INPUT, "WS-Security in a message is outside the Peppol profile (EBMS:0103)",
  "The sender must use the profile's algorithms, references and coverage")
N("wss.signature", INPUT, "The signature of a message does not hold (EBMS:0101)",
  "The sender must correct it; treat it as an attack if it repeats")
N("wss.unencrypted", INPUT, "An attachment is not encrypted (EBMS:0102)",
  "The sender must encrypt")
N("wss.unsigned", INPUT, "A message is not signed (EBMS:0101)",
  "The sender must sign")
N("xml.c14n", INPUT, "XML cannot be brought into canonical form",
  "The giver must correct it")
N("xml.doctype", INPUT, "The XML has a DOCTYPE, which is never accepted",
  "Remove the DOCTYPE")
N("xml.duplicate-id", INPUT, "Two elements of a message carry the same id",
  "The sender must correct it")
N("xml.encoding", INPUT, "The XML is in an encoding that is not taken, or not in the one it names",
  "Write it in UTF-8")
N("xml.limit", INPUT, "The XML passes a limit of depth, size or count",
  "Make it smaller")
N("xml.malformed", INPUT, "The XML is not well-formed",
  "Correct it")
N("xml.missing", INPUT, "An XML element that must be there is not",
  "Correct it")
N("xml.mixed", INPUT, "An XML element that must hold only text holds elements",
  "Correct it")
N("xml.range", BUG, "Two readings of one XML document disagree",
  "Report it with the document")
N("xml.repeated", INPUT, "An XML element stands more than once",
  "Correct it")
N("xpath.limit.depth", INPUT, "An expression nests too deeply",
  "Simplify the rule")
N("xpath.limit.expression", INPUT, "An expression is too long",
  "Simplify the rule")
N("xpath.limit.items", INPUT, "A sequence in a rule has more items than are allowed",
  "Simplify the rule, or split the document")
N("xpath.limit.memory", INPUT, "A rule needs more memory for a document than it may take",
  "Simplify the rule, or split the document")
N("xpath.limit.operations", INPUT, "The rules need more operations for a document than are allowed",
  "Simplify the rule, or split the document")
N("xpath.limit.string", INPUT, "A string in a rule is longer than is allowed",
  "Simplify the rule, or split the document")
N("xpath.limit.value", INPUT, "A number has more digits, or a regular expression takes more steps, than are allowed",
  "Correct the value, or simplify the regular expression")
N("xpath.order", BUG, "Nodes of two documents were compared",
  "Report it")
N("xsd.schema", SETUP, "A schema cannot be read",
  "Run aviso rules install; aviso rules verify shows what is wrong")
/* clang-format on */
