"""What the Python module costs beyond the library: python_door.py, run by a Python that has steer installed.

Import beyond torch's own, a call of an objective that is a Python function beyond that function, and samples beyond
their drawing, medians of many.
"""

import statistics
import subprocess
import sys
import time

import steer
import torch


def seconds(work, times):
    found = []
    for _ in range(times):
        start = time.perf_counter()
        work()
        found.append(time.perf_counter() - start)
    return statistics.median(found)


def imported(what):
    return seconds(lambda: subprocess.run([sys.executable, "-c", what], check=True), 7)


def beyond_drawing(model, count, times):
    found = []
    for seed in range(times):
        start = time.perf_counter()
        samples = model.sample(count, seed=seed, watch=False)
        found.append(time.perf_counter() - start - samples.seconds)
    return statistics.median(found)


def main():
    print(f"import beyond torch's: {imported('import torch, steer') - imported('import torch'):.3f} s")
    x, function = torch.zeros(1, 1, 8, 8), lambda x: x[:, 0, 0, 0]
    objective = steer.score(function)
    objective(x)
    print(f"an objective beyond its function: {1e6 * (seconds(lambda: objective(x), 5000) - seconds(lambda: function(x), 5000)):.1f} us")
    model = steer.load("mnist_tree_ddn")
    for count, times in ((1, 500), (64, 50)):
        print(f"sample({count}) beyond its drawing: {1e6 * beyond_drawing(model, count, times):.0f} us")


if __name__ == "__main__":
    main()
