#!/usr/bin/env python3
"""aviso build and aviso read: the table, schema and documents agree; examples are valid and come back byte
for byte; bad input is told with line and path; documents of the corpus keep every term."""
import base64
import glob
import json
import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ET

AVISO = os.environ["AVISO"]
TOP = os.environ["TOP"]
EXAMPLES = sorted(glob.glob(f"{TOP}/ubl/examples/*.json"))
failed = 0


def run(*args, text=None):
    return subprocess.run([AVISO, *args], input=text, capture_output=True, text=not isinstance(text, bytes))


def report(name, problem):
    global failed
    print(f"not ok {name}" if problem else f"ok {name}")
    if problem:
        failed += 1
        print(f"  {problem}", file=sys.stderr)


def load(name):
    return json.load(open(f"{TOP}/ubl/examples/{name}.json"))


def build(doc, *flags, out=None):
    """Exit code, findings and the text that was written, if any."""
    out = out or f"{tmp}/built.xml"
    if os.path.exists(out):
        os.unlink(out)
    text = doc if isinstance(doc, (str, bytes)) else json.dumps(doc, indent=1)
    p = run("build", "--json", "-o", out, *flags, "-", text=text)
    answer = json.loads(p.stdout)
    answer.setdefault("findings", [{"severity": "error", "path": "", "line": 0, "error": answer.get("error")}])
    return p.returncode, answer["findings"], open(out).read() if os.path.exists(out) else None


# ---- the table, the schema, the documents ----

def paths_of(value, prefix=""):
    if isinstance(value, dict):
        for k, v in value.items():
            here = f"{prefix}.{k}" if prefix else k
            yield here + ("[]" if isinstance(v, list) else "")
            yield from paths_of(v, here)
    elif isinstance(value, list):
        for v in value:
            yield from paths_of(v, prefix + "[]")


def schema_paths(schema, prefix=""):
    for k, v in schema.get("properties", {}).items():
        here = f"{prefix}.{k}" if prefix else k
        many = v.get("type") == "array"
        yield here + ("[]" if many else "")
        yield from schema_paths(v["items"] if many else v, here + ("[]" if many else ""))


def table():
    rows = [r.split(" | ") for r in run("build", "--terms").stdout.splitlines()[2:]]
    return [(r[0].strip("| "), r[1].strip("`"), r[4]) for r in rows]


def check_table():
    terms = table()
    schema = run("build", "--schema").stdout
    report("the schema in the tree is the table's", schema != open(f"{TOP}/ubl/invoice/invoice.schema.json").read())
    report("the documented table is the table", run("build", "--terms").stdout not in open(f"{TOP}/docs/invoice.md").read())
    a, b = set(schema_paths(json.loads(schema))), {t[1] for t in terms}
    report("schema and table have the same members", a ^ b)
    numbers = {t[0] for t in terms}
    allowed = {f"BT-{i}" for i in range(1, 166)} - {"BT-4", "BT-21"} | {f"BG-{i}" for i in range(1, 33)}
    # BT-4 does not exist; BT-21 has no place in UBL but "#code#" in the note; BG-1, 2 and 16 to 30 without an
    # element of their own are members of the document or of the line.
    absent = {x for x in allowed - numbers if not x.startswith("BG-")}
    report("every business term is in the table", absent)
    used, leaves = set(), set()
    for f in EXAMPLES:
        used |= set(paths_of(json.load(open(f))))
        out = f"{tmp}/t.xml"
        if run("build", "-o", out, f).returncode == 0:
            leaves |= set(ubl_paths(ET.parse(out).getroot()))
    report("every term is in an example", b - used)
    missing = {p for t in terms for p in re.findall(r"`([^`]+)`", t[2]) if bare(p) not in leaves and "credit note" not in t[2]}
    report("every UBL path of the table is written", missing)


def bare(path):
    return re.sub(r"\[[^]]*\]", "", path).replace("cbc:", "").replace("cac:", "")


def ubl_paths(e, prefix=""):
    for k in e.attrib:
        yield f"{prefix}/@{k}"
    for c in e:
        here = f"{prefix}/{c.tag.split('}')[1]}"
        yield here
        yield from ubl_paths(c, here)


# ---- examples ----

def check_examples():
    for f in EXAMPLES:
        name = os.path.basename(f)[:-5]
        first, again = f"{tmp}/first.xml", f"{tmp}/again.xml"
        p = run("build", "-o", first, f)
        if p.returncode:
            report(f"example {name}", p.stderr)
            continue
        v = run("validate", "--json", first)
        r = run("read", "-o", f"{tmp}/back.json", first)
        p = run("build", "-o", again, f"{tmp}/back.json")
        problem = v.stdout if v.returncode else r.stderr if r.returncode else p.stderr if p.returncode else None
        if not problem and open(first).read() != open(again).read():
            problem = "not the same bytes after reading and building again"
        report(f"example {name} is valid and comes back", problem)
    report("there are ten examples or more", len(EXAMPLES) < 10)


def check_large():
    doc = load("standard")
    doc["lines"] = [dict(doc["lines"][i % 2], quantity=f"{i % 97 + 1}.25", price={"net": f"{i}.0{i % 10}5"}) for i in range(1000)]
    rc, findings, out = build(doc)
    report("1,000 lines are built and valid", findings[:3] if rc else out.count("<cac:InvoiceLine>") != 1000)
    rc, findings, out = build(put(doc, ["lines", 998, "vat", "category"], "X"))
    hit = [f["path"] for f in findings if f["severity"] == "error"]
    report("a fault in the last but one of them is found there", not any(p.startswith("lines[998]") for p in hit))
    doc = load("credit-note")
    doc.update(due_date="2026-12-24", project="P-9", tender="T-1", payment_means=load("standard")["payment_means"], receiving_advice="R-1", contract="C-1",
               attachments=[{"id": "A"}], invoiced_object={"id": "M-1", "scheme": "ABT"}, tax_point_date="2026-11-19")
    rc, findings, out = build(doc)
    report("what lies elsewhere in a credit note is built and valid", findings if rc else "PaymentDueDate" not in out)
    p = run("read", "-", text=out or "")
    report("and comes back from there", set(same_terms(doc, json.loads(p.stdout or "{}"))) - {".specification"})
    rc, findings, out = build(put(doc, ["payment_means"], None))
    report("a credit note's due date needs payment means", rc != 65 or "payment_means" not in [f["path"] for f in findings])


# ---- bad input ----

def put(doc, path, value):
    """The document with a member set (or, for None, taken away)."""
    doc = json.loads(json.dumps(doc))
    *way, last = path
    at = doc
    for k in way:
        at = at[k]
    if value is None:
        del at[last]
    else:
        at[last] = value
    return doc


def expect(name, doc, code, path, line=None, spec=None, words=None):
    rc, findings, out = build(doc)
    hit = [f for f in findings if f["severity"] == "error" and f["error"]["what"] == code and path in (None, f["path"])]
    problem = None
    if rc != 65 or out is not None:
        problem = f"exit {rc}, output {'written' if out else 'none'}"
    elif not hit:
        problem = f"no {code} at {path!r}: {[(f['error']['what'], f['path'], f['error']['text']) for f in findings]}"
    elif line is not None and hit[0]["line"] != line:
        problem = f"line {hit[0]['line']}, not {line}"
    elif spec and hit[0]["error"].get("clause") != spec:
        problem = f"rule {hit[0]['error'].get('spec')}"
    elif words and words not in hit[0]["error"]["text"]:
        problem = hit[0]["error"]["text"]
    else:
        empty = [k for k in ("what", "where", "who", "class", "next") if not hit[0]["error"].get(k)]
        problem = f"parts missing: {empty}" if empty else None
    report(name, problem)


def line_of(doc, text):
    return next(i for i, l in enumerate(json.dumps(doc, indent=1).splitlines(), 1) if text in l)


def check_bad_input():
    good = load("standard")
    expect("not JSON at all", "<Invoice/>", "invoice.json", "", 1)
    expect("an empty input", "", "invoice.json", "", 1)
    expect("cut off", json.dumps(good, indent=1)[:200], "invoice.json", None)
    expect("a comma too many", '{\n"number": "1",\n}', "invoice.json", "", 3)
    expect("something behind the end", json.dumps(good) + "\n x", "invoice.json", "", 2)
    expect("a list where the invoice should stand", "[1]", "invoice.type", "", 1)
    expect("invalid UTF-8", json.dumps(good, indent=1).encode().replace(b"Consultancy", b"Consult\xffncy"), "invoice.encoding", "lines[0].item")
    expect("deep nesting", '{"notes": ' + "[" * 1000, "invoice.limit", "")
    expect("a member twice", '{"number": "1",\n"number": "2"}', "invoice.duplicate", "number", 2)
    d = put(good, ["seller", "nmae"], "x")
    expect("an unknown member", d, "invoice.member", "seller", line_of(d, "nmae"), words='nearest: "name"')
    d = put(good, ["lines", 0, "quantity"], True)
    expect("a wrong type", d, "invoice.type", "lines[0].quantity", line_of(d, "true"))
    expect("an object where a list should stand", put(good, ["lines"], {}), "invoice.type", "lines")
    expect("a text where an object should stand", put(good, ["seller"], "me"), "invoice.type", "seller")
    expect("a number where a text should stand", put(good, ["number"], 12), "invoice.type", "number")
    expect("a missing term", put(good, ["issue_date"], None), "invoice.missing", "issue_date", spec="BT-2")
    expect("a missing term of a line", put(good, ["lines", 1, "unit"], None), "invoice.missing", "lines[1].unit", spec="BT-130")
    expect("no lines", put(good, ["lines"], []), "invoice.missing", "lines")
    expect("no price", put(good, ["lines", 0, "price"], {}), "invoice.missing", "lines[0].price.net")
    expect("too many decimals", put(good, ["totals"], {"prepaid": "1.001"}), "invoice.decimals", "totals.prepaid")
    expect("no number", put(good, ["lines", 0, "quantity"], "eight"), "invoice.value", "lines[0].quantity")
    expect("a number with an exponent", put(good, ["lines", 0, "quantity"], 1e30), "invoice.value", "lines[0].quantity")
    expect("a number too long", put(good, ["lines", 0, "quantity"], "9" * 50), "invoice.limit", "lines[0].quantity")
    expect("a text too long", put(good, ["notes"], ["x" * (2 << 20)]), "invoice.limit", "notes[0]")
    expect("an empty text", put(good, ["buyer_reference"], " "), "invoice.value", "buyer_reference")
    expect("a control character", put(good, ["buyer_reference"], "a\x01b"), "invoice.value", "buyer_reference")
    expect("half a surrogate", '{"number": "\\ud800"}', "invoice.json", "", 1)
    expect("a date that does not exist", put(good, ["due_date"], "2026-02-30"), "invoice.value", "due_date")
    expect("a period the wrong way round", put(good, ["period"], {"start": "2026-11-30", "end": "2026-11-01"}), "invoice.dates", "period.end", spec="BR-29")
    expect("a line number twice", put(put(good, ["lines", 0, "id"], "7"), ["lines", 1, "id"], "7"), "invoice.line-twice", "lines[1].id")
    expect("no base64", put(good, ["attachments"], [{"id": "a", "content": "%%%", "mime_code": "text/csv", "filename": "a.csv"}]), "invoice.value", "attachments[0].content")
    expect("a forbidden media type", put(good, ["attachments"], [{"id": "a", "content": "AAAA", "mime_code": "text/html", "filename": "a.html"}]), "invoice.value", "attachments[0].mime_code", spec="PEPPOL-EN16931-CL001")
    rc, _, out = build(put(good, ["due_date"], "2026-11-01"))
    report("an early due date is but a warning", rc != 0 or not out)
    for reference, doubted in ("RF18539007547034", False), ("RF19539007547034", True), ("INV-1", False):
        rc, err, out = build(put(good, ["payment_means", 0, "reference"], reference))
        report(f"a creditor reference that {'cannot' if doubted else 'can'} exist: {reference}", rc != 0 or ("BT-83" in str(err)) != doubted)


def check_arithmetic():
    good = load("every-term")
    wrong = [(["totals", "lines"], "304.01", "BR-CO-10"), (["totals", "allowances"], "21.00", "BR-CO-11"), (["totals", "charges"], "11.00", "BR-CO-12"),
             (["totals", "without_vat"], "294.01", "BR-CO-13"), (["totals", "vat"], "40.75", "BR-CO-14"), (["totals", "with_vat"], "334.75", "BR-CO-15"),
             (["totals", "due"], "235.01", "BR-CO-16"), (["vat_breakdown", 0, "tax"], "42.00", "BR-CO-17"), (["vat_breakdown", 0, "taxable"], "196.00", "BR-S-08"),
             (["vat_breakdown", 1, "taxable"], "100.01", "BR-E-08"), (["lines", 0, "net"], "204.03", "PEPPOL-EN16931-R120"),
             (["allowances", 0, "amount"], "20.03", "PEPPOL-EN16931-R040"), (["lines", 0, "price", "net"], "101.00", "PEPPOL-EN16931-R046")]
    for way, value, rule in wrong:
        path = "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in way)[1:]
        expect(f"{rule} is named", put(good, way, value), "invoice.arithmetic", path, spec=rule)
    rc, findings, out = build(put(good, ["lines", 0, "net"], "204.01"))
    report("a cent inside the room of R120 is a warning, but the sums still hold", not any(f["error"].get("clause") == "BR-CO-10" for f in findings))


def check_rules():
    """Official rules that fire lead to the member."""
    good = load("standard")
    expect("a rule on a value", put(good, ["buyer", "address", "country"], "XX"), "invoice.rule", "buyer.address.country", spec="BR-CL-14")
    expect("a rule on a code", put(good, ["lines", 1, "unit"], "PIECE"), "invoice.rule", "lines[1].unit", spec="BR-CL-23")
    expect("a rule on a group", put(good, ["allowances"], [{"amount": "1.00", "vat": {"category": "S", "rate": "21"}}]), "invoice.rule", "allowances[0].reason", spec="BR-33")
    expect("a rule on a note's subject code", put(good, ["notes"], ["#QQQ#Remark"]), "invoice.rule", "notes[0]", spec="BR-CL-08")
    rc, findings, out = build(put(good, ["notes"], ["#AAI#Remark"]))
    back = json.loads(run("read", "-", text=out or "").stdout or "{}")
    report("a note keeps its subject code", findings if rc or back["notes"] != ["#AAI#Remark"] else None)
    rc, findings, out = build(put(good, ["lines", 1, "unit"], "PIECE"), "--no-validate")
    report("--no-validate leaves the rules out", rc != 0 or out is None)


def check_customization():
    good = load("standard")
    rc, _, out = build(good, "--customization", "pint-eu")
    report("--customization chooses specification and process", rc != 0 or "urn:peppol:pint:billing-1@eu-1" not in out or "urn:peppol:bis:billing<" not in out)
    p = run("build", "--customization", "pint-eux", f"{TOP}/ubl/examples/standard.json")
    report("an unknown customization names the nearest", p.returncode != 64 or "pint-eu" not in p.stderr)
    sg = put(put(good, ["currency"], "JPY"), ["specification"], "pint-jp")
    rc, findings, out = build(sg, "--no-validate")
    report("a currency without decimals is rounded to none", out is None or '<cbc:PayableAmount currencyID="JPY">1331<' not in out)


# ---- attachments ----

FILES = {"hours.csv": b"day;hours\n1;8\n", "scan.PDF": b"%PDF-1.7\n\x00\xff", "photo.jpeg": b"\xff\xd8\xff\xe0" + bytes(range(256)),
         "logo.png": b"\x89PNG\r\n\x1a\n\0\0", "table.xlsx": b"PK\x03\x04" + b"\0" * 40,
         "table.ods": b"PK\x03\x04" + b"\0" * 26 + b"mimetypeapplication/vnd.oasis.opendocument.spreadsheet"}
MEDIA = ["text/csv", "application/pdf", "image/jpeg", "image/png", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
         "application/vnd.oasis.opendocument.spreadsheet"]


def attach(name, content, *flags):
    """Exit code, the error's object, and whether something was written, of one --attach."""
    os.makedirs(f"{tmp}/files", exist_ok=True)
    if content is not None:
        with open(f"{tmp}/files/{name}", "wb") as f:
            f.write(content)
    rc, findings, out = build(load("standard"), "--attach", f"{tmp}/files/{name}", *flags)
    return rc, findings[0]["error"] if findings else None, out


def refused(name, answer, code, rc, words):
    got, e, out = answer
    empty = [k for k in ("what", "where", "who", "class", "next") if not (e or {}).get(k)]
    report(name, answer if got != rc or out or empty or e["what"] != code or words not in e["text"] else None)


def check_attach():
    refused("attach: a missing file", attach("none.pdf", None), "io.missing", 66, "none.pdf")
    allowed = ".pdf, .png, .jpg, .jpeg, .csv, .xlsx and .ods may be attached"
    refused("attach: a kind that may not be", attach("page.html", b"<html/>"), "invoice.attachment", 65, allowed)
    refused("attach: a name that is but an ending", attach(".pdf", b"%PDF-1.7"), "invoice.attachment", 65, allowed)
    refused("attach: an empty file", attach("nothing.csv", b""), "invoice.attachment", 65, "empty")
    for name, content in [("a.pdf", b"PK\x03\x04"), ("a.png", b"\xff\xd8\xff"), ("a.jpg", b"\x89PNG"), ("a.csv", b"%PDF-1.4"), ("b.csv", b"a\0b"),
                          ("a.ods", FILES["table.xlsx"]), ("a.xlsx", FILES["table.ods"]), ("b.xlsx", b"PK"), ("b.pdf", b" " * 1024 + b"%PDF-")]:
        refused(f"attach: {name} that is something else", attach(name, content), "invoice.attachment", 65, "not what the name says")
    with open(f"{tmp}/files/large.csv", "wb") as f:
        f.truncate((100 << 20) + 1)
    refused("attach: a file too large", attach("large.csv", None), "limit.size", 65, f"larger than {100 << 20} bytes")
    with open(f"{tmp}/files/large.csv", "wb") as f:
        f.write(b"1" * (100 << 20))
    refused("attach: too much together", attach("one.csv", b"1", "--attach", f"{tmp}/files/large.csv"), "invoice.limit", 65, "100 MiB")
    os.unlink(f"{tmp}/files/large.csv")
    with open(f"{tmp}/files/a\udcff.csv", "wb") as f:
        f.write(b"1")
    p = run("build", "-o", f"{tmp}/out.xml", "--attach", f"{tmp}/files/a\udcff.csv", f"{TOP}/ubl/examples/standard.json", text=b"")
    report("attach: a name that is no text", p if p.returncode != 65 or b"invoice.attachment" not in p.stderr or b"UTF-8" not in p.stderr else None)
    p = run("build", "-o", f"{tmp}/out", "--attach", f"{tmp}/files/one.csv", *EXAMPLES[:2])
    report("attach: but to one invoice", p.returncode != 64 or "--attach" not in p.stderr)

    flags = []
    for name, content in FILES.items():
        with open(f"{tmp}/files/{name}", "wb") as f:
            f.write(content)
        flags += ["--attach", f"{tmp}/files/{name}"]
    before = load("attachment")["attachments"]
    rc, findings, out = build(load("attachment"), *flags)
    back = json.loads(run("read", "-", text=out or "").stdout or "{}").get("attachments", [])
    report("attach: valid, behind those of the JSON", findings if rc or back[:2] != before else None)
    got = [(a["id"], a["filename"], a["mime_code"], base64.b64decode(a["content"])) for a in back[2:]]
    want = [(name, name, media, content) for (name, content), media in zip(FILES.items(), MEDIA)]
    report("attach: read gives the files back byte for byte", got if got != want else None)


# ---- CSV ----

CSV = """number;issue_date;due_date;type_code;currency;buyer_reference;seller.endpoint.id;seller.endpoint.scheme;seller.name;seller.vat_id;seller.address.country;buyer.endpoint.id;buyer.endpoint.scheme;buyer.name;buyer.address.country;payment_means.code;payment_means.account.id;lines.quantity;lines.unit;lines.item.name;lines.price.net;lines.vat.category;lines.vat.rate;allowances.amount;allowances.reason;allowances.vat.category;allowances.vat.rate;allowances[1].amount;allowances[1].reason;allowances[1].vat.category;allowances[1].vat.rate
INV-3001;2026-11-20;2026-12-20;380;EUR;PO-1;0848934496;0208;Example Supplier BV;BE0848934496;BE;0403170701;0208;Example Buyer NV;BE;58;BE68539007547034;8;HUR;Consultancy;125.00;S;21;1.00;Loyalty;S;21;2.00;Volume;S;21
INV-3001;;;;;;;;;;;;;;;;;4;C62;"Tape; 12 TB";25.00;S;21;;;;;;;;
INV/3002;2026-11-20;2026-12-20;380;EUR;PO-2;0848934496;0208;Example Supplier BV;BE0848934496;BE;0403170701;0208;Example Buyer NV;BE;58;BE68539007547034;1;MON;Hosting;99.00;S;21;;;;;;;;
"""


def build_csv(text, folder):
    with open(f"{tmp}/batch.csv", "w") as f:
        f.write(text)
    p = run("build", "-o", f"{tmp}/{folder}", f"{tmp}/batch.csv")
    return p, sorted(os.listdir(f"{tmp}/{folder}")) if os.path.isdir(f"{tmp}/{folder}") else []


def check_csv():
    p, files = build_csv(CSV, "batch")
    report("a list becomes a file for each invoice", p.stderr if files != ["INV-3001.xml", "INV_3002.xml"] else None)
    text = open(f"{tmp}/batch/INV-3001.xml").read()
    report("rows of one number are lines of one invoice", text.count("<cac:InvoiceLine>") != 2 or text.count("<cac:AllowanceCharge>") != 2 or ">1097.00<" not in text)
    bad = [("another value in a later row", CSV.replace("INV-3001;;;;", "INV-3001;;;381;"), "line 3, type_code"),
           ("an unknown heading", CSV.replace("seller.name", "seller.nmae"), "seller.nmae"),
           ("a heading twice", CSV.replace("seller.name", "seller.vat_id"), "stands twice"),
           ("no number", CSV.replace("INV/3002", ""), "no invoice number"),
           ("a number that comes again", CSV + CSV.splitlines()[1] + "\n", "came before"),
           ("a bad cell", CSV.replace("125.00", "125,00"), "line 2, lines[0].price.net"),
           ("a list without rows", CSV.splitlines()[0] + "\n", "no rows")]
    for name, text, words in bad:
        p, files = build_csv(text, "bad")
        report(f"CSV: {name}", p.stderr if p.returncode != 65 or files or words not in p.stderr else None)
    p = run("build", f"{tmp}/batch.csv")
    report("a list needs a folder", p.returncode != 64)


# ---- reading ----

def check_read():
    p = run("read", f"{TOP}/README.md")
    report("no XML is refused", p.returncode != 65)
    p = run("read", "-", text='<Order xmlns="urn:oasis:names:specification:ubl:schema:xsd:Order-2"/>')
    report("another document is refused", p.returncode != 65 or "invoice.not-ubl" not in p.stderr)
    out = f"{tmp}/b.xml"
    run("build", "-o", out, f"{TOP}/ubl/examples/standard.json")
    text = open(out).read().replace("<cbc:ID>INV", "<cbc:UBLVersionID>2.1</cbc:UBLVersionID><cbc:ID>INV")
    p = run("read", "--json", "-o", f"{tmp}/b.json", "-", text=text)
    f = json.loads(p.stdout)["findings"]
    report("what no term holds is listed", [x["path"] for x in f if x["severity"] == "beyond"] != ["/Invoice/cbc:UBLVersionID"])


def check_many_beyond():
    """More than are listed: the rest is counted, never dropped in silence."""
    notes = "".join(f"<cbc:UUID>{i}</cbc:UUID>" for i in range(10050))
    text = open(f"{tmp}/b.xml").read().replace("<cbc:ID>INV", notes + "<cbc:ID>INV")
    o = json.loads(run("read", "--json", "-o", f"{tmp}/b.json", "-", text=text).stdout)
    report("what is too much to list is counted", len(o["findings"]) != 10000 or o["unlisted"] != 50)
    p = run("read", "-o", f"{tmp}/b.json", "-", text=text)
    report("and told", "50 more findings are not shown" not in p.stderr)


def same_terms(a, b, path=""):
    if isinstance(a, dict):
        return [e for k in a for e in (same_terms(a[k], b[k], f"{path}.{k}") if k in b else [f"{path}.{k}"])]
    if isinstance(a, list):
        return [path] if len(a) != len(b) else [e for i, (x, y) in enumerate(zip(a, b)) for e in same_terms(x, y, f"{path}[{i}]")]
    return [] if a == b else [path]


def check_corpus():
    """Read, build, read: over every valid billing document of the corpus."""
    corpus = f"{os.environ.get('AVISO_SHARED', '')}/corpus/dev"
    if not os.path.isdir(corpus):
        print("skip the corpus keeps its terms: no corpus in $AVISO_SHARED")
        return
    files = [f for s in ("peppol-bis", "cen-en16931", "pint-eu", "mut-peppol-bis", "mut-pint-eu") for f in sorted(glob.glob(f"{corpus}/{s}/*.xml"))]
    verdicts = [json.loads(l) for l in run("validate", "--json", *files).stdout.splitlines()]
    valid = [v["file"] for v in verdicts if v["verdict"] == "valid" and v["rules"]["set"] not in ("", "ubl") and v["document"]["root"] in ("Invoice", "CreditNote")]
    problems = []
    for f in valid:
        one, two, out = f"{tmp}/1.json", f"{tmp}/2.json", f"{tmp}/c.xml"
        for step in (("read", "-o", one, f), ("build", "-o", out, one), ("read", "-o", two, out)):
            p = run(*step)
            if p.returncode:
                problems.append(f"{f}: {step[0]}: {p.stderr}")
                break
        else:
            lost = same_terms(json.load(open(one)), json.load(open(two)))
            if lost:
                problems.append(f"{f}: {lost}")
    report(f"{len(valid)} valid documents of the corpus keep every term", problems or len(valid) < 100)


with tempfile.TemporaryDirectory() as tmp:
    check_table()
    check_examples()
    check_large()
    check_bad_input()
    check_arithmetic()
    check_rules()
    check_customization()
    check_attach()
    check_csv()
    check_read()
    check_many_beyond()
    check_corpus()
sys.exit(1 if failed else 0)
