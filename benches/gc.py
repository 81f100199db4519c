#!/usr/bin/env python3
"""What `berth gc` needs for the leftovers of many clusters: prints ratios, asserts nothing.

    cargo build --release && python3 benches/gc.py target/release/berth

The leftovers are those of 500 clusters whose leases are over: on Google Cloud planted in the simulated clouds, on AWS made by AWS's
own calls with the tags that berth gives. A look is to grow with pages, not with objects.
"""

import hashlib
import http.client
import json
import math
import os
import subprocess
import sys
import tempfile
import urllib.parse
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
REGION = "us-east-1"
ROLE_POLICY = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "eks.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def fresh_env(folder, name):
    path = os.path.join(folder, name)
    os.makedirs(path)
    return {**os.environ, "BERTH_STATE_DIR": path, "KUBECONFIG": os.path.join(path, "kubeconfig")}


def marks(number):
    """Labels or tags of a cluster whose lease is long over."""
    return {
        "managed-by": "berth",
        "berth-cluster": f"ci-{number}",
        "berth-lease": f"pr-{number}",
        "berth-owner": "acme-app",
        "berth-expires": "2020-01-01t00-00-00z",
    }


def leftovers(number):
    """What one cluster has left."""
    cluster, labels = f"ci-{number}", marks(number)
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


class Aws:
    """Calls to the simulated AWS, which knows its callers by the key they sign with and does not reckon the signature."""

    def __init__(self, berth, env, simulator):
        said = subprocess.run([berth, "sim", "env", "--output", "json"], env=env, stdout=subprocess.PIPE, check=True).stdout
        self.key = json.loads(said)["AWS_ACCESS_KEY_ID"]
        self.connection = http.client.HTTPConnection(simulator.endpoints["base_url"].split("//")[1])

    def send(self, service, body, headers):
        scope = f"{self.key}/20260101/{REGION}/{service}/aws4_request"
        signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00"}
        self.connection.request("POST", "/", body, {**headers, **signed})
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if answer.status != 200:
            sys.exit(f"{service} refuses: {text}")

    def query(self, service, version, action, **parameters):
        body = urllib.parse.urlencode({"Action": action, "Version": version, **parameters})
        self.send(service, body, {"Content-Type": "application/x-www-form-urlencoded"})

    def ec2(self, action, kind, tags, **parameters):
        front = "TagSpecification.1"
        named = {f"{front}.ResourceType": kind}
        for index, (key, value) in enumerate(tags.items(), 1):
            named |= {f"{front}.Tag.{index}.Key": key, f"{front}.Tag.{index}.Value": value}
        self.query("ec2", "2016-11-15", action, **named, **parameters)

    def leave(self, number):
        """Makes what one cluster has left; gives how many things."""
        cluster, tags = f"ci-{number}", marks(number)
        self.ec2("CreateVolume", "volume", tags, AvailabilityZone=REGION + "a", Size="10", VolumeType="gp3")
        template = {"LaunchTemplateName": f"berth-{cluster}-pool", "LaunchTemplateData.InstanceType": "m5.large"}
        self.ec2("CreateLaunchTemplate", "launch-template", tags, **template)
        group = json.dumps({"logGroupName": f"/aws/eks/{cluster}/cluster", "tags": tags})
        headers = {"Content-Type": "application/x-amz-json-1.1", "X-Amz-Target": "Logs_20140328.CreateLogGroup"}
        self.send("logs", group, headers)
        digest = hashlib.sha256()
        for part in (REGION, cluster):
            digest.update(len(part).to_bytes(8, "big") + part.encode())
        role = {"RoleName": f"berth-{cluster}-cluster-{digest.hexdigest()[:8]}", "AssumeRolePolicyDocument": json.dumps(ROLE_POLICY)}
        for index, (key, value) in enumerate({**tags, "berth-region": REGION}.items(), 1):
            role |= {f"Tags.member.{index}.Key": key, f"Tags.member.{index}.Value": value}
        self.query("iam", "2010-05-08", "CreateRole", **role)
        return 4


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
        on_eks(berth, folder)


def on_eks(berth, folder):
    """The same on AWS, in one region: a gc of all of them looks at each in this way."""
    first = None
    look = ["gc", "--simulate", "--provider", "eks", "--region", REGION, "--output", "json"]
    for clusters in (0, *SIZES):
        env = fresh_env(folder, f"eks-{clusters}")
        simulator = Simulator(berth, env, SPEED)
        aws = Aws(berth, env, simulator)
        things = sum(aws.leave(number) for number in range(clusters))
        seconds, memory, made = measured(berth, env, simulator, look)
        text = f"gc report, EKS      {clusters} clusters, {things} things: {seconds:.2f} s, {memory:.0f} MiB, {made} calls"
        if things:
            first = first or (seconds, memory, made, things)
            text += (
                f", {made / things:.3f} for each thing; against {first[3]} things {things / first[3]:.0f} times the things,"
                f" {made / first[2]:.2f} times the calls, {seconds / first[0]:.1f} times the time,"
                f" {memory / first[1]:.2f} times the memory"
            )
        print(text, flush=True)
        if clusters == SWEPT or clusters == SIZES[0]:
            sweep = ["gc", "--yes", "--with-volumes", *look[1:], "--at-once", "16"]
            seconds, memory, made = measured(berth, env, simulator, sweep)
            left = len(simulator.ask("/_sim/leftovers"))
            print(
                f"gc --yes, EKS       {clusters} clusters, {things} things: {seconds:.2f} s, {memory:.0f} MiB, {made} calls,"
                f" {made / things:.1f} for each thing; {left} left",
                flush=True,
            )
        simulator.stop()


if __name__ == "__main__":
    main()
