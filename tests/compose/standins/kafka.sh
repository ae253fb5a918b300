#!/bin/bash
# What the image apache/kafka does at its start: properties from variables (_ is a dot, __ an underscore, ___ a dash), storage, the broker.
set -e
file=/opt/kafka/config/server.properties
cat /mnt/shared/config/server.properties >"$file" 2>/dev/null || : >"$file"
while IFS= read -r -d '' pair; do
  name=${pair%%=*}
  case "$name" in
  KAFKA_HEAP_OPTS | KAFKA_OPTS | KAFKA_JMX* | KAFKA_LOG4J* | KAFKA_GC_LOG_OPTS) continue ;;
  KAFKA_*)
    name=$(sed 's/^KAFKA_//; s/___/-/g; s/__/\x01/g; s/_/./g; s/\x01/_/g' <<<"$name")
    printf '%s=%s\n' "${name,,}" "${pair#*=}" >>"$file"
    ;;
  esac
done < <(env -0)
java="java $KAFKA_HEAP_OPTS -XX:+ExitOnOutOfMemoryError -Djava.awt.headless=true -Dlog4j2.configurationFile=/etc/log4j2.properties -cp /opt/kafka/libs/*"
set -f
if [ -n "$KAFKA_PROCESS_ROLES" ]; then
  $java kafka.tools.StorageTool format --ignore-formatted -t "${CLUSTER_ID:-5L6g3nShT-eMCtK--X86sw}" -c "$file"
fi
exec $java kafka.Kafka "$file"
