#!/usr/bin/env python3
"""Checks that every public header compiles alone and includes no header of steer that is not public.

Headers of libtorch take 6 to 15 s each, so those that a header includes anyway, by itself or through other
headers of steer, are compiled beforehand, once for all headers that include the same. The compiler is stopped
where a header has been read, before it turns to the templates that libtorch's headers left to be
instantiated; all public headers together are then compiled to the end. What has passed is remembered by
content. Prints a line for each header at fault and one with the count; exit status 1 where any is.
"""
import argparse
import concurrent.futures
import functools
import hashlib
import pathlib
import re
import shlex
import subprocess
import sys

# libtorch's headers, by their folders.
TORCH = re.compile('(torch|ATen|c10)/')
# An error that no header makes; under -Wfatal-errors the compiler ends with it.
END = 'the header has been read'
INCLUDE = re.compile(r'^\s*#\s*include\s*[<"]([^>"]+)', re.MULTILINE)


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    add = parser.add_argument
    add('include', type=pathlib.Path, help='the include folder of an installed steer, or its sources')
    add('--torch', action='append', default=[], metavar='DIR', help="an include folder of libtorch's")
    add('--std', default='20', help='the C++ standard (default: 20)')
    add('--flags', default='', help='further flags, as one argument: --flags="-fPIC -fopenmp"')
    add('--work', type=pathlib.Path, required=True, help='the folder for what serves again')
    add('--compiler', default='g++', help='GCC (default: g++)')
    add('--jobs', type=int, default=2, help='compilers at work at once (default: 2)')
    return parser.parse_args()


class Headers:
    """The public headers below a folder, and what they include."""

    def __init__(self, root):
        self.root = root
        lister = root / 'tools/public_headers'
        if lister.exists():
            found = subprocess.run([lister], check=True, capture_output=True, text=True).stdout.split()
        else:
            found = [str(path.relative_to(root)) for path in root.glob('steer/*/*.h')]
        self.public = sorted(found)

    @functools.cache
    def includes(self, header):
        """What a header of steer includes itself: steer's and others, in order of appearance."""
        ours, others = [], []
        for name in INCLUDE.findall((self.root / header).read_text()):
            (ours if name.startswith('steer/') else others).append(name)
        return ours, others

    def closure(self, header):
        """The public headers that one includes, itself among them."""
        seen, open_ones = set(), [header]
        while open_ones:
            one = open_ones.pop()
            if one not in seen:
                seen.add(one)
                open_ones += [name for name in self.includes(one)[0] if name in self.public]
        return sorted(seen)

    def hidden(self, header):
        """What a header includes of steer that is not public."""
        return [name for name in self.includes(header)[0] if name not in self.public]

    def torch(self, header):
        """The headers of libtorch that one includes, by itself or through others."""
        names = {name for one in self.closure(header) for name in self.includes(one)[1] if TORCH.match(name)}
        # torch/nn.h begins with torch/types.h: two groups that would be the same.
        return tuple(sorted(names - {'torch/types.h'} if 'torch/nn.h' in names else names))


def digest(*parts):
    return hashlib.sha256('\0'.join(map(str, parts)).encode()).hexdigest()


class Compiler:
    def __init__(self, options):
        self.command = [options.compiler, f'-std=c++{options.std}', *shlex.split(options.flags)]
        self.command += [f'-isystem{pathlib.Path(folder).resolve()}' for folder in options.torch]
        self.include, self.work = options.include, options.work
        version = subprocess.check_output([options.compiler, '--version'], text=True)
        releases = [path.read_text() for folder in options.torch
                    for path in sorted(pathlib.Path(folder).glob('torch/**/version.h'))]
        self.key = digest(version, self.command, releases)

    def run(self, *words, source=None):
        """The first line of complaint; empty where there is none. It runs in a folder without sources."""
        result = subprocess.run([*self.command, *words], input=source, cwd=self.work,
                                capture_output=True, text=True)
        if result.returncode == 0:
            return ''
        lines = result.stderr.splitlines()
        return next((line for line in lines if 'error: ' in line), lines[0] if lines else 'no reason given')

    def precompile(self, torch):
        """A header that includes these, compiled; its name without .gch."""
        path = self.work / f'{digest(self.key, torch)[:16]}.h'
        compiled = path.with_suffix('.h.gch')
        if not compiled.exists():
            path.write_text(''.join(f'#include <{name}>\n' for name in torch))
            half = path.with_suffix('.part')
            fault = self.run('-x', 'c++-header', str(path), '-o', str(half))
            if fault:
                sys.exit(f'[check_headers] {", ".join(torch)}: {fault}')
            half.rename(compiled)
        return path

    def fault(self, headers, torch, to_the_end=False):
        """What the compiler says of headers, each included twice so that it must guard itself."""
        before = ['-include', str(self.precompile(torch))] if torch else []
        source = ''.join(f'#include "{header}"\n' * 2 for header in headers)
        if not to_the_end:
            source += f'static_assert(sizeof(char) == 0, "{END}");\n'
        words = ['-Wfatal-errors', '-fsyntax-only', '-I', str(self.include), '-x', 'c++', '-']
        fault = self.run(*before, *words, source=source)
        return '' if END in fault else fault


def main():
    options = arguments()
    options.include, options.work = options.include.resolve(), options.work.resolve()
    options.work.mkdir(parents=True, exist_ok=True)
    headers, compiler = Headers(options.include), Compiler(options)
    if not headers.public:
        sys.exit(f'[check_headers] {options.include}: expected headers steer/*/*.h but found none')
    record = options.work / 'passed'
    passed = set(record.read_text().split()) if record.exists() else set()

    def key_of(what, several):
        return digest(compiler.key, what, *((options.include / one).read_text() for one in several))

    faults, waiting = {}, []
    for header in headers.public:
        hidden = headers.hidden(header)
        key = key_of(header, headers.closure(header))
        if hidden:
            faults[header] = f'includes what is not public: {", ".join(hidden)}'
        elif key not in passed:
            waiting.append((key, header, headers.torch(header)))

    with concurrent.futures.ThreadPoolExecutor(options.jobs) as workers, record.open('a') as out:
        list(workers.map(compiler.precompile, sorted({torch for _, _, torch in waiting if torch})))
        answers = workers.map(lambda one: compiler.fault([one[1]], one[2]), waiting)
        for (key, header, _), fault in zip(waiting, answers):
            if fault:
                faults[header] = fault
            else:
                print(key, file=out, flush=True)
        together = key_of('all', headers.public)
        if not faults and together not in passed:
            torch = max(map(headers.torch, headers.public), key=lambda one: 'torch/nn.h' in one)
            fault = compiler.fault(headers.public, torch, to_the_end=True)
            if fault:
                faults['all together'] = fault
            else:
                print(together, file=out)

    for header in sorted(faults):
        print(f'{header}: {faults[header]}')
    print(f'{len(headers.public)} public headers, {len(faults)} at fault')
    sys.exit(1 if faults else 0)


if __name__ == '__main__':
    main()
