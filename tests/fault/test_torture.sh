#!/bin/sh
# K16, a short slice with a fixed seed. All of it: make torture
DOCS=30 TIME=12 SEED=${SEED:-1} exec python3 tests/fault/torture.py
