#!/usr/bin/env python3
"""Referee: what aviso build makes of ubl/examples/*.json, judged by live Saxon with the official stylesheets.

usage: examples.py --aviso PROGRAM --classpath JARS --data FOLDER --work FOLDER
Each document is held against the stylesheets that aviso validate names as its own (CEN and Peppol, or PINT), so two
at least; no assertion with the flag fatal may fail. A document made wrong on purpose must fail, or nothing was judged."""
import argparse, glob, json, os, subprocess, sys

from differ import saxon


def build(a, example, name):
    out = f'{a.work}/{name}.xml'
    p = subprocess.run([a.aviso, 'build', '--quiet', '-o', out, example], stderr=subprocess.PIPE)
    if p.returncode:
        sys.exit(f'examples: {example}: {p.stderr.decode()}')
    return out


def stylesheets(a, doc):
    o = json.loads(subprocess.run([a.aviso, 'validate', '--json', doc], stdout=subprocess.PIPE).stdout)
    return [f'{a.data}/{x["path"]}' for x in o['layers'] if x['path'].endswith('.xslt')]


def faults(verdict):
    state, _, message, found = verdict
    return [message] if state != 'OK' else [f'{f[1]} at {f[4]}: {f[5]}' for f in found if f[0] == 'FA' and f[2] == 'fatal']


def main():
    p = argparse.ArgumentParser(usage=__doc__)
    for name in ('aviso', 'classpath', 'data', 'work'):
        p.add_argument('--' + name, required=True)
    a = p.parse_args()
    os.makedirs(a.work, exist_ok=True)
    docs = [build(a, f, os.path.basename(f)[:-5]) for f in sorted(glob.glob('ubl/examples/*.json'))]
    pairs = {(rules, d) for d in docs for rules in stylesheets(a, d)}
    few = [d for d in docs if sum(x[1] == d for x in pairs) < 2]
    wrong = f'{a.work}/wrong.xml'
    with open(f'{a.work}/standard.xml', encoding='utf-8') as good, open(wrong, 'w', encoding='utf-8') as f:
        f.write(good.read().replace('<cbc:PayableAmount currencyID="EUR">', '<cbc:PayableAmount currencyID="EUR">9'))
    pairs |= {(rules, wrong) for rules in stylesheets(a, wrong)}
    verdicts = saxon(a, sorted(pairs), 'examples')
    bad = [(d, rules, t) for (rules, d), v in sorted(verdicts.items()) for t in faults(v)]
    seen = [b for b in bad if b[0] == wrong]
    bad = [b for b in bad if b[0] != wrong]
    for d, rules, text in bad:
        print(f'{d}: {os.path.basename(rules)}: {text}')
    for d in few:
        print(f'{d}: fewer than two stylesheets judge it')
    if not seen:
        print(f'{wrong}: Saxon finds nothing wrong with it')
    print(f'examples: {len(docs)} documents, {len(pairs)} verdicts of Saxon, {len(bad)} fatal')
    return bool(bad or few or not seen or len(verdicts) != len(pairs))


if __name__ == '__main__':
    sys.exit(main())
