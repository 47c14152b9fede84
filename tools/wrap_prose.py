"""Wraps the prose of Markdown at column 110: paragraphs and list items, not tables, code, headings or pictures.

wrap_prose.py FILE... rewrites the files; with --check it names those that would change and exits with 1.
"""

import pathlib
import re
import sys
import textwrap

WIDTH = 110
ITEM = re.compile(r"^(\s*)([-*]|\d+\.)\s+")
# What would begin a list, quotation or heading at the start of a line stays with the word before it.
MARKER = re.compile(r" (?=(?:[-+*>]|#+|\d+[.)]) )")
KEPT = re.compile(r"^\s*(#|\||!\[|<|\[[^]]+\]:)")


def wrapped(text):
    """The text with its prose wrapped."""
    out, paragraph, indents = [], [], ("", "")

    def end():
        if paragraph:
            prose = MARKER.sub("\0", " ".join(line.strip() for line in paragraph))
            lines = textwrap.wrap(
                prose, WIDTH, initial_indent=indents[0], subsequent_indent=indents[1], break_long_words=False,
                break_on_hyphens=False,
            )
            out.extend(line.replace("\0", " ") for line in lines)
            paragraph.clear()

    code = False
    for line in text.split("\n"):
        if line.lstrip().startswith("```"):
            end()
            code = not code
            out.append(line)
        elif code or not line.strip() or KEPT.match(line) or line.startswith("    ") and not indents[1]:
            end()
            if not code and not line.strip():
                indents = ("", "")
            out.append(line)
        else:
            item = ITEM.match(line)
            if item:
                end()
                indents = (item.group(0), " " * len(item.group(0)))
                line = line[item.end() :]
            elif not paragraph:
                indent = line[: len(line) - len(line.lstrip())]
                indents = (indent, indent)
            paragraph.append(line)
    end()
    return "\n".join(out)


def main():
    check = sys.argv[1:2] == ["--check"]
    changed = []
    for name in sys.argv[1 + check :]:
        path = pathlib.Path(name)
        old = path.read_text()
        new = wrapped(old)
        if new != old:
            changed.append(name)
            if not check:
                path.write_text(new)
    if check and changed:
        sys.exit(f"expected prose that ends by column {WIDTH} (tools/wrap_prose.py FILE...) but got: {' '.join(changed)}")


if __name__ == "__main__":
    main()
