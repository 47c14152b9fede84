"""Objectives steering models of text: token_guidance.py JUDGE NAME=RUN ... [--steer PROGRAM] [-n N]

For each model and method: how many samples do what was asked, by a check of this file that knows nothing of the
objective's score, beside bits a character under the judge (an ar model), the entropy of characters within a text
and the network evaluations of a sample. Rows are kept in OUT/rows.jsonl, so that a stopped run goes on;
OUT/table.md has the table, which is printed too.
"""

import argparse
import collections
import glob
import json
import math
import os
import re
import shutil
import subprocess
import sys


# More words that one book has ten times as often as the other than 19 of 20 texts of the other have.
RARE = 10


def words_of(text):
    return re.findall("[a-z]+", text.lower())


def typical_of(book, other, length):
    """A check of ngram: whether a text has more words that are typical of the book than windows of the other."""
    texts = [open(path, encoding="utf-8", errors="replace").read() for path in (book, other)]
    counts = [collections.Counter(words_of(text)) for text in texts]
    sums = [sum(count.values()) for count in counts]
    typical = {
        word
        for word, n in counts[0].items()
        if n >= 20 and n / sums[0] >= RARE * max(counts[1][word], 0.5) / sums[1]
    }
    share = lambda text: sum(word in typical for word in words_of(text)) / max(1, len(words_of(text)))
    windows = sorted(share(texts[1][at : at + length]) for at in range(0, len(texts[1]) - length, length))
    bound = windows[int(0.95 * len(windows))]
    return lambda text: share(text) > bound


def share_of_upper(text):
    return sum(letter.isascii() and letter.isupper() for letter in text) / len(text)


INFILL = "ROMEO:\\n[60]love[60]death[60]"


def fits(text):
    template = INFILL.replace("\\n", "\n")
    at = 0
    while template:
        known, _, rest = template.partition("[")
        if text[at : at + len(known)] != known:
            return False
        at += len(known)
        if not rest:
            return True
        gap, _, template = rest.partition("]")
        at += int(gap)
    return True


TASKS = {
    "contains('king')": ("has it", lambda text: "king" in text),
    "contains('king', count=3)": ("has it thrice", lambda text: text.count("king") >= 3),
    "share(upper=0.2)": ("share within 0.02", lambda text: abs(share_of_upper(text) - 0.2) <= 0.02),
    f"infill('{INFILL}')": ("keeps all", fits),
    "regex('^[A-Z]+ [A-Z]+:$')": ("a speaker of two words", None),
}
def methods_of(many, particles):
    """Names, flags, and how many texts each draws for one that it gives."""
    particle = lambda count: (f"particles {count}", ["--method", "feynman_kac", "--particles", str(count)], count)
    several = [
        (f"best_of {many}", ["--method", "best_of", "--guidance", f"population.count={many}"], many),
        (f"svdd {many}", ["--method", "svdd", "--guidance", f"population.count={many}"], many),
        *map(particle, particles),
        (f"twisted {many}", ["--method", "twisted", "--particles", str(many)], many),
    ]
    return [("unguided", ["--method", "none"], 1), ("bend", ["--method", "bend"], 1), *several]


def two_words(text):
    for line in text.split("\n"):
        words = line[:-1].split(" ") if line.endswith(":") else []
        if len(words) == 2 and all(word.isascii() and word.isalpha() and word.isupper() for word in words):
            return True
    return False


def entropy_of(text):
    counts = collections.Counter(text)
    return -sum(n / len(text) * math.log2(n / len(text)) for n in counts.values())


def run(command):
    made = subprocess.run(command, capture_output=True, text=True)
    if made.returncode:
        sys.exit(f"{' '.join(command)}\n{made.stderr}")
    return made.stdout


def measured(options, model, objective, flags, check):
    folder = os.path.join(options.out, "texts")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    said = run(
        [options.steer, "guide", model, "--objective", objective, "-n", str(options.count), "--json"]
        + ["-o", os.path.join(folder, "{seed}.txt"), "--threads", str(options.threads)]
        + flags
    )
    files = sorted(glob.glob(os.path.join(folder, "*.txt")))
    texts = [open(path, newline="").read()[:-1] for path in files]
    likelihood = run([options.steer, "likelihood", options.judge, "--json", "--threads", str(options.threads)] + files)
    figures = json.loads(said.strip().splitlines()[-1])
    return {
        "done": sum(map(check, texts)) / len(texts),
        "bits": json.loads(likelihood.strip().splitlines()[-1])["bits_per_character"],
        "entropy": sum(map(entropy_of, texts)) / len(texts),
        "seconds": figures.get("seconds"),
        "evaluations": figures.get("evaluations"),
        "example": texts[0],
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("judge")
    parser.add_argument("models", nargs="+")
    parser.add_argument("--steer", default="build/steer")
    parser.add_argument("-n", "--count", type=int, default=256)
    parser.add_argument("--evaluations", type=int, help="of the network for each text, whatever the method: sets --steps")
    parser.add_argument("--ngram", nargs=2, metavar=("BOOK", "DATA"), help="adds texts that are to be like the book's")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--length", type=int, help="letters of a text (default: the model's)")
    parser.add_argument("--many", type=int, default=8, help="texts drawn for one by best_of, svdd and twisted")
    parser.add_argument("--particles", type=int, nargs="*", default=[2, 8, 32])
    parser.add_argument("--methods", nargs="*", help="of those named in the table (default: all)")
    parser.add_argument("--tasks", nargs="*", default=None)
    parser.add_argument("--out", default="out/token_guidance")
    options = parser.parse_args()
    if options.ngram:
        TASKS["ngram('%s', against='%s')" % tuple(options.ngram)] = ("has its words", typical_of(*options.ngram, options.length or 256))
    os.makedirs(options.out, exist_ok=True)
    path, known = os.path.join(options.out, "rows.jsonl"), {}
    if os.path.exists(path):
        known = {row["key"]: row for row in map(json.loads, open(path))}
    lines = [
        "| objective | model | method | done | judge, bits a character | entropy | evaluations |",
        "|---|---|---|---|---|---|---|",
    ]
    for objective in options.tasks or list(TASKS):
        asked, check = TASKS[objective]
        for model in options.models:
            name, _, run_of = model.partition("=")
            for method, flags, texts in methods_of(options.many, options.particles):
                if options.methods and method not in options.methods:
                    continue
                # What is known is set; there is no other way. And an expression has no gradient to bend by.
                if objective.startswith("infill") and method != "unguided":
                    continue
                if objective.startswith("regex") and method.split()[0] in ("bend", "twisted"):
                    continue
                key = json.dumps([name, objective, method, options.count, options.length])
                if options.length and not objective.startswith("infill"):
                    flags = flags + ["--length", str(options.length)]
                if options.evaluations:
                    flags = flags + ["--steps", str(options.evaluations // texts)]
                if key not in known:
                    known[key] = {"key": key, **measured(options, run_of, objective, flags, check or two_words)}
                    with open(path, "a") as file:
                        file.write(json.dumps(known[key]) + "\n")
                row = known[key]
                lines.append(
                    f"| `{objective}`, {asked} | {name} | {method} | {100 * row['done']:.0f} % | {row['bits']:.3f} | "
                    f"{row['entropy']:.2f} | {row['evaluations']} |"
                )
    table = "\n".join(lines) + "\n"
    with open(os.path.join(options.out, "table.md"), "w") as file:
        file.write(table)
    print(table)


if __name__ == "__main__":
    main()
