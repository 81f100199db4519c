#!/usr/bin/env python3
"""Figures of many clusters made by one run: prints ratios, asserts nothing.

    cargo build --release && python3 benches/fleet.py target/release/berth [CLUSTERS] [SPEED]

Half of the clusters are on GKE, half on EKS; what they are compared with is one on EKS, the slowest, made alone. The speed is that
of the simulated clouds. The simulator is one process and takes its time, too: where a line says that the processors were busy, the
ratio is that of this machine, and a lower speed tells more.

The calls to each API are held against what its documentation allows: how many fit into a bucket, and how many it regains a second.
EC2 counts each operation of a region by itself, Google Cloud each project by the minute. Where nothing is documented, berth's own
pace is shown as what is allowed.
"""

import collections
import os
import resource
import sys
import tempfile

from figures import Simulator, fresh_env, run, timestamp

GKE = """apiVersion: berth/v1
kind: Cluster
metadata: {name: fleet-%d}
spec:
  provider: gke
  zone: us-central1-a
  nodePools:
    - {name: cpu-pool, machineType: e2-standard-4, nodes: {min: 1, max: 1}}
    - {name: t4-pool, gpu: {type: t4, count: 1, sharing: {shares: 4}}, capacity: spot, nodes: {min: 1, max: 2}}
"""

EKS = """apiVersion: berth/v1
kind: Cluster
metadata: {name: fleet-%d}
spec:
  provider: eks
  region: %s
  nodePools:
    - {name: cpu-pool, machineType: m5.xlarge, nodes: {min: 1, max: 1}}
    - {name: t4-pool, machineType: g4dn.xlarge, gpu: {type: t4, count: 1, sharing: {shares: 4}}, capacity: spot, nodes: {min: 1, max: 2}}
"""

# An account has room for five networks in a region, and for as many addresses.
REGIONS = ["us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1", "ap-northeast-1"]

# What a bucket holds, what it regains a second, and where that stands.
EC2_READING = (100, 20, "EC2's request throttling: operations that read")
EC2_CHANGING = (50, 5, "EC2's request throttling: operations that change")
GKE_CALLS = (3000, 50, "GKE's quotas: 3,000 a minute")
COMPUTE_CALLS = (1500, 25, "Compute Engine's rate quotas: 1,500 a minute")
OURS = (60, 20, "nothing documented; berth's own pace")


def specs(folder, count):
    """Files of so many clusters; the first one is on EKS."""
    paths = []
    for number in range(count):
        text = EKS % (number, REGIONS[number // 2 % len(REGIONS)]) if number % 2 == 0 else GKE % number
        path = os.path.join(folder, f"fleet-{number}.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        paths.append(path)
    return paths


def processor_seconds(process):
    """What a process that runs has taken of the processors so far."""
    with open(f"/proc/{process}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def made(berth, env, paths, speed):
    """Makes these clusters at once; gives simulated seconds, MiB at most, the calls, and how busy berth and the simulator were."""
    simulator = Simulator(berth, env, speed)
    files = [word for path in paths for word in ("-f", path)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds, mebibytes = run([berth, "create", *files, "--simulate", "--yes"], env)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    own = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    busy = (own / seconds, processor_seconds(simulator.process.pid) / seconds)
    calls = simulator.ledger()["calls"]
    run([berth, "destroy", *files, "--simulate", "--yes"], env)
    ledger = simulator.ledger()
    left = ledger["billedNow"] + ledger["clusters"]
    simulator.stop()
    if left:
        sys.exit(f"billed after all were taken away: {left}")
    return seconds * speed, mebibytes, calls, busy


def changes(operation):
    return not operation.startswith(("Describe", "Get", "List", "Search"))


def bucket(call):
    """What counts a call, and what it allows; nothing for clusters' own servers."""
    method = call["method"]
    if method.startswith("kube:"):
        return None
    if ":" not in method:
        is_compute = method.startswith("compute.")
        return ("compute", COMPUTE_CALLS) if is_compute else ("container", GKE_CALLS)
    service, operation = method.split(":", 1)
    region = call["resource"].split(" ")[0]
    if service == "ec2":
        return f"{region} ec2 {operation}", EC2_CHANGING if changes(operation) else EC2_READING
    # IAM is one for all regions.
    return ("iam" if service == "iam" else f"{region} {service}"), OURS


class Fill:
    """A bucket over time."""

    def __init__(self, allowed):
        self.allowed = allowed
        self.tokens = self.least = allowed[0]
        self.calls, self.last = [], None

    def take(self, at):
        size, regained, _ = self.allowed
        if self.last is not None:
            self.tokens = min(size, self.tokens + (at - self.last) * regained)
        self.last = at
        self.tokens -= 1
        self.least = min(self.least, self.tokens)
        self.calls.append(at)

    def most_in(self, seconds):
        most, first = 0, 0
        for last, at in enumerate(self.calls):
            while self.calls[first] <= at - seconds:
                first += 1
            most = max(most, last - first + 1)
        return most


def rates(calls):
    """Prints for each API the bucket that came nearest to its end."""
    fills = {}
    for call in sorted(calls, key=lambda call: call["at"]):
        found = bucket(call)
        if found:
            name, allowed = found
            fills.setdefault(name, Fill(allowed)).take(timestamp(call["at"]))
    groups = collections.defaultdict(list)
    for name, fill in fills.items():
        words = name.split(" ")
        kind = words[0] if len(words) == 1 else words[1]
        groups[kind, fill.allowed].append((fill.least / fill.allowed[0], name, fill))
    for (_, (size, regained, why)), all_of_them in sorted(groups.items()):
        _, name, fill = min(all_of_them, key=lambda one: one[:2])
        print(
            f"  {name:<34} {fill.most_in(1)} calls in the busiest second, {fill.most_in(60)} in the busiest minute;"
            f" {size} at once and {regained} a second allowed, {fill.least:.0f} left at the least ({why})"
        )
        if fill.least < 0:
            print("  ^ MORE THAN ALLOWED")


def main():
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(__doc__)
    berth = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    speed = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    with tempfile.TemporaryDirectory() as folder:
        paths = specs(folder, count)
        alone, _, _, _ = made(berth, fresh_env(folder, "alone"), paths[:1], speed)
        all_of_them, mebibytes, calls, busy = made(berth, fresh_env(folder, "fleet"), paths, speed)
        print(
            f"{count} clusters at once  {all_of_them:.0f} simulated s, one on EKS alone {alone:.0f}:"
            f" {all_of_them / alone:.2f} times (goal: 1.1); peak memory {mebibytes:.0f} MiB (goal: under 200)"
        )
        print(
            f"  at speed {speed}, berth took {busy[0]:.2f} of a processor, the simulated clouds {busy[1]:.2f};"
            f" {os.cpu_count()} are there, and others had {os.getloadavg()[0]:.1f} programs waiting for them"
        )
        rates(calls)


if __name__ == "__main__":
    main()
