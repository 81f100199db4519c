#!/usr/bin/env python3
"""How fast a cluster is filled and its nodes are read: prints ratios, asserts nothing.

    cargo build --release -p berth-kube --example filling
    python3 benches/filling.py [--delay MS] [--disk-delay MS] [--only objects|nodes] target/release/examples/filling

Against a real kube-apiserver when KUBEBUILDER_ASSETS names a folder with kube-apiserver and etcd, else against the
simulator's Kubernetes API. The simulator does one request after the other and needs longer for each than kubectl does, so
that only a real server shows what many requests at once are worth. Needs kubectl and curl; a real server needs openssl too.

On a fast disk beside the server a write takes 3 ms, most of it the server's own work. Two delays show what is usual elsewhere:
--delay puts so many milliseconds between question and answer of everybody who talks to the server, as for a cluster in
another region; --disk-delay puts them between the server and its etcd, as a disk does that takes its time to write.
"""

import argparse
import concurrent.futures
import copy
import http.client
import json
import os
import queue
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse

OBJECTS = 500
NODES = 5000
TOKEN = "filling"


def run(command, env=None, to=subprocess.PIPE):
    """Runs a command; gives its seconds, its peak memory in MiB, and what it printed.

    A process begins as a copy of this one, which therefore must stay small: its own memory is the least that is told.
    """
    begin = time.monotonic()
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, env=env, stdout=to, stderr=errors)
        said = process.stdout.read() if process.stdout else b""
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.monotonic() - begin
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            errors.seek(0)
            sys.exit(f"{' '.join(command)} ended with {process.returncode}:\n{errors.read().decode()}")
    return seconds, usage.ru_maxrss / 1024, said


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


class Delay:
    """Passes connections on, and holds each piece back for half of so many milliseconds, either way. At once or later."""

    def __init__(self, port, milliseconds):
        self.seconds, self.port, self.to = milliseconds / 2000, free_port(), port
        listener = socket.create_server(("127.0.0.1", self.port), backlog=1024)
        threading.Thread(target=self.accept, args=(listener,), daemon=True).start()

    def accept(self, listener):
        while True:
            asking = listener.accept()[0]
            answering = socket.create_connection(("127.0.0.1", self.to))
            for one, other in ((asking, answering), (answering, asking)):
                one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                pieces = queue.SimpleQueue()
                threading.Thread(target=self.take, args=(one, pieces), daemon=True).start()
                threading.Thread(target=self.give, args=(other, pieces), daemon=True).start()

    def take(self, one, pieces):
        while True:
            try:
                piece = one.recv(1 << 18)
            except OSError:
                piece = b""
            pieces.put((time.monotonic() + self.seconds, piece))
            if not piece:
                return

    def give(self, other, pieces):
        while True:
            due, piece = pieces.get()
            time.sleep(max(0, due - time.monotonic()))
            try:
                if not piece:
                    return other.shutdown(socket.SHUT_WR)
                other.sendall(piece)
            except OSError:
                return


class Simulated:
    """The simulator's Kubernetes API, empty."""

    name, ca = "the simulator", None

    def __init__(self, filling):
        self.process = subprocess.Popen([filling, "serve"], stdout=subprocess.PIPE, text=True)
        self.server = self.process.stdout.readline().strip()

    def stop(self):
        self.process.kill()
        self.process.wait()


class Real:
    """etcd and a kube-apiserver, without controllers."""

    name = "kube-apiserver"

    def __init__(self, assets, folder, disk_delay):
        etcd, peer, api = free_port(), free_port(), free_port()
        # Nothing is held back before the server is ready: it writes hundreds of objects until then.
        disk = Delay(etcd, 0) if disk_delay else None
        at = lambda name: os.path.join(folder, name)
        self.ca, self.server = at("ca.crt"), f"https://127.0.0.1:{api}"
        new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2"
        for command in (
            f"{new} -subj /CN=authority -keyout {at('ca.key')} -out {self.ca}",
            f"{new} -subj /CN=server -CA {self.ca} -CAkey {at('ca.key')} -addext basicConstraints=critical,CA:FALSE"
            f" -addext subjectAltName=IP:127.0.0.1 -keyout {at('server.key')} -out {at('server.crt')}",
            f"ecparam -name prime256v1 -genkey -noout -out {at('accounts.key')}",
            f"ec -in {at('accounts.key')} -pubout -out {at('accounts.pub')}",
        ):
            run(["openssl", *command.split()])
        with open(at("tokens.csv"), "w") as file:
            file.write(f'{TOKEN},admin,admin,"system:masters"\n')
        commands = [
            f"etcd --data-dir={at('etcd')} --listen-client-urls=http://127.0.0.1:{etcd}"
            f" --advertise-client-urls=http://127.0.0.1:{etcd} --listen-peer-urls=http://127.0.0.1:{peer}",
            f"kube-apiserver --etcd-servers=http://127.0.0.1:{disk.port if disk else etcd} --bind-address=127.0.0.1 --secure-port={api}"
            f" --advertise-address=127.0.0.1 --tls-cert-file={at('server.crt')} --tls-private-key-file={at('server.key')}"
            f" --cert-dir={at('certificates')} --token-auth-file={at('tokens.csv')} --authorization-mode=RBAC"
            f" --service-cluster-ip-range=10.0.0.0/20 --service-account-issuer=https://127.0.0.1"
            f" --service-account-key-file={at('accounts.pub')} --service-account-signing-key-file={at('accounts.key')}"
            f" --disable-admission-plugins=ServiceAccount",
        ]
        self.processes = []
        for command in commands:
            program, *flags = command.split()
            with open(at(program + ".log"), "w") as log:
                self.processes.append(
                    subprocess.Popen([os.path.join(assets, program), *flags], stdout=log, stderr=log, cwd=folder)
                )
        for _ in range(240):
            time.sleep(0.25)
            if any(process.poll() is not None for process in self.processes):
                break
            try:
                if all(Connection(self).ask("GET", path) == 200 for path in ("/readyz", "/api/v1/namespaces/default")):
                    if disk:
                        disk.seconds = disk_delay / 2000
                    return
            except OSError:
                continue
        self.stop()
        with open(at("kube-apiserver.log")) as log:
            sys.exit("kube-apiserver is not ready:\n" + log.read()[-3000:])

    def stop(self):
        for process in reversed(self.processes):
            process.kill()
            process.wait()


class Connection:
    """One connection that stays open."""

    def __init__(self, server):
        address = urllib.parse.urlparse(server.server).netloc
        if server.ca:
            self.connection = http.client.HTTPSConnection(address, context=ssl.create_default_context(cafile=server.ca))
        else:
            self.connection = http.client.HTTPConnection(address)

    def ask(self, method, path, body=None):
        headers = {"authorization": "Bearer " + TOKEN, "content-type": "application/json"}
        self.connection.request(method, path, json.dumps(body) if body else None, headers)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status


def objects(namespace):
    """A namespace and what services are usually made of; the Deployments want no pods."""

    def made(api_version, kind, name, **fields):
        metadata = {"name": name, "namespace": namespace}
        return {"apiVersion": api_version, "kind": kind, "metadata": metadata, **fields}

    items = [{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace}}]
    for number in range(OBJECTS - 1):
        name, app = f"object-{number}", {"app": f"object-{number}"}
        match number % 5:
            case 0 | 1:
                items.append(made("v1", "ConfigMap", name, data={f"key-{key}": "some text" * 5 for key in range(10)}))
            case 2:
                items.append(made("v1", "Secret", name, data={"password": "aHVudGVyMg=="}))
            case 3:
                ports = [{"name": "http", "port": 80, "protocol": "TCP"}]
                items.append(made("v1", "Service", name, spec={"selector": app, "ports": ports}))
            case _:
                limits = {"cpu": "1", "memory": "1Gi", "nvidia.com/gpu": "1"}
                container = {"name": "app", "image": "app:1", "resources": {"requests": limits, "limits": limits}}
                template = {"metadata": {"labels": app}, "spec": {"containers": [container]}}
                spec = {"replicas": 0, "selector": {"matchLabels": app}, "template": template}
                items.append(made("apps/v1", "Deployment", name, spec=spec))
    return {"apiVersion": "v1", "kind": "List", "items": items}


def node(number):
    """A node as large as those of clouds: about 15 kB, most of it names of images."""
    digest = "0123456789abcdef" * 4
    images = [
        {
            "names": [f"gke.gcr.io/some/long/image/name-{image}@sha256:{digest}", f"gke.gcr.io/some/long/image/name-{image}:v1.2.3-gke.4",
                      f"registry.example.com/mirror/of/some/long/image/name-{image}@sha256:{digest}"],
            "sizeBytes": 123456789,
        }
        for image in range(50)
    ]
    labels = {"kubernetes.io/hostname": f"gke-pool-{number}", "cloud.google.com/gke-nodepool": "pool"}
    amounts = {"cpu": "3920m", "memory": "12Gi", "pods": "110", "nvidia.com/gpu": "4"}
    ready = {"type": "Ready", "status": "True", "reason": "KubeletReady", "message": "kubelet is posting ready status"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": f"gke-pool-{number}", "labels": labels},
        "status": {"capacity": amounts, "allocatable": amounts, "conditions": [ready], "images": images},
    }


def make_nodes(server):
    own = threading.local()

    def make(number):
        own.connection = getattr(own, "connection", None) or Connection(server)
        status = own.connection.ask("POST", "/api/v1/nodes", node(number))
        if status != 201:
            sys.exit(f"a node was answered with {status}")

    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        list(pool.map(make, range(NODES)))


def write(folder, name, value):
    path = os.path.join(folder, name)
    with open(path, "w") as file:
        json.dump(value, file)
    return path


def measure_filling(filling, server, folder, kubectl_env, tell):
    # The simulator has no OpenAPI document to validate by; kubectl is a little quicker without.
    theirs = ["kubectl", "apply", "--server-side", "--validate=false", "-f", write(folder, "kubectl.json", objects("filling-kubectl"))]
    ours = [filling, "fill", server.server, TOKEN, server.ca or "-", write(folder, "berth.json", objects("filling-berth"))]
    for what in ("first", "again with no change"):
        kubectl, kubectl_memory, _ = run(theirs, kubectl_env)
        berth, memory, said = run(ours)
        applied = json.loads(said)["applied"]
        tell(
            f"{OBJECTS} objects, {what}: kubectl {kubectl:.2f} s ({kubectl_memory:.0f} MiB), berth {berth:.2f} s"
            f" ({memory:.0f} MiB, {applied} applied): {kubectl / berth:.1f} times faster (goal: 20)"
        )


def measure_nodes(filling, server, direct, tell):
    make_nodes(direct)
    curl = ["curl", "-sS", "-f", "-H", "authorization: Bearer " + TOKEN, server.server + "/api/v1/nodes"]
    if server.ca:
        curl += ["--cacert", server.ca]
    size = int(run(curl + ["-o", os.devnull, "-w", "%{size_download}"])[2])
    best = min(run(curl + ["-o", os.devnull])[0] for _ in range(3))
    ours = [run([filling, "nodes", server.server, TOKEN, server.ca or "-"]) for _ in range(3)]
    berth, memory = min(one[0] for one in ours), max(one[1] for one in ours)
    tell(
        f"{json.loads(ours[0][2])['nodes']} nodes ({size / 1e6:.0f} MB): curl {best:.2f} s, berth {berth:.2f} s:"
        f" {berth / best:.2f} times as long (goal: 2); {memory:.0f} MiB (goal: under 100)"
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--delay", type=float, default=0, metavar="MS", help="between question and answer of the server")
    parser.add_argument("--disk-delay", type=float, default=0, metavar="MS", help="between the server and its etcd")
    parser.add_argument("--only", choices=("objects", "nodes"), help="leave the other measurement out")
    parser.add_argument("filling", help="the example that is measured")
    args = parser.parse_args()
    filling, assets = os.path.abspath(args.filling), os.environ.get("KUBEBUILDER_ASSETS")
    if args.disk_delay and not assets:
        parser.error("--disk-delay takes a real server")
    with tempfile.TemporaryDirectory() as folder:
        direct = Real(assets, folder, args.disk_delay) if assets else Simulated(filling)
        try:
            # The certificate names no port.
            server = copy.copy(direct)
            if args.delay:
                address = urllib.parse.urlparse(direct.server)
                server.server = f"{address.scheme}://127.0.0.1:{Delay(address.port, args.delay).port}"
            delays = [(args.delay, "the server"), (args.disk_delay, "its disk")]
            words = " and ".join(f"{delay:g} ms to {what}" for delay, what in delays if delay)
            tell = lambda said: print(f"[{direct.name}, {words or 'no delay'}] {said}", flush=True)
            cluster = {"server": server.server} | ({"certificate-authority": server.ca} if server.ca else {})
            config = {
                "apiVersion": "v1",
                "kind": "Config",
                "current-context": "filling",
                "clusters": [{"name": "filling", "cluster": cluster}],
                "users": [{"name": "filling", "user": {"token": TOKEN}}],
                "contexts": [{"name": "filling", "context": {"cluster": "filling", "user": "filling"}}],
            }
            env = {"PATH": os.environ["PATH"], "HOME": folder, "KUBECONFIG": write(folder, "config", config)}
            if args.only != "nodes":
                measure_filling(filling, server, folder, env, tell)
            if args.only != "objects":
                measure_nodes(filling, server, direct, tell)
        finally:
            direct.stop()


if __name__ == "__main__":
    main()
