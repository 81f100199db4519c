#!/usr/bin/env python3
"""Figures of berth: prints ratios, asserts nothing.

    cargo build --release && python3 benches/figures.py target/release/berth

Everything runs against the simulated clouds, in a state directory of its own.
Without gcloud, the comparisons with it are left out; without cargo, or with a berth that was not built here, the bill of a year.
"""

import datetime
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request

SPEC = "clusters/ai-dubbing-gke.yaml"
SPEC_EKS = "clusters/ai-dubbing-eks.yaml"
CLUSTER = "ai-dubbing-production"
REGION = "us-central1"
# Simulated seconds per second. Slow enough that the start of a program is little beside what it waits for.
SPEED = 20
# An EKS cluster takes many times the calls of one on GKE; the time of a call counts as often as the clock is faster.
SPEED_EKS = 10
# How long things take in the simulated clouds.
LIFECYCLE = "crates/berth-sim/src/lifecycle.rs"
# What berth-core's example cost_speed calls the figure that is told here.
BILL = "a bill over a year of hourly changes of 100 pools"

# The commands of the people berth is for, with today's spelling of GPU sharing.
GCLOUD_COMMANDS = [
    f"container clusters create {CLUSTER} --region {REGION} --enable-autoscaling --min-nodes 1 --max-nodes 10"
    " --machine-type n2-standard-4 --addons GcePersistentDiskCsiDriver",
    f"container node-pools create gpu-a100-pool --cluster {CLUSTER} --region {REGION} --machine-type a2-highgpu-1g"
    " --accelerator type=nvidia-tesla-a100,count=1,gpu-sharing-strategy=time-sharing,max-shared-clients-per-gpu=4"
    " --num-nodes 0 --enable-autoscaling --min-nodes 0 --max-nodes 4 --node-taints nvidia.com/gpu=true:NoSchedule"
    " --node-labels workload-type=ai-inference,gpu-type=a100,tier=premium"
    " --node-locations us-central1-a,us-central1-b,us-central1-c",
    f"container node-pools create gpu-v100-pool --cluster {CLUSTER} --region {REGION} --machine-type n1-standard-8"
    " --accelerator type=nvidia-tesla-v100,count=1,gpu-sharing-strategy=time-sharing,max-shared-clients-per-gpu=2"
    " --num-nodes 1 --enable-autoscaling --min-nodes 1 --max-nodes 8 --spot --node-taints nvidia.com/gpu=true:NoSchedule"
    " --node-labels workload-type=ai-inference,gpu-type=v100,tier=standard"
    " --node-locations us-central1-a,us-central1-c",
]


def run(command, env):
    """Runs a command; gives its seconds and its peak memory in MiB."""
    begin = time.monotonic()
    process = subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.monotonic() - begin
    if status != 0:
        sys.exit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}:\n{said.decode()}")
    return seconds, usage.ru_maxrss / 1024


def start_up(command, env, times):
    return statistics.median(run(command, env)[0] for _ in range(times))


class Simulator:
    """A served simulator with an empty world."""

    def __init__(self, berth, env, speed):
        self.process = subprocess.Popen(
            [berth, "sim", "serve", "--speed", str(speed)], env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        serving = os.path.join(env["BERTH_STATE_DIR"], "sim", "serving.json")
        for _ in range(500):
            try:
                with open(serving) as file:
                    self.endpoints = json.load(file)
                self.ask("/_sim/clock")
                return
            except (OSError, ValueError):
                time.sleep(0.02)
        sys.exit("the simulator does not answer")

    def ask(self, path):
        with urllib.request.urlopen(self.endpoints["base_url"] + path) as answer:
            return json.load(answer)

    def ledger(self):
        return self.ask("/_sim/ledger")

    def stop(self):
        self.process.terminate()
        self.process.wait()


def timestamp(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp()


def changes(call):
    verb = call["method"].split(":")[-1]
    return verb.startswith(("Create", "Set", "Update", "Delete", "Attach", "Allocate", "Associate", "Modify", "Tag", "Put"))


def usual(kind, condition, reached):
    """Seconds that a change of condition takes, as the simulator's own table says."""
    with open(LIFECYCLE, encoding="utf-8") as file:
        found = re.search(rf'row\("{kind}", "{condition}", "{reached}", ([0-9]+)\)', file.read())
    if found is None:
        sys.exit(f"{LIFECYCLE} has no row for {kind} from {condition} to {reached}")
    return int(found[1])


def last_gpu(cluster, nodes):
    """When the last of these nodes was last written, which its kubelet does when its GPUs become allocatable."""
    objects = [cluster["kube"]["objects"]["/nodes"][node] for node in nodes]
    beats = [condition["lastHeartbeatTime"] for node in objects for condition in node["status"]["conditions"]]
    return max(map(timestamp, beats))


def own_work_on_gke(state):
    """Seconds of the cloud's own work that a create on GKE has to wait for.

    One operation makes the cluster with its pools, and GPUs become allocatable some time after their nodes are Ready: from the
    operation's start to its end or to the last GPU, whichever comes later.
    """
    (cluster,) = state["clusters"].values()
    (made,) = [one for one in state["operations"].values() if one["kind"] == "CREATE_CLUSTER"]
    nodes = [node["name"] for pool in cluster["pools"] for node in pool["nodes"] if node["gpus"]]
    return max(timestamp(made["ended"]), last_gpu(cluster, nodes)) - timestamp(made["started"])


def own_work_on_eks(state):
    """Seconds of the cloud's own work that a create on EKS has to wait for: the sum along the longest chain of what cannot begin
    before the last has ended, each piece from the moment it was asked for until it was done.

    A control plane needs a role that can be assumed; node groups need the control plane, and a NAT gateway that is done long before
    it; GPUs are offered some time after their nodes are Ready; add-ons that need running nodes come last. The add-ons before the
    nodes hold nobody up. Whatever a client loses between two pieces is not in the sum.
    """
    (cluster,) = state["aws"]["clusters"].values()
    pieces = [usual("role", "requested", "assumable"), usual("eks-control-plane", "requested", "up")]
    groups = list(cluster["groups"].values())
    spans = []
    for group in groups:
        begun, ended = group["fields"]["createdAt"], timestamp(group["since"])
        nodes = [machine["node"] for machine in group["machines"] if machine["gpus"]]
        spans.append(max([ended, last_gpu(cluster, nodes)] if nodes else [ended]) - begun)
    pieces.append(max(spans))
    last = max(timestamp(group["since"]) for group in groups)
    if any(timestamp(addon["since"]) >= last for addon in cluster["addons"].values()):
        pieces.append(usual("addon", "requested", "active"))
    return sum(pieces)


def cluster_alone(folder, spec):
    """A spec without its workloads, which the clouds' own tools do not make either; gives its path."""
    with open(spec, encoding="utf-8") as file:
        lines = file.readlines()
    dropped = ("  workloads:", "  secrets:", "    - {name: models,")
    kept = [line for line in lines if not line.startswith(dropped)]
    if len(lines) - len(kept) != len(dropped):
        sys.exit(f"{spec} has other workloads and secrets than this script drops")
    path = os.path.join(folder, os.path.basename(spec))
    with open(path, "w", encoding="utf-8") as file:
        file.write("".join(kept).replace("../", os.getcwd() + "/"))
    return path


def many_pools(folder, count):
    """A spec with so many pools of GPUs; gives its path."""
    pools = [
        f"    - {{name: pool-{number}, machineType: n1-standard-8, gpu: {{type: v100, count: 1, sharing: {{shares: 4}}}},"
        " capacity: spot, nodes: {min: 0, max: 5}}\n"
        for number in range(count - 1)
    ]
    head = "apiVersion: berth/v1\nkind: Cluster\nmetadata: {name: many}\nspec:\n  provider: gke\n  region: us-central1\n"
    system = "  nodePools:\n    - {name: system, machineType: e2-standard-4, nodes: {min: 1, max: 3}}\n"
    path = os.path.join(folder, "many.yaml")
    with open(path, "w", encoding="utf-8") as file:
        file.write(head + system + "".join(pools))
    return path


def year_of_bill(berth):
    """Milliseconds of a bill over a year; none where nothing can be built beside this berth."""
    target = os.path.dirname(os.path.dirname(berth))
    if shutil.which("cargo") is None or not os.path.exists(os.path.join(target, "CACHEDIR.TAG")):
        return None
    # berth is named too, so that its crates keep the features it was built with and are not all built again.
    build = ["cargo", "build", "--release", "--quiet", "--locked", "--target-dir", target]
    run([*build, "--package", "berth", "--package", "berth-core", "--example", "cost_speed"], os.environ)
    example = os.path.join(target, "release", "examples", "cost_speed")
    said = subprocess.run([example], stdout=subprocess.PIPE, check=True).stdout
    figures = [json.loads(line) for line in said.splitlines()]
    (milliseconds,) = [figure["ms"] for figure in figures if figure["figure"].startswith(BILL)]
    return milliseconds


def measure_berth(berth, env, spec, speed, own_work):
    simulator = Simulator(berth, env, speed)
    seconds, mebibytes = run([berth, "create", "-f", spec, "--simulate", "--yes"], env)
    state, calls = simulator.ask("/_sim/state"), simulator.ledger()["calls"]
    simulator.stop()
    critical = own_work(state) / speed
    return {"seconds": seconds, "mebibytes": mebibytes, "calls": calls, "speed": speed, "critical": critical}


def measure_gcloud(berth, env):
    simulator = Simulator(berth, env, SPEED)
    settings = subprocess.run([berth, "sim", "env", "--output", "json"], env=env, stdout=subprocess.PIPE, check=True).stdout
    gcloud_env = env | json.loads(settings) | {"CLOUDSDK_CORE_DISABLE_PROMPTS": "1", "CLOUDSDK_CONFIG": env["HOME"] + "/gcloud"}
    seconds = sum(run(["gcloud", *command.split()], gcloud_env)[0] for command in GCLOUD_COMMANDS)
    calls = len(simulator.ledger()["calls"])
    # The longest time from Ready nodes to GPUs; none of these commands waits for it.
    time.sleep(120 / SPEED)
    state = simulator.ask("/_sim/state")
    simulator.stop()
    made = [one for one in state["operations"].values() if one["kind"] in ("CREATE_CLUSTER", "CREATE_NODE_POOL")]
    last_end = max(timestamp(one["ended"]) for one in made)
    chain = sum(timestamp(one["ended"]) - timestamp(one["started"]) for one in made)
    (cluster,) = state["clusters"].values()
    done = last_gpu(cluster, [node["name"] for pool in cluster["pools"] for node in pool["nodes"] if node["gpus"]])
    # One command after the other, by a client that loses no time, until the last GPU is allocatable.
    return {"seconds": seconds, "calls": calls, "critical": (chain + max(0.0, done - last_end)) / SPEED}


def fresh_env(folder, name):
    home = os.path.join(folder, name)
    os.makedirs(home)
    return {"PATH": os.environ["PATH"], "HOME": home, "BERTH_STATE_DIR": os.path.join(home, "state"), "LANG": "C.UTF-8"}


def tell(cloud, made, most_mebibytes):
    changing = [call for call in made["calls"] if changes(call)]
    print(f"{cloud} API calls       {len(made['calls'])} by create, of which {len(changing)} change something")
    print(f"{cloud} peak memory     {made['mebibytes']:.1f} MiB (goal: under {most_mebibytes})")
    print(
        f"{cloud} create          {made['seconds']:.1f} s at speed {made['speed']}, cloud's own work {made['critical']:.1f} s:"
        f" {made['seconds'] / made['critical']:.3f} times (goal: 1.05)",
        flush=True,
    )


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    berth = os.path.abspath(sys.argv[1])
    has_gcloud = shutil.which("gcloud") is not None
    with tempfile.TemporaryDirectory() as folder:
        env = fresh_env(folder, "start")
        own = start_up([berth, "--version"], env, 30)
        line = f"start-up            berth --version {own * 1000:.1f} ms"
        if has_gcloud:
            run(["gcloud", "--version"], env)
            other = start_up(["gcloud", "--version"], env, 5)
            line += f", gcloud --version {other * 1000:.0f} ms: {other / own:.0f} times faster (goal: 50, under 15 ms)"
        print(line, flush=True)

        priced = start_up([berth, "cost", "-f", many_pools(folder, 200), "--output", "json"], env, 30)
        print(
            f"estimate            200 pools {(priced - own) * 1000:.1f} ms over start-up, {priced * 1000:.1f} ms with it"
            " (goal: under 20 ms)",
            flush=True,
        )

        billed = year_of_bill(berth)
        told = "left out: it takes cargo and a berth built here" if billed is None else f"{billed:.0f} ms (goal: under 1000)"
        print(f"bill                a year of hourly changes of 100 pools {told}", flush=True)

        made = measure_berth(berth, fresh_env(folder, "berth"), cluster_alone(folder, SPEC), SPEED, own_work_on_gke)
        tell("GKE", made, 60)
        on_eks = measure_berth(berth, fresh_env(folder, "eks"), cluster_alone(folder, SPEC_EKS), SPEED_EKS, own_work_on_eks)
        tell("EKS", on_eks, 80)
        if has_gcloud:
            theirs = measure_gcloud(berth, fresh_env(folder, "gcloud"))
            starts = len(GCLOUD_COMMANDS) * other
            print(
                f"against gcloud      {theirs['seconds']:.1f} s by {len(GCLOUD_COMMANDS)} commands with {theirs['calls']} API calls,"
                f" which do not wait for the GPUs: berth takes {made['seconds'] / theirs['seconds']:.2f} of it,"
                f" {made['seconds'] / (theirs['seconds'] - starts):.2f} without gcloud's start-up (goal: 0.5)"
            )
            print(
                f"                    without any client's own time, until the last GPU is allocatable: {made['critical']:.1f} s"
                f" against {theirs['critical']:.1f} s, {made['critical'] / theirs['critical']:.2f} of it",
                flush=True,
            )


if __name__ == "__main__":
    main()
