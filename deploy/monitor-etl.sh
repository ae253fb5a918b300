#!/bin/sh
# Prints node, connector, replication slot and each figure's state. docs/from-python-template.md has more.
exec "$(dirname "$(readlink -f "$0")")/millrace" status "$@"
