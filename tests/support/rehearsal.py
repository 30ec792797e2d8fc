"""The network of a rehearsal: a testnet in which everything that `aviso conformance run` asks for is registered, and both
access points have an old and a new certificate."""
from lab import *

REVOKED, MIGRATED, PINT = "0208:0123456749", "0208:0649773009", "0208:0203201340"
DOCTYPE = ("peppol-doctype-wildcard::urn:oasis:names:specification:ubl:schema:xsd:Invoice-2::Invoice##urn:peppol:pint:billing-1*::2.1")
HONEST = ["--to", BUYER, "--revoked", REVOKED, "--migrated", MIGRATED, "--wildcard", PINT]


def import_next(lab, ap):
    r = lab.ap(ap, "keys", "import", f"{lab.net}/pki/ap{ap}next.pem", "--key", f"{lab.net}/pki/ap{ap}next.key")
    if r.returncode:
        raise SystemExit(r.stderr)


def register_wildcard(lab):
    with open(lab.net + "/registry.tsv", "a") as f:
        f.write("\t".join([PINT, DOCTYPE, "cenbii-procid-ubl::urn:peppol:bis:billing", f"https://localhost:{lab.port('ap2')}/as4", lab.net + "/pki/ap2.pem"]) + "\n")
    lab.ap(2, "participant", "add", PINT, "--country", "BE", "--name", "Wildcard", "--doctype", DOCTYPE, "--quiet")


def pint(lab):
    return lab.invoice("PINT-1", lambda s: s.replace("urn:cen.eu:en16931:2017#compliant#urn:fdc:peppol.eu:2017:poacc:billing:3.0", "urn:peppol:pint:billing-1@eu-1")
                       .replace("urn:fdc:peppol.eu:2017:poacc:billing:01:1.0", "urn:peppol:bis:billing"))


def network(lab):
    """Both services run with two keys; what the cases need is in the SMP. Returns (our service, the other, our URL)."""
    import_next(lab, 1)
    lab.stop_ap2()
    import_next(lab, 2)
    own = f"https://localhost:{lab.port('ap1')}/as4"
    services = lab.serve(1), lab.serve(2)
    lab.register(SUPPLIER, own, "ap1")
    lab.register(REVOKED, own, "revoked")
    lab.register(MIGRATED, f"https://localhost:{lab.port('ap2')}/as4", "ap2next")
    lab.ap(2, "participant", "add", MIGRATED, "--country", "BE", "--name", "Migrated", "--doctype", "invoice", "--quiet")
    register_wildcard(lab)
    return (*services, own)
