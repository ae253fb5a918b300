#!/usr/bin/env bash
# cluster.sh build|up|down|env: a Kubernetes of one node for the tests, on Debian 12, where no image registry is reached.
# etcd, kube-apiserver, controller manager, scheduler, kubelet, kube-proxy, CoreDNS and kubectl are built from Go modules (some 18 minutes of one
# core the first time; kept in KUBERNETES_CACHE). Control plane: processes on loopback. Node: the kubelet with Debian's containerd and runc,
# pods on CNI's bridge, services by iptables, names by CoreDNS.
# Needs root, Go 1.24 or newer, and a machine without a Kubernetes of its own: `down` takes every kubelet's traces away.
# No plugin enforces a NetworkPolicy, and no StorageClass provides volumes.
# For a shell that wants kubectl: eval "$(cluster.sh env)".
set -euo pipefail
version=${KUBERNETES_VERSION:-v1.34.2}
cache=${KUBERNETES_CACHE:-$HOME/.cache/millrace/kubernetes-$version}
state=${KUBERNETES_STATE:-/tmp/kubernetes}
port=${KUBERNETES_PORT:-16443} etcd_port=${KUBERNETES_ETCD_PORT:-16479}
node=${KUBERNETES_NODE:-node-1} address=10.97.0.1
# What kubelet, kube-proxy and CNI set for the machine. `down` sets it back.
machine="net.ipv4.ip_forward net.ipv4.conf.all.route_localnet vm.overcommit_memory vm.panic_on_oom kernel.panic kernel.panic_on_oops"
export PATH=$cache/bin:$PATH

build() {
  local program built=yes
  for program in etcd kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy coredns kubectl; do
    [ -x "$cache/bin/$program" ] || built=
  done
  [ "$built" ] && return
  mkdir -p "$cache/src/kubectl" "$cache/src/etcd" "$cache/coredns" "$cache/bin"
  cd "$cache/src"
  rm -f go.mod go.sum
  go mod init tools >/dev/null 2>&1
  printf '//go:build tools\npackage tools\nimport (\n' >tools.go
  for program in kube-apiserver kube-controller-manager kube-scheduler kubelet kube-proxy; do
    printf '\t_ "k8s.io/kubernetes/cmd/%s"\n' $program >>tools.go
  done
  echo ')' >>tools.go
  cat >kubectl/main.go <<'GO'
package main

import (
	"os"

	"k8s.io/component-base/cli"
	"k8s.io/kubectl/pkg/cmd"
)

func main() { os.Exit(cli.Run(cmd.NewDefaultKubectlCommand())) }
GO
  cat >etcd/main.go <<'GO'
package main

import (
	"os"

	"go.etcd.io/etcd/server/v3/etcdmain"
)

func main() { etcdmain.Main(os.Args) }
GO
  go mod edit "-require=k8s.io/kubernetes@$version"
  local m staging="v0.${version#v1.}"
  for m in api apiextensions-apiserver apimachinery apiserver cli-runtime client-go cloud-provider cluster-bootstrap code-generator \
    component-base component-helpers controller-manager cri-api cri-client csi-translation-lib dynamic-resource-allocation endpointslice \
    externaljwt kms kube-aggregator kube-controller-manager kube-proxy kube-scheduler kubectl kubelet metrics mount-utils \
    pod-security-admission sample-apiserver sample-cli-plugin sample-controller; do
    go mod edit "-replace=k8s.io/$m=k8s.io/$m@$staging"
  done
  go mod tidy
  go build -ldflags='-s -w' -o "$cache/bin/" k8s.io/kubernetes/cmd/kube-apiserver k8s.io/kubernetes/cmd/kube-controller-manager \
    k8s.io/kubernetes/cmd/kube-scheduler k8s.io/kubernetes/cmd/kubelet k8s.io/kubernetes/cmd/kube-proxy
  go build -ldflags='-s -w' -o "$cache/bin/etcd" ./etcd
  go build -ldflags='-s -w' -o "$cache/bin/kubectl" ./kubectl
  cd "$cache/coredns" # a module graph of its own
  [ -f go.mod ] || go mod init dns >/dev/null 2>&1
  go get "github.com/coredns/coredns@${COREDNS_VERSION:-v1.15.0}"
  go build -ldflags='-s -w' -o "$cache/bin/coredns" github.com/coredns/coredns
}

secrets() {
  mkdir -p "$state/pki"
  cd "$state/pki"
  [ -f ca.crt ] && return
  openssl req -x509 -newkey rsa:2048 -nodes -days 30 -subj /CN=test-ca -keyout ca.key -out ca.crt 2>/dev/null
  openssl req -newkey rsa:2048 -nodes -subj /CN=kube-apiserver -keyout api.key -out api.csr 2>/dev/null
  openssl x509 -req -in api.csr -CA ca.crt -CAkey ca.key -CAcreateserial -days 30 -out api.crt 2>/dev/null \
    -extfile <(echo "subjectAltName=IP:127.0.0.1,IP:10.96.0.1,DNS:localhost,DNS:kubernetes.default.svc")
  openssl req -newkey rsa:2048 -nodes -subj /O=system:masters/CN=kube-apiserver-kubelet -keyout kubelet.key -out kubelet.csr 2>/dev/null
  openssl x509 -req -in kubelet.csr -CA ca.crt -CAkey ca.key -days 30 -out kubelet.crt 2>/dev/null # by which it reads logs, and runs commands
  openssl genrsa -out sa.key 2048 2>/dev/null
  openssl rsa -in sa.key -pubout -out sa.pub 2>/dev/null
  admin=$(openssl rand -hex 16) kubelet=$(openssl rand -hex 16)
  printf '%s,admin,1,"system:masters"\n%s,system:node:%s,2,"system:nodes"\n' "$admin" "$kubelet" "$node" >tokens.csv
  for who in admin kubelet; do
    cat >"$who.conf" <<Y
apiVersion: v1
kind: Config
clusters: [{name: test, cluster: {server: "https://127.0.0.1:$port", certificate-authority: $state/pki/ca.crt}}]
users: [{name: $who, user: {token: "${!who}"}}]
contexts: [{name: test, context: {cluster: test, user: $who}}]
current-context: test
Y
  done
  chmod 600 -- *.key *.conf tokens.csv
}

start() { # NAME COMMAND...
  local name=$1; shift
  [ -f "$state/$name.pid" ] && kill -0 "$(cat "$state/$name.pid")" 2>/dev/null && return
  setsid nohup "$@" >"$state/$name.log" 2>&1 </dev/null &
  echo $! >"$state/$name.pid"
}

wait_for() { # SECONDS COMMAND...
  local end=$((SECONDS + $1)); shift
  until "$@" >/dev/null 2>&1; do [ $SECONDS -lt $end ] || { echo "timed out: $*" >&2; tail -n 3 "$state"/*.log >&2; return 1; }; sleep 0.3; done
}

control_plane() {
  local pki=$state/pki
  start etcd etcd --data-dir "$state/etcd" --listen-client-urls "http://127.0.0.1:$etcd_port" --advertise-client-urls "http://127.0.0.1:$etcd_port" \
    --listen-peer-urls "http://127.0.0.1:$((etcd_port + 1))" --unsafe-no-fsync
  start kube-apiserver kube-apiserver --etcd-servers "http://127.0.0.1:$etcd_port" --secure-port "$port" --bind-address 127.0.0.1 \
    --endpoint-reconciler-type none --service-cluster-ip-range 10.96.0.0/16 --authorization-mode Node,RBAC --allow-privileged \
    --enable-admission-plugins NodeRestriction --token-auth-file $pki/tokens.csv --tls-cert-file $pki/api.crt --tls-private-key-file $pki/api.key \
    --kubelet-preferred-address-types InternalIP --kubelet-client-certificate $pki/kubelet.crt --kubelet-client-key $pki/kubelet.key \
    --service-account-issuer https://kubernetes.default.svc --service-account-key-file $pki/sa.pub --service-account-signing-key-file $pki/sa.key
  export KUBECONFIG=$pki/admin.conf
  wait_for 60 kubectl get --raw /readyz
  start kube-controller-manager kube-controller-manager --kubeconfig $pki/admin.conf --leader-elect=false --root-ca-file $pki/ca.crt \
    --service-account-private-key-file $pki/sa.key --bind-address 127.0.0.1
  start kube-scheduler kube-scheduler --kubeconfig $pki/admin.conf --leader-elect=false --bind-address 127.0.0.1
  wait_for 60 kubectl get serviceaccount default
}

node() {
  local packages="containerd runc containernetworking-plugins iptables"
  # Debian's docker.io brings containerd, and no plugins
  dpkg -s $packages >/dev/null 2>&1 || { apt-get update -qq; apt-get install -y -qq --no-install-recommends $packages >"$state/apt.log" 2>&1; }
  mkdir -p "$state/kubelet" "$state/manifests" "$state/cni"
  [ -f "$state/machine" ] || sysctl $machine >"$state/machine"
  # The node's address is the bridge's, which this machine alone reaches. Without a MAC of its own a bridge takes another when ports come and go.
  ip link show kube0 >/dev/null 2>&1 || { ip link add kube0 address 0a:58:0a:61:00:01 type bridge; ip address add "$address/24" dev kube0; ip link set kube0 up; }
  printf '.:53 {\n  bind %s\n  errors\n  hosts %s {\n    fallthrough\n  }\n  kubernetes cluster.local {\n    kubeconfig %s\n  }\n}\n' \
    "$address" "$state/hosts" "$state/pki/admin.conf" >"$state/Corefile"
  touch "$state/hosts" # names outside the cluster, which pods find too
  start coredns coredns -conf "$state/Corefile"
  start kube-proxy kube-proxy --kubeconfig "$state/pki/admin.conf" --proxy-mode iptables --cluster-cidr 10.97.0.0/24 --hostname-override "$node" \
    --conntrack-max-per-core 0 --conntrack-tcp-timeout-established 0 --conntrack-tcp-timeout-close-wait 0 --bind-address "$address" \
    --healthz-bind-address 127.0.0.1:10256 --metrics-bind-address 127.0.0.1:10249
  cat >"$state/cni/10-bridge.conflist" <<J
{"cniVersion": "1.0.0", "name": "pods", "plugins": [
  {"type": "bridge", "bridge": "kube0", "isGateway": true, "hairpinMode": true, "ipMasq": false, "ipam": {"type": "host-local", "dataDir": "$state/addresses", "ranges": [[{"subnet": "10.97.0.0/24"}]], "routes": [{"dst": "0.0.0.0/0"}]}},
  {"type": "loopback"}]}
J
  cat >"$state/containerd.toml" <<T
version = 2
root = "$state/containerd"
state = "/run/kubernetes-containerd"
[grpc]
  address = "/run/kubernetes-containerd/containerd.sock"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "localhost/pause:1"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "$state/cni"
T
  start containerd containerd --config "$state/containerd.toml"
  wait_for 30 ctr --address /run/kubernetes-containerd/containerd.sock version
  pause_image
  cat >"$state/kubelet.yaml" <<Y
apiVersion: kubelet.config.k8s.io/v1beta1
kind: KubeletConfiguration
address: $address
authentication: {anonymous: {enabled: false}, webhook: {enabled: true}, x509: {clientCAFile: $state/pki/ca.crt}}
cgroupDriver: cgroupfs
cgroupsPerQOS: true
enforceNodeAllocatable: []
containerRuntimeEndpoint: unix:///run/kubernetes-containerd/containerd.sock
failSwapOn: false
podLogsDir: $state/logs
clusterDomain: cluster.local
clusterDNS: [$address]
staticPodPath: $state/manifests
imageGCHighThresholdPercent: 100
evictionHard: {memory.available: "100Mi", nodefs.available: "1%", imagefs.available: "1%"}
Y
  start kubelet kubelet --config "$state/kubelet.yaml" --kubeconfig "$state/pki/kubelet.conf" --root-dir "$state/kubelet" \
    --cert-dir "$state/kubelet/pki" --hostname-override "$node" --node-ip "$address"
  wait_for 90 sh -c "kubectl get node $node | grep -qw Ready"
}

pause_image() {
  local ctr="ctr --address /run/kubernetes-containerd/containerd.sock -n k8s.io"
  $ctr images ls -q | grep -q localhost/pause:1 && return
  local dir; dir=$(mktemp -d)
  printf '#include <signal.h>\n#include <unistd.h>\n#include <sys/wait.h>\nstatic void end(int s){_exit(0);}\nstatic void reap(int s){while(waitpid(-1,0,WNOHANG)>0);}\nint main(void){signal(SIGINT,end);signal(SIGTERM,end);signal(SIGCHLD,reap);for(;;)pause();}\n' >"$dir/pause.c"
  mkdir "$dir/root" && gcc -static -Os -o "$dir/root/pause" "$dir/pause.c"
  tar -C "$dir/root" -cf "$dir/layer.tar" pause
  python3 - "$dir" <<'P'
import hashlib, json, sys, tarfile
d = sys.argv[1]
digest = hashlib.sha256(open(f"{d}/layer.tar", "rb").read()).hexdigest()
config = json.dumps({"architecture": "amd64", "os": "linux", "config": {"Entrypoint": ["/pause"]}, "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]}})
open(f"{d}/config.json", "w").write(config)
open(f"{d}/manifest.json", "w").write(json.dumps([{"Config": "config.json", "RepoTags": ["localhost/pause:1"], "Layers": ["layer.tar"]}]))
with tarfile.open(f"{d}/image.tar", "w") as out:
    for name in ("config.json", "manifest.json", "layer.tar"):
        out.add(f"{d}/{name}", name)
P
  $ctr images import "$dir/image.tar" >/dev/null
  rm -rf "$dir"
}

down() {
  local name pid
  for name in kubelet kube-proxy coredns kube-scheduler kube-controller-manager kube-apiserver etcd; do stop "$name"; done
  if [ -f "$state/containerd.pid" ]; then
    local ctr="ctr --address /run/kubernetes-containerd/containerd.sock -n k8s.io"
    for name in $($ctr tasks ls -q 2>/dev/null); do $ctr tasks kill -s KILL "$name" >/dev/null 2>&1 || true; done
    sleep 1
    stop containerd
  fi
  awk -v s="$state" '$2 ~ "^"s || $2 ~ "^/run/kubernetes-containerd" {print $2}' /proc/mounts | sort -r | xargs -r umount -l
  ip link del kube0 2>/dev/null || true
  kube-proxy --cleanup >/dev/null 2>&1 || true
  for name in iptables ip6tables; do # the kubelet's
    "$name-save" 2>/dev/null | grep -v KUBE- | "$name-restore" 2>/dev/null || true
  done
  [ ! -f "$state/machine" ] || sysctl -q -p "$state/machine"
  rm -rf "$state" /run/kubernetes-containerd
  # Where the kubelet and CNI write whatever they are told.
  rm -f /var/lib/cni/results/pods-* /var/lib/cni/results/cni-loopback-* /var/lib/kubelet/device-plugins/*
  [ ! -d /var/log/containers ] || find /var/log/containers -xtype l -delete
  rmdir -p /var/lib/cni/results /var/lib/kubelet/device-plugins 2>/dev/null || true
  rmdir /var/log/containers 2>/dev/null || true
  find /sys/fs/cgroup -mindepth 2 -depth -path '*/kubepods*' -type d -exec rmdir {} + 2>/dev/null || true
}

stop() {
  [ -f "$state/$1.pid" ] || return 0
  local pid; pid=$(cat "$state/$1.pid")
  kill -TERM "$pid" 2>/dev/null || return 0
  for _ in $(seq 1 50); do kill -0 "$pid" 2>/dev/null || return 0; sleep 0.1; done
  kill -KILL "$pid" 2>/dev/null || true
}

case ${1:-} in
build) build ;;
up) (build) && (secrets) && control_plane && { [ "${KUBERNETES_NODELESS:-}" ] || node; } && kubectl get nodes ;;
down) down ;;
env) echo "export KUBECONFIG=$state/pki/admin.conf PATH=$cache/bin:\$PATH" ;;
*) sed -n '2,11s/^# //p' "$0"; exit 2 ;;
esac
