#!/bin/sh
# secrets.sh FOLDER [NAME...]: makes the files of which an overlay makes its Secrets. A file that is there stays, but those that are
# named are made again: `secrets.sh FOLDER node-password tls.crt`.
# Passwords are 24 hexadecimal digits. The nodes' certificate is one for all of them, by a CA whose key stays in the folder.
set -eu
umask 077
[ $# -gt 0 ] || { sed -n '2,4s/^# //p' "$0" >&2; exit 2; }
folder=$1
shift
mkdir -p "$folder"
cd "$folder"

for name in "$@"; do
  case "$name" in
  *-password | http-token | tls.crt) [ ! -e "$name" ] || rm "$name" ;;
  *) echo "secrets.sh: $name isn't one of the files: a password, http-token or tls.crt" >&2; exit 2 ;;
  esac
done

for name in postgres-password administrator-password node-password debezium-password redis-password http-token; do
  [ -e "$name" ] || { openssl rand -hex 12 | tr -d '\n' >"$name.new" && mv "$name.new" "$name"; }
done

key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1.new" 2>/dev/null && mv "$1.new" "$1"; }

if [ ! -e ca.crt ]; then
  [ -e ca.key ] || key ca.key
  openssl req -x509 -new -key ca.key -sha256 -days 3650 -subj "/CN=Millrace nodes" -addext "keyUsage = critical, keyCertSign, cRLSign" -out ca.crt.new
  mv ca.crt.new ca.crt
fi
if [ ! -e tls.crt ]; then
  key tls.key
  printf '%s\n' "basicConstraints = critical, CA:FALSE" "keyUsage = critical, digitalSignature" "extendedKeyUsage = serverAuth, clientAuth" \
    "subjectAltName = DNS:*.millrace" >extensions
  openssl req -new -key tls.key -subj "/CN=millrace" |
    openssl x509 -req -CA ca.crt -CAkey ca.key -set_serial "0x$(openssl rand -hex 15)" -sha256 -days 365 -extfile extensions -out tls.crt.new 2>/dev/null
  rm extensions
  mv tls.crt.new tls.crt
fi
