#!/bin/sh
# Each line of docs/STATES.md with the power cut at its writes and fsyncs.
exec build/fault/tests/fault/fault_power
