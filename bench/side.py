"""One side of a measurement as a process: asked by lines, answers by lines."""

import json
import os
import pathlib
import statistics
import subprocess
import sys

BENCH = pathlib.Path(__file__).parent
STEER = BENCH.parent / "build/bench/steer_bench"
# What PyTorch runs faster with on this kind of machine: wide vectors, freed memory kept, large pages.
TUNED = {
    "ATEN_CPU_CAPABILITY": "avx512",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=1073741824"
    ":glibc.malloc.trim_threshold=2147483647:glibc.malloc.top_pad=67108864",
}


class Side:
    def __init__(self, command, env=None):
        base = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "ATEN_", "GLIBC_", "MALLOC_"))}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**base, **(env or {})}
        )
        self.ready = self.answer()
        self.seconds, self.memory = [], 0

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            sys.exit(f"bench: {' '.join(map(str, self.process.args))[:300]}: ended without an answer")
        return json.loads(line)

    def ask(self, line):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.answer()

    def warm(self):
        """The first run, not counted."""
        return self.ask("run 1")["seconds"][0]

    def run(self, times=1):
        told = self.ask(f"run {times}")
        self.seconds += told["seconds"]
        self.memory = told["memory"]
        return told["seconds"]

    def median(self):
        return statistics.median(self.seconds)

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def steer(work, options, problem=None):
    return Side([STEER, work, json.dumps(options)] + ([problem] if problem else []))


def torch(work, options, problem, env=None):
    return Side(["/usr/bin/python3", BENCH / "peer/side.py", work, json.dumps(options), problem], env)
