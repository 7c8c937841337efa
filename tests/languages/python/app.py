"""A test component: does what its parameter `mode` says, to show what becomes of it."""

import json
import os
import random
import sys
import time

from componentize_py_types import Err
from wit_world import exports
from wit_world.exports import definition, job


class Definition(exports.Definition):
    def describe(self):
        return definition.Metadata(
            "python_probe", "1.0.0", "Probe", "", "", "Tests", [], [], definition.OnLost.RETRY, None, None
        )

    def schema(self):
        return json.dumps({"type": "object"})

    def validate(self, parameters):
        return None


def answer(details):
    return job.Outcome("done", json.dumps(details), 0, 0, [], [], None)


def attempt(call):
    try:
        return {"got": repr(call())}
    except BaseException as error:
        return {"refused": f"{type(error).__name__}: {error}"}


def inert():
    return answer({
        "environment": dict(os.environ),
        "arguments": sys.argv[1:],
        "year": time.gmtime().tm_year,
        "random": [random.random(), os.urandom(8).hex()],
        "attempts": {
            "read": attempt(lambda: open("/etc/passwd").read()),
            "escape": attempt(lambda: open("../../../../etc/passwd").read()),
            "write": attempt(lambda: open("/tmp/sandglass-python-probe", "w").write("x")),
            "list": attempt(lambda: os.listdir("/proc")),
            "remove": attempt(lambda: os.remove("/etc/passwd")),
            "process": attempt(lambda: os.system("true")),
        },
    })


def throw():
    raise ValueError("the words of the exception")


def recurse(depth=0):
    return recurse(depth + 1) + 1


def endless():
    while True:
        pass


def memory():
    kept = []
    while True:
        kept.append(bytes([len(kept) % 251]) * (1 << 20))


def sleep():
    time.sleep(600)


def output():
    print("a line")
    print("half a ", end="", flush=True)
    print("line")
    print("to the errors", file=sys.stderr)
    print("\x1b[31mred", end="", flush=True)
    return answer({})


def flood():
    for number in range(30_000):
        print("a line of forty characters or so, number", number)
    return answer({})


class Job(exports.Job):
    def execute(self, parameters):
        return globals()[json.loads(parameters)["mode"]]()
