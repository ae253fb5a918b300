#!/bin/sh
# Registers the connector in Kafka Connect, or changes it to what the figures need. docs/from-python-template.md has more.
exec "$(dirname "$(readlink -f "$0")")/millrace" connector register "$@"
