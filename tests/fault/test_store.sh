#!/bin/sh
# Each line of docs/STATES.md killed and failed at every fault point on its way.
exec build/fault/tests/fault/fault_store
