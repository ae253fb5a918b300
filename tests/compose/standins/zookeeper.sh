#!/bin/bash
# What the official image of ZooKeeper does at its start, for a server that is alone.
set -e
cat >/conf/zoo.cfg <<END
dataDir=/data
dataLogDir=/datalog
clientPort=2181
tickTime=2000
admin.enableServer=${ZOO_ADMINSERVER_ENABLED:-true}
4lw.commands.whitelist=${ZOO_4LW_COMMANDS_WHITELIST:-srvr}
END
exec java "-Xmx${ZK_SERVER_HEAP:-1000}m" -XX:+UseSerialGC -Dlog4j2.configurationFile=/etc/log4j2.properties -cp '/apache-zookeeper/lib/*' \
  org.apache.zookeeper.server.quorum.QuorumPeerMain /conf/zoo.cfg
