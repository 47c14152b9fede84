"""Two builds of steer, measured in turns: whether a change made anything slower.

Usage: two_builds.py BEFORE/bench/steer_bench AFTER/bench/steer_bench [ROW...]
"""

import statistics
import sys

import rows
import side

SHARE = 0.03  # slower by more than this is said
ROUNDS = 41


def paired(sides, budget):
    """The median over rounds of after's time by before's, taken in one round one after the other."""
    warm = {name: each.warm() for name, each in sides.items()}
    times = max(1, min(100, int(0.2 / min(warm.values()))))
    rounds = max(5, min(ROUNDS, int(budget / (times * sum(warm.values())))))
    ratios = []
    for turn in range(rounds):
        took = {}
        for name in ("before", "after") if turn % 2 else ("after", "before"):
            took[name] = statistics.median(sides[name].run(times))
        ratios.append(took["after"] / took["before"])
    return statistics.median(ratios)


def main():
    if len(sys.argv) < 3:
        sys.exit(__doc__)
    before, after, *wanted = sys.argv[1:]
    slower = 0
    print("| work | before | after | after / before |\n|---|---|---|---|")
    for row in rows.ROWS:
        if wanted and row["name"] not in wanted:
            continue
        sides = {name: side.steer(row["work"], row["options"], program=path) for name, path in (("before", before), ("after", after))}
        ratio = paired(sides, row.get("budget", 20) / 2)
        slower += ratio > 1 + SHARE
        print(f"| {row['name']} | {sides['before'].median():.4g} s | {sides['after'].median():.4g} s | {ratio:.3f} |", flush=True)
        for each in sides.values():
            each.close()
    print(f"{slower} rows slower by more than {SHARE:.0%}", file=sys.stderr)
    sys.exit(1 if slower else 0)


if __name__ == "__main__":
    main()
