#!/usr/bin/env python3
"""Our own documents in tests/golden/validate against recorded verdicts, and the command around them.

saxon.tsv     what Saxon said (tests/parity/Verdicts.java): rule file, document, findings or error code
pipeline.json what the whole pipeline says: verdict, rule set, layers, rule ids; written after review
--record      write both anew (saxon.tsv needs Java: make parity fetches Saxon)"""
import glob, hashlib, json, os, subprocess, sys, tempfile, xml.dom.minidom

TOP = os.path.dirname(os.path.abspath(__file__)) + '/../..'
os.chdir(TOP)
AVISO = os.environ.get('AVISO', 'build/release/aviso')
DATA = os.environ.get('AVISO_DATA', 'build/data')
HERE = 'tests/golden/validate'
AT = '2026-11-22T12:00:00Z'
DOCS = sorted(glob.glob(HERE + '/*.xml'))
failed = False


def aviso(*args, stdin=None):
    r = subprocess.run([AVISO, *args], input=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    return r.returncode, r.stdout.decode('utf-8'), r.stderr.decode('utf-8')


def check(name, got, want):
    global failed
    if got == want:
        print('ok', name)
        return
    failed = True
    print('  want %r\n  got  %r' % (want, got))
    print('not ok', name)


def rules_for(doc):
    v = DATA + '/rules/openpeppol/2026.5/'
    if 'order' in doc:
        return [v + 'PEPPOLBIS-T01.xslt']
    return [v + 'CEN-EN16931-UBL.xslt', v + ('PEPPOL-EN16931-UBL-SB.xslt' if 'selfbilling' in doc else 'PEPPOL-EN16931-UBL.xslt')]


def read_saxon():
    out, at = {}, None
    for line in open(HERE + '/saxon.tsv', encoding='utf-8', newline='\n'):
        f = line.rstrip('\n').split('\t')
        if f[0] == '=':
            at = out[(f[1], os.path.basename(f[2]))] = [f[3], f[4], []]
        else:
            at[2].append(f[1:])
    return out


def ours(rules, doc):
    o = json.loads(aviso('validate', '--json', '--no-xsd', '--schematron', rules, doc)[1])
    kinds = {'failed-assert': 'FA', 'successful-report': 'SR'}
    if o['verdict'] == 'error':
        return ['ERROR', o['error']['code'], []]
    return ['OK', '', [[kinds[f['kind']], f['id'], f['flag'], f['role'], f['location'], f['text']] for f in o['findings']]]


def pipeline(doc):
    code, out, _ = aviso('validate', '--json', '--at', AT, doc)
    o = json.loads(out)
    return {'exit': code, 'verdict': o['verdict'], 'set': o['rules']['set'], 'version': o['rules']['version'],
            'layers': [l['name'] + ' ' + l['state'] for l in o['layers']],
            'findings': ['%s %s line %d' % (f['severity'], f['id'] or f['kind'], f['line']) for f in o['findings']],
            'error': o.get('error', {}).get('code', '')}


def record():
    with tempfile.TemporaryDirectory() as d:
        with open(d + '/plan', 'w') as f:
            f.writelines('%s\t%s\n' % (r, doc) for doc in DOCS for r in rules_for(doc))
        subprocess.run(['java', '-cp', glob.glob('build/parity/saxon-*')[0] + '/*', 'tests/parity/Verdicts.java', d + '/plan', d + '/out'], check=True)
        with open(HERE + '/saxon.tsv', 'w', encoding='utf-8', newline='\n') as f:
            f.write(open(d + '/out', encoding='utf-8', newline='\n').read().replace(DATA + '/', '').replace(HERE + '/', ''))
    with open(HERE + '/pipeline.json', 'w', encoding='utf-8') as f:
        json.dump({os.path.basename(d): pipeline(d) for d in DOCS}, f, indent=1, ensure_ascii=False)
        f.write('\n')


def test_verdicts():
    saxon = read_saxon()
    check('every document has a recorded verdict', sorted({d for _, d in saxon}), [os.path.basename(d) for d in DOCS])
    for (rules, doc), want in saxon.items():
        name = os.path.basename(rules)[:-5]
        check("%s of %s is Saxon's" % (name, doc), ours(DATA + '/' + rules, HERE + '/' + doc), want)


def test_pipeline():
    want = json.load(open(HERE + '/pipeline.json', encoding='utf-8'))
    for d in DOCS:
        check('pipeline of ' + os.path.basename(d), pipeline(d), want[os.path.basename(d)])


def test_command():
    good, bad = HERE + '/invoice-good.xml', HERE + '/invoice-bad-totals.xml'
    one = aviso('validate', '--at', AT, '-j', '1', '--json', HERE)
    check('two threads answer as one, in order', aviso('validate', '--at', AT, '-j', '2', '--json', HERE), one)
    check('a folder stands for its documents', [json.loads(x)['file'] for x in one[1].splitlines()], DOCS)
    check('several inputs: the worst counts', one[0], 1)
    check('standard input', json.loads(aviso('validate', '--json', '-', stdin=open(good, 'rb').read())[1])['verdict'], 'valid')
    check('a missing file', aviso('validate', '--json', HERE + '/none.xml')[0], 66)
    check('no XML', aviso('validate', '--json', '-', stdin=b'{}')[0], 65)
    check('a DOCTYPE', json.loads(aviso('validate', '--json', '-', stdin=b'<!DOCTYPE a><a/>')[1])['error']['code'], 'xml.doctype')
    check('warnings may fail too', [aviso('validate', '--fail-on', x, HERE + '/order-good.xml')[0] for x in ('error', 'warning')], [0, 1])
    check('an unknown rule set', aviso('validate', '--rules', 'none', good)[0], 65)
    check('wrong usage', [aviso('validate')[0], aviso('validate', '--report', 'pdf', good)[0], aviso('validate', '--at', 'soon', good)[0],
                          aviso('validate', '--output', '/nonexistent', good)[0]], [64] * 4)
    versions = [json.loads(aviso('validate', '--json', '--at', t, good)[1])['rules']['version']
                for t in ('2026-02-22T23:59:59Z', '2026-02-23', '2026-08-16', '2026-08-17T00:00:00Z', '2026-08-17T01:00:00+02:00')]
    check('the instant of exchange chooses the version', versions, ['2025.5', '2025.11', '2025.11', '2026.5', '2025.11'])
    check('or the caller does', json.loads(aviso('validate', '--json', '--rules', 'peppol-bis3@2025.11', good)[1])['rules']['version'], '2025.11')
    check('an unknown document passes with a note', json.loads(aviso('validate', '--json', '-', stdin=b'<a/>')[1])['note'][:16], 'unknown document')
    code, svrl, _ = aviso('validate', '--report', 'svrl', '--at', AT, bad)
    names = [n.localName for n in xml.dom.minidom.parseString(svrl).documentElement.childNodes if n.nodeType == 1]
    check('SVRL lists patterns, rules and findings', (names.count('active-pattern'), names.count('fired-rule') > 50, names.count('failed-assert')), (17, True, 8))
    html = aviso('validate', '--report', 'html', bad)[1]
    check('HTML names the document, its rules, each finding', [x in html for x in ('<span class="invalid">', 'Invoice ', 'peppol-bis3', 'BR-CO-15', 'sha256')], [True] * 5)
    check('HTML of what is not known claims no rules', 'rules in force' in aviso('validate', '--report', 'html', '-', stdin=b'<a/>')[1], False)
    check('text says rule, line and value', all(x in aviso('validate', '--at', AT, bad)[1] for x in ('BR-DEC-23', 'line 110', 'InvoiceLine[2]', '"75.005"')), True)
    with tempfile.TemporaryDirectory() as d:
        aviso('validate', '--report', 'html', '--output', d, good, bad)
        with open(d + '/typed.sch', 'w') as f:
            f.write('<schema xmlns="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt2"><pattern><rule context="/never"><assert test="if (x) then upper-case(1) = \'A\' else true()">a</assert></rule></pattern></schema>')
        code, out, _ = aviso('validate', '--json', '--no-xsd', '--schematron', d + '/typed.sch', good, bad)
        os.remove(d + '/typed.sch')
        refused = [json.loads(x) for x in out.splitlines()]
        check('a rule set with a type error judges nothing, and says so of each document', (code, [(r['verdict'], r['error']['code'], r['error']['ruleset'], r['findings']) for r in refused]), (65, [('error', 'XPTY0004', 'typed', [])] * 2))
        check('reports into a folder', sorted(os.listdir(d)), ['invoice-bad-totals.xml.html', 'invoice-good.xml.html'])


SCH = '<schema xmlns="http://purl.oclc.org/dsdl/schematron" queryBinding="xslt2">%s</schema>'


def test_folders():
    good = open(HERE + '/invoice-good.xml', 'rb').read()
    with tempfile.TemporaryDirectory() as d:
        for x in ('in/a', 'in/b'):
            os.makedirs('%s/%s' % (d, x))
            open('%s/%s/x.xml' % (d, x), 'wb').write(good)
        os.mkdir(d + '/out')
        code, _, err = aviso('validate', '-o', d + '/out', d + '/in/a/x.xml', d + '/in/b/x.xml')
        check('no report replaces another', (code, 'inputs.same-name' in err, os.listdir(d + '/out')), (64, True, []))
        aviso('validate', '--json', '-o', d + '/out', d + '/in')
        check('reports lie as the documents do', sorted(os.path.relpath(x, d + '/out') for x in glob.glob(d + '/out/*/*')), ['a/x.xml.json', 'b/x.xml.json'])
        os.symlink('..', d + '/in/a/up')
        os.mkfifo(d + '/in/pipe.xml')
        check('a folder: each file once, no links in circles, no pipes', [os.path.relpath(json.loads(x)['file'], d) for x in aviso('validate', '--json', d + '/in')[1].splitlines()], ['in/a/x.xml', 'in/b/x.xml'])
        os.makedirs(d + '/deep' + '/n' * 40)
        check('folders that lie too deep are named', (lambda r: (r[0], 'limit.folders' in r[2]))(aviso('validate', d + '/deep')), (65, True))
        with open(d + '/large.xml', 'wb') as f:
            f.truncate((256 << 20) + 1)
        check('a file that is too large is there', (lambda r: (r[0], json.loads(r[1])['error']['code']))(aviso('validate', '--json', d + '/large.xml')), (65, 'limit.size'))


def test_given_rules():
    good = HERE + '/invoice-good.xml'
    with tempfile.TemporaryDirectory() as d:
        rules = d + '/own.sch'
        with open(rules, 'w') as f:
            f.write(SCH % '<ns prefix="c" uri="urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2"/><pattern><rule context="c:IssueDate">\n<assert id="A" test="xs:integer(.) gt 1">a</assert></rule></pattern>')
        o = json.loads(aviso('validate', '--json', '--no-xsd', '--schematron', rules, good)[1])
        e = o['error']
        check('what stopped a rule set is told: rule, its line, the place in the document', (e['code'], e['id'], e['where'], e['line'], e['location'].endswith("]/*:IssueDate[namespace-uri()='urn:oasis:names:specification:ubl:schema:xsd:CommonBasicComponents-2'][1]")), ('FORG0001', 'A', rules + ':2', 8, True))
        check('and as text', 'judging A at /Invoice/IssueDate, line 8' in aviso('validate', '--no-xsd', '--schematron', rules, good)[1], True)
        check('rules that are given have a hash too', o['layers'][0]['sha256'], hashlib.sha256(open(rules, 'rb').read()).hexdigest())
        with open(d + '/bad.sch', 'w') as f:
            f.write(SCH % '<pattern>\n<rule context="x">\n<nonsense/></rule></pattern>')
        e = json.loads(aviso('validate', '--json', '--no-xsd', '--schematron', d + '/bad.sch', good)[1])['error']
        check('a construct that is not known is refused with file and line', (e['code'], e['where'], 'nonsense' in e['message'], bool(e['next'])), ('rules.construct', d + '/bad.sch:3', True, True))
        compiled = DATA + '/rules/openpeppol/2026.5/PEPPOLBIS-T01.xslt'
        check('an option that would do nothing is wrong usage', [aviso('validate', *a, good)[0] for a in (('--phase', 'x'), ('--rules', 'latest', '--schematron', rules), ('--phase', 'x', '--schematron', compiled))], [64, 64, 65])
        odd = d + '/\u00f6 sp #%[x].xml'
        with open(odd, 'w') as f:
            f.write('<a/>')
        with open(d + '/uri.sch', 'w') as f:
            f.write(SCH % '<pattern><rule context="/*"><report test="true()"><value-of select="substring-after(base-uri(.), \'%s/\')"/>|<value-of select="base-uri(.) = document-uri(/)"/></report></rule></pattern>' % os.path.realpath(d))
        o = [json.loads(aviso('validate', '--json', '--no-xsd', '--schematron', d + '/uri.sch', x, stdin=b'<a/>')[1])['findings'][0]['text'] for x in (odd, '-')]
        check('base-uri is that of the file, as Saxon has it; standard input has none', o, ['%C3%B6%20sp%20%23%25%5Bx%5D.xml|true', '|false'])
        svrl = aviso('validate', '--report', 'svrl', '--schematron', rules, '--schematron', rules, good)[1]
        check('SVRL of several rule sets binds a prefix once', svrl.count('prefix="c"'), 1)
    svrl = aviso('validate', '--report', 'svrl', '--at', AT, good)[1]
    check('SVRL names rule set, version, hash', [x in svrl for x in ('schemaVersion="peppol-bis3 2026.5"', 'CEN-EN16931-UBL: passed, rules/openpeppol/2026.5/CEN-EN16931-UBL.xslt, sha256 ')], [True] * 2)
    html = aviso('validate', '--report', 'html', '--rules', 'peppol-bis3@2025.11', good)[1]
    check('HTML says that the version was chosen', (html[:15], 'rules in force' in html, 'chosen by whoever asked' in html), ('<!DOCTYPE html>', False, True))
    out = aviso('validate', '--rules', 'peppol-order3', good)[1]
    check('rules that are not made for the document: a note says so', 'not made for this document' in out, True)
    padded = aviso('validate', '--at', AT, HERE + '/invoice-padded-date.xml')[1]
    check('white space in a value can be seen', r'= "\n    2026-10-01\n  "' in padded, True)
    wide = aviso('validate', '--at', AT, HERE + '/invoice-many-faults.xml', '--no-xsd')[1]
    check('texts are wrapped between words, and only there', [l for l in wide.splitlines() if '  ' in l.strip() and 'line' not in l] + [l for l in wide.splitlines() if len(l) > 100 and ' at /' not in l], [])


def test_rules_command():
    code, out, _ = aviso('rules', 'list', '--json', '--at', '2026-08-16')
    sets = {json.loads(x)['name']: json.loads(x)['in_force'] for x in out.splitlines()}
    check('rules list', (code, sets['peppol-bis3'], sets['pint-ae'], sets['ubl']), (0, '2025.11', '2026.5', None))
    check('rules show', [x in aviso('rules', 'show', 'peppol-bis3')[1] for x in ('2026-08-17', 'sha256', '(in force)')], [True] * 3)
    check('rules show of an unknown one', aviso('rules', 'show', 'none')[0], 65)
    code, out, _ = aviso('rules', 'show', 'peppol-bis3@2025.11', '--json')
    o = json.loads(out)
    check('rules show of one version', (code, [v['version'] for v in o['versions']], [d['root'] for d in o['documents']]), (0, ['2025.11'], ['Invoice', 'CreditNote']))
    check('rules show of a version that is not there', aviso('rules', 'show', 'peppol-bis3@1')[0], 65)
    code, out, _ = aviso('rules', 'verify', '--json')
    o = json.loads(out)
    check('rules verify', (code, o['ok'], o['bad'], o['checked'] > 500, aviso('rules', 'verify')[0]), (0, True, 0, True, 0))
    check('rules install takes one folder', aviso('rules', 'install', '/nonexistent/a', '/nonexistent/b')[0], 64)
    r = subprocess.run([AVISO, 'validate', '--json', HERE + '/invoice-good.xml'], stdout=subprocess.PIPE, env={**os.environ, 'AVISO_DATA': '/nonexistent'})
    check('no rules at all: the operator is told what to do', (r.returncode, json.loads(r.stdout)['error']['what'], 'rules install' in json.loads(r.stdout)['error']['next']), (78, 'rules.data', True))


if __name__ == '__main__':
    if not os.path.exists(DATA + '/catalogue'):
        print('the official rules are not here')
        sys.exit(77)
    if '--record' in sys.argv:
        record()
    test_verdicts()
    test_pipeline()
    test_command()
    test_folders()
    test_given_rules()
    test_rules_command()
    sys.exit(failed)
