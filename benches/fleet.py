#!/usr/bin/env python3
"""Figures of many clusters made by one run: prints ratios, asserts nothing.

    cargo build --release && python3 benches/fleet.py target/release/berth [CLUSTERS] [SPEED]

Half of the clusters are on GKE, half on EKS; what they are compared with is one on EKS, the slowest, made alone. The speed is that
of the simulated clouds; a high one makes the simulator, which is one process, the limit.
"""

import collections
import os
import sys
import tempfile

from figures import Simulator, fresh_env, run, timestamp

# Seconds over which calls to one API are counted.
WINDOW = 10

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


def made(berth, env, paths, speed):
    """Makes these clusters at once; gives simulated seconds, MiB at most, and the calls."""
    simulator = Simulator(berth, env, speed)
    files = [word for path in paths for word in ("-f", path)]
    more = ["--simulate", "--yes", "--skip-preflight"]
    seconds, mebibytes = run([berth, "create", *files, *more], env)
    calls = simulator.ledger()["calls"]
    run([berth, "destroy", *files, "--simulate", "--yes"], env)
    left = simulator.ledger()["billedNow"]
    simulator.stop()
    if left:
        sys.exit(f"billed after all were taken away: {left}")
    return seconds * speed, mebibytes, calls


def api(call):
    """The API a call goes to: AWS's services by their name, Google's are one."""
    return call["method"].split(":")[0] if ":" in call["method"] else "google"


def main():
    if len(sys.argv) not in (2, 3, 4):
        sys.exit(__doc__)
    berth = os.path.abspath(sys.argv[1])
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 50
    speed = int(sys.argv[3]) if len(sys.argv) > 3 else 10
    with tempfile.TemporaryDirectory() as folder:
        paths = specs(folder, count)
        alone, _, _ = made(berth, fresh_env(folder, "alone"), paths[:1], speed)
        all_of_them, mebibytes, calls = made(berth, fresh_env(folder, "fleet"), paths, speed)
        print(
            f"{count} clusters at once  {all_of_them:.0f} simulated s, one on EKS alone {alone:.0f}:"
            f" {all_of_them / alone:.2f} times (goal: 1.1); peak memory {mebibytes:.0f} MiB (goal: under 200)"
        )
        windows = collections.Counter((api(call), timestamp(call["at"]) // WINDOW) for call in calls)
        for name in sorted({name for name, _ in windows}):
            most = max(number for (own, _), number in windows.items() if own == name)
            print(f"  {name:<22} {most / WINDOW:.1f} calls a second at most, over {WINDOW} s")


if __name__ == "__main__":
    main()
