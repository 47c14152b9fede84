"""Compares steer's byte pairs with those of the tokenizers library: what both learn from a text, and how both
read it, hard texts and random bytes by tokenizer.json, GPT-2's two files and words of GPT-4's kind.
Usage: against_tokenizers.py BUILD TEXT"""

import json
import pathlib
import random
import subprocess
import sys
import tempfile
import time

import tokenizers
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

BUILD, TEXT = sys.argv[1:3]
SIZE = 2000
GPT4_WORDS = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)


def ours(*arguments):
    begin = time.perf_counter()
    made = subprocess.run([f"{BUILD}/parity_text", *map(str, arguments)], capture_output=True)
    if made.returncode:
        sys.exit(made.stderr.decode())
    return json.loads(made.stdout), time.perf_counter() - begin


def learned(pre_tokenizer, text):
    made = Tokenizer(models.BPE())
    made.pre_tokenizer = pre_tokenizer
    made.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE, min_frequency=2, initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False
    )
    begin = time.perf_counter()
    made.train_from_iterator([text], trainer)
    return made, time.perf_counter() - begin


def hard_texts():
    rng = random.Random(1)
    kinds = [(0x20, 0x7F), (0xA0, 0x250), (0x370, 0x500), (0x5D0, 0x6F0), (0x900, 0xA00), (0x2000, 0x2100),
             (0x3040, 0x3100), (0x4E00, 0x4F00), (0x1F600, 0x1F650)]
    yield "We'll see: it's 2 words,\n\n  don't\t\tSTOP'S  \r\n 1234567 x²½ ﬁ…  "
    yield "a" * 100_000
    yield " \n" * 1000 + "<|endoftext|>" + "'s" * 50
    for _ in range(200):
        text = ""
        for _ in range(rng.randrange(1, 60)):
            low, high = rng.choice(kinds)
            text += chr(rng.randrange(low, high)) if rng.random() < 0.8 else rng.choice(" \n\t'")
        yield text


def main():
    text = pathlib.Path(TEXT).read_text()
    rows = [("", "compared", "differ")]
    gpt2, their_seconds = learned(pre_tokenizers.ByteLevel(add_prefix_space=False), text)
    gpt4, _ = learned(
        pre_tokenizers.Sequence(
            [
                pre_tokenizers.Split(Regex(GPT4_WORDS), "isolated"),
                pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
            ]
        ),
        text,
    )
    theirs = [gpt2.id_to_token(i) for i in range(gpt2.get_vocab_size())]
    mine, seconds = ours("learn", TEXT, SIZE)
    rows.append(("tokens learned", len(theirs), sum(a != b for a, b in zip(theirs, mine)) + abs(len(theirs) - len(mine))))
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for name, made in {"gpt2": gpt2, "gpt4": gpt4}.items():
            (folder / name).mkdir()
            made.save(str(folder / name / "tokenizer.json"))
        (folder / "files").mkdir()
        gpt2.model.save(str(folder / "files"))
        texts = [text, *hard_texts()]
        for name, made in {"gpt2": gpt2, "gpt4": gpt4, "files": gpt2}.items():
            compared = differ = 0
            for sample in texts:
                (folder / "text.txt").write_bytes(sample.encode())
                tokens, _ = ours("read", folder / name, folder / "text.txt")
                expected = made.encode(sample).ids
                compared += len(expected)
                differ += tokens != expected
                if tokens != expected and differ < 4:
                    print("differs:", ascii(sample[:80]), file=sys.stderr)
            rows.append((f"texts read by {name}, tokens, texts that differ", compared, differ))
    for row in rows:
        print("| " + " | ".join(map(str, row)) + " |")
        if row is rows[0]:
            print("|---|---|---|")
    print(f"learning {SIZE} tokens: {seconds:.2f} s, tokenizers {tokenizers.__version__} {their_seconds:.2f} s")
    sys.exit(any(row[2] for row in rows[1:]))


main()
