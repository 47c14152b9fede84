"""The PyTorch side of a measurement: side.py WORK OPTIONS_JSON PROBLEM_FILE.

Reads a problem that steer_bench wrote. With the option "check" it does the same work in float32 and tells how
far its answers are from steer's; else it answers the lines that steer_bench answers.
"""

import contextlib
import importlib
import json
import sys
import time

import torch

import safetensors


def status(name):
    """A figure of /proc/self/status in bytes."""
    with open("/proc/self/status") as file:
        for line in file:
            if line.startswith(name + ":"):
                return 1024 * float(line.split()[1])


def apart(expected, answers):
    """How far answers are from those expected, by the first word of their names: |a - b| / |a| over all of them.
    An answer that is a number says itself how far it is."""
    sums = {}
    for name, a in expected.items():
        b = answers[name].reshape(a.shape)
        difference, size = sums.get(name.split(".")[0], (0.0, 0.0))
        difference += (a.double() - b.double()).square().sum().item()
        size += a.double().square().sum().item()
        sums[name.split(".")[0]] = (difference, size)
    sums.update({name: (value**2, 1) for name, value in answers.items() if isinstance(value, float)})
    return {name: (difference / max(size, 1e-30)) ** 0.5 for name, (difference, size) in sums.items()}


def compile_parts(work):
    """torch.compile of the parts between choices, which is where a compiler finds something to fuse."""
    torch._dynamo.config.recompile_limit = 256
    network = work.network
    for part in network.parts() if hasattr(network, "parts") else [network]:
        part.compile(dynamic=False)


def main():
    name, options = sys.argv[1], json.loads(sys.argv[2])
    torch.set_num_threads(options.get("threads", 0) or torch.multiprocessing.cpu_count())
    torch.set_flush_denormal(True)
    problem = safetensors.read(sys.argv[3]) if len(sys.argv) > 3 else {}
    work = importlib.import_module(name).Work(options, problem)
    expected = {name[len("answer.") :]: value for name, value in problem.items() if name.startswith("answer.")}
    if options.get("check"):
        print(json.dumps({"apart": apart(expected, work.answers())}), flush=True)
        return
    expected.clear()
    problem.clear()
    bfloat16 = options.get("precision") == "bfloat16"
    work.prepare(options.get("channels_last", False), bfloat16)
    if options.get("compile"):
        work.compile() if hasattr(work, "compile") else compile_parts(work)
    print(json.dumps({"ready": True, "items": work.items}), flush=True)
    held = 0
    for line in sys.stdin:
        word, *times = line.split()
        assert word == "run", line
        if not held:
            with open("/proc/self/clear_refs", "w") as file:
                file.write("5")
            held = status("VmRSS")
        seconds = []
        for _ in range(int(times[0])):
            precision = torch.autocast("cpu", dtype=torch.bfloat16) if bfloat16 else contextlib.nullcontext()
            start = time.perf_counter()
            with precision:
                work.run()
            seconds.append(time.perf_counter() - start)
        print(json.dumps({"seconds": seconds, "memory": status("VmHWM") - held}), flush=True)


main()
