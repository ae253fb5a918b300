#!/bin/sh
# Starts everything and returns when the figures are filled. docs/from-python-template.md has more.
exec "$(dirname "$(readlink -f "$0")")/millrace" up --detach "$@"
