"""Compares steer with the diffusers library and prints Markdown; leaves with 1 where something does not hold.

Usage: against_diffusers.py BUILD (tests/parity/diffusers.sh calls it)
"""
import logging
import sys
import warnings

import diffusers
import torch

import folders
import networks
import samplers
from steer_side import Steer

NETWORK_LIMIT = 1e-4  # of the largest answer
WAY_LIMIT = 3e-4      # of the largest sample, or of 1


class Report:
    """What was printed, and what did not hold."""

    def __init__(self):
        self.failed = []

    def title(self, text, *columns):
        print(f"\n### {text}\n")
        if columns:
            print("| " + " | ".join(columns) + " |\n|" + "---|" * len(columns))

    def row(self, holds, *cells):
        print("| " + " | ".join(str(cell).replace("|", "/") for cell in cells) + " |", flush=True)
        if not holds:
            self.failed.append(cells[0])


def compare_networks(steer, report):
    report.title("Networks", "network", "largest difference", "largest answer")
    worst = 0
    for seed in range(networks.COUNT):
        what, difference, size = networks.compared(steer, seed)
        worst = max(worst, difference / size)
        report.row(difference <= NETWORK_LIMIT * size, f"{seed}: {what}", f"{difference:.1e}", f"{size:.2f}")
    print(f"\nLargest difference of {networks.COUNT} networks, as a part of the largest answer: {worst:.1e}")
    report.title("Networks that are refused", "what", "what steer says", "names it")
    for what, said, named in networks.refusals(steer):
        report.row(named, what, said, "yes" if named else "NO")


def compare_samplers(steer, report):
    report.title("Samplers", "scheduler", "steer", "steps", "largest difference on the way", "at its end",
                 "largest sample", "difference as a part of it")
    for row in samplers.ROWS:
        way, end, size = samplers.compared(steer, row)
        words = " ".join([row.sampler[0]["name"], (row.sampler[1] or {"type": "(levels given)"})["type"]])
        part = way / max(1, size)
        report.row(part <= WAY_LIMIT, row.what, words, row.steps, f"{way:.1e}", f"{end:.1e}", f"{size:.2f}",
                   f"{part:.1e}")
    report.title("Samplers that go different ways", "scheduler", "difference as a part of the largest sample", "why")
    for row, why in samplers.DIFFERENT:
        way, _, size = samplers.compared(steer, row)
        part = way / max(1, size)
        report.row(part > WAY_LIMIT, row.what, f"{part:.1e}", why)


def compare_files(steer, report):
    report.title("Defaults of the schedulers", "scheduler", "fields", "differ")
    for name, looked, wrong in folders.wrong_defaults(steer):
        report.row(not wrong, name, looked, "; ".join(wrong) or "none")
    report.title("Files as the library writes them", "scheduler", "steer", "as expected")
    for name, done, right in folders.read_or_refused(steer):
        report.row(right, name, done, "yes" if right else "NO")
    report.title("There and back", "claim", "holds")
    for claim, holds in folders.there_and_back(steer):
        report.row(holds, claim, "yes" if holds else "NO")


def main():
    warnings.filterwarnings("ignore")
    diffusers.utils.logging.set_verbosity(logging.ERROR)
    diffusers.utils.logging.disable_progress_bar()
    torch.set_num_threads(1)
    steer, report = Steer(sys.argv[1]), Report()
    print(f"diffusers {diffusers.__version__}, PyTorch {torch.__version__}")
    compare_files(steer, report)
    compare_networks(steer, report)
    compare_samplers(steer, report)
    for what in report.failed:
        print(f"does not hold: {what}", file=sys.stderr)
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
