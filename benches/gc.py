#!/usr/bin/env python3
"""What `berth gc` needs for the leftovers of many clusters: prints ratios, asserts nothing.

    cargo build --release && python3 benches/gc.py target/release/berth

The leftovers are planted in the simulated clouds: on Google Cloud of 500 clusters whose leases are over. Things of AWS
cannot be planted, so there only the cost of finding nothing is told. A look is to grow with pages, not with objects.
"""

import json
import math
import os
import sys
import tempfile
import urllib.request

from figures import Simulator, run

# Simulated seconds per second. With more, what a program needs by itself would count as minutes of waiting.
SPEED = 60
PAGE = 500
SIZES = (10, 100, 500)
# Of how many clusters the leftovers are taken away, too.
SWEPT = 50
PROJECT = "projects/berth-sim"
# What is planted of each cluster: where, in which collection, with which fields.
KINDS = (
    ("zones/us-central1-a", "disks", {"sizeGb": "100"}),
    ("zones/us-central1-b", "disks", {"sizeGb": "10"}),
    ("regions/us-central1", "addresses", {"address": "203.0.113.9"}),
    ("regions/us-central1", "forwardingRules", {}),
)
# Lists of one look: those of the finder's collections and that of clusters.
LISTS = 15


def fresh_env(folder, name):
    path = os.path.join(folder, name)
    os.makedirs(path)
    return {**os.environ, "BERTH_STATE_DIR": path, "KUBECONFIG": os.path.join(path, "kubeconfig")}


def leftovers(number):
    """What one cluster has left, its lease long over."""
    cluster = f"ci-{number}"
    labels = {
        "managed-by": "berth",
        "berth-cluster": cluster,
        "berth-lease": f"pr-{number}",
        "berth-owner": "acme-app",
        "berth-expires": "2020-01-01t00-00-00z",
    }
    for place, collection, fields in KINDS:
        name = f"{cluster}-{place.rsplit('-', 1)[-1]}"
        yield {
            "id": f"{PROJECT}/{place}/{collection}/{name}",
            "fields": {"name": name, "labels": labels, **fields},
            "made": "2020-01-01T00:00:00Z",
        }


def plant(simulator, clusters):
    things = [thing for number in range(clusters) for thing in leftovers(number)]
    url = simulator.endpoints["base_url"] + "/_sim/plant"
    request = urllib.request.Request(url, json.dumps(things).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request):
        return len(things)


def pages(clusters):
    """Pages of one look: every list has one at least."""
    by_collection = {}
    for _, collection, _ in KINDS:
        by_collection[collection] = by_collection.get(collection, 0) + clusters
    more = sum(math.ceil(number / PAGE) - 1 for number in by_collection.values())
    return LISTS + more


def calls(simulator):
    return sum(simulator.ledger()["counts"].values())


def measured(berth, env, simulator, command):
    """Runs gc, which ends with 5 while something is to be taken away; gives seconds, MiB and calls."""
    before = calls(simulator)
    seconds, memory = run(["sh", "-c", '"$@"; test $? -eq 0 -o $? -eq 5', "sh", berth, *command], env)
    return seconds, memory, calls(simulator) - before


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    berth = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        first = None
        for clusters in SIZES:
            env = fresh_env(folder, f"gke-{clusters}")
            simulator = Simulator(berth, env, SPEED)
            things = plant(simulator, clusters)
            look = ["gc", "--simulate", "--provider", "gke", "--output", "json"]
            seconds, memory, made = measured(berth, env, simulator, look)
            simulator.stop()
            first = first or (seconds, memory, made, things)
            print(
                f"gc report, GKE      {clusters} clusters, {things} things: {seconds:.2f} s, {memory:.0f} MiB, {made} calls:"
                f" {made / pages(clusters):.2f} for each page, {made / things:.3f} for each thing; against {first[3]} things"
                f" {things / first[3]:.0f} times the things, {made / first[2]:.2f} times the calls,"
                f" {seconds / first[0]:.1f} times the time, {memory / first[1]:.2f} times the memory",
                flush=True,
            )
        env = fresh_env(folder, "swept")
        simulator = Simulator(berth, env, SPEED)
        things = plant(simulator, SWEPT)
        sweep = ["gc", "--yes", "--simulate", "--provider", "gke", "--output", "json", "--at-once", "16"]
        seconds, memory, made = measured(berth, env, simulator, sweep)
        left = len(simulator.ask("/_sim/leftovers"))
        simulator.stop()
        print(
            f"gc --yes, GKE       {SWEPT} clusters, {things} things: {seconds:.2f} s, {memory:.0f} MiB, {made} calls,"
            f" {made / things:.1f} for each thing; {left} left",
            flush=True,
        )
        env = fresh_env(folder, "eks")
        simulator = Simulator(berth, env, SPEED)
        seconds, memory, made = measured(berth, env, simulator, ["gc", "--simulate", "--provider", "eks", "--output", "json"])
        simulator.stop()
        print(f"gc report, EKS      nothing there: {seconds:.2f} s, {memory:.0f} MiB, {made} calls", flush=True)


if __name__ == "__main__":
    main()
