"""One side of a measurement as a process: asked by lines, answers by lines."""

import functools
import json
import os
import pathlib
import statistics
import subprocess
import sys

BENCH = pathlib.Path(__file__).parent
BUILD = BENCH.parent / "build"
STEER = BUILD / "bench/steer_bench"
# steer_bench of a build with another libtorch, which is measured beside; None without one.
BESIDE = os.environ.get("STEER_BENCH_BESIDE")
# What PyTorch runs faster with on this kind of machine: wide vectors, freed memory kept, large pages.
TUNED = {
    "ATEN_CPU_CAPABILITY": "avx512",
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1:glibc.malloc.mmap_threshold=1073741824"
    ":glibc.malloc.trim_threshold=2147483647:glibc.malloc.top_pad=67108864",
}


@functools.cache
def python_of_build():
    """The Python whose torch is the libtorch that steer was built with."""
    cache = (BUILD / "CMakeCache.txt").read_text()
    library = next(line.split("=", 1)[1].rsplit(" ", 1)[0] for line in cache.splitlines() if line.startswith("STEER_TORCH_CHECKED:"))
    debian = library.startswith("/usr/lib/")
    for python in ["/usr/bin/python3"] if debian else ["python3", str(BENCH.parent / ".venv/bin/python")]:
        found = subprocess.run([python, BENCH.parent / "tools/torch_prefix.py"], stdout=subprocess.PIPE, text=True)
        if debian or found.stdout.strip() + "/lib" == library:
            return python
    sys.exit(f"bench: expected a Python that imports the torch in {library} but found none")


class Side:
    def __init__(self, command, env=None, optional=False):
        self.optional = optional  # whether it may end without an answer, as compilers do at times
        base = {k: v for k, v in os.environ.items() if not k.startswith(("OMP_", "ATEN_", "GLIBC_", "MALLOC_"))}
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env={**base, **(env or {})}
        )
        self.ready = self.answer()
        self.seconds, self.memory = [], 0

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            if self.optional:
                return None
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


def steer(work, options, problem=None, program=STEER):
    return Side([program, work, json.dumps(options)] + ([problem] if problem else []))


def torch(work, options, problem, env=None, optional=False):
    return Side([python_of_build(), BENCH / "peer/side.py", work, json.dumps(options), problem], env, optional)
