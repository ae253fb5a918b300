#!/bin/bash
# What Debezium's image of Kafka Connect does at its start: properties from variables, then the worker.
set -e
[ "$1" = start ] || exec "$@"
for name in BOOTSTRAP_SERVERS GROUP_ID CONFIG_STORAGE_TOPIC OFFSET_STORAGE_TOPIC; do
  [ -n "${!name}" ] || { echo "The $name must be set" >&2; exit 1; }
done
export CONNECT_BOOTSTRAP_SERVERS="$BOOTSTRAP_SERVERS" CONNECT_GROUP_ID="$GROUP_ID" CONNECT_CONFIG_STORAGE_TOPIC="$CONFIG_STORAGE_TOPIC" \
  CONNECT_OFFSET_STORAGE_TOPIC="$OFFSET_STORAGE_TOPIC" CONNECT_STATUS_STORAGE_TOPIC="${STATUS_STORAGE_TOPIC:-connect-status}" \
  CONNECT_KEY_CONVERTER="${KEY_CONVERTER:-org.apache.kafka.connect.json.JsonConverter}" \
  CONNECT_VALUE_CONVERTER="${VALUE_CONVERTER:-org.apache.kafka.connect.json.JsonConverter}" \
  CONNECT_OFFSET_FLUSH_INTERVAL_MS="${OFFSET_FLUSH_INTERVAL_MS:-60000}" CONNECT_REST_ADVERTISED_HOST_NAME="${ADVERTISED_HOST_NAME:-$(hostname -i)}" \
  CONNECT_PLUGIN_PATH="${CONNECT_PLUGIN_PATH:-/kafka/connect}"
file=/kafka/config/connect-distributed.properties
: >"$file"
while IFS= read -r line; do
  case "$line" in CONNECT_*=*) name=${line%%=*} name=${name#CONNECT_} name=${name,,}; printf '%s=%s\n' "${name//_/.}" "${line#*=}" >>"$file" ;; esac
done < <(env)
exec java $HEAP_OPTS -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true -Dlog4j2.configurationFile=/etc/log4j2.properties -cp '/kafka/libs/*' \
  org.apache.kafka.connect.cli.ConnectDistributed "$file"
