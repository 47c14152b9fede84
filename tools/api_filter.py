#!/usr/bin/env python3
"""Turns our headers into what Doxygen reads: its INPUT_FILTER. Prints the header named, line for line.

The manner of the headers, which this relies on:

  - the comment at the top is about the header, whose names form a group, so that each header has a page
  - a comment above declarations that follow one another without a blank line is about all of them
  - a comment behind a declaration is about that one; it may go on in the lines below, in the same column
  - members of options are explained by the lines of their `fields` function, which is left out
  - lines that stand in by two columns or more are a table, shown as it is; `-` begins an item of a list
  - code stands in backticks; nothing else is markup

Private names, deleted functions and destructors without a comment are left out. Constructors that take
options, and of modules `options`, submodules and `forward`, may do without a comment.
"""
import dataclasses
import re
import sys

TYPE = re.compile(r'(?:template <.*> )?(class|struct|enum class)\s+(\w+)\b[^;()]*\{$')
INITIAL = r'(?: = \{[^}]*\}| = [^,]+?|\{[^}]*\})?'
NAMES = rf'\w+{INITIAL}(?:, \w+{INITIAL})*'
# A variable or several of one type: the type, and the names with their initial values.
VARIABLE = re.compile(rf'(?!using )([\w:<>,*&() ]*?[\w>*&]) ((?!override\b|const\b){NAMES});$')
NAMED = re.compile(rf'(\w+)({INITIAL})(?:, |$)')
FIELD = re.compile(r'\bf\(\s*"\w+",\s*(\w+),\s*((?:"(?:[^"\\]|\\.)*"\s*)+)(?:,\s*\w+\([^()]*\))?\)')
# Types whose members tell what they are when nobody says.
SETTINGS = re.compile(r'(Options|Request|Context)$')
# A full stop that ends a sentence: not that of "et al. 2022", "e.g. this" or "1, 2, ... 9".
STOP = re.compile(r'(?<!\bal)(?<!\be\.g)(?<!\bi\.e)(?<!\.)\.(?=\s|$)')


def variable_of(code):
    """A match of VARIABLE, unless it cuts through a function whose last argument has a default."""
    found = VARIABLE.match(code)
    return found if found and found[1].count('(') == found[1].count(')') else None


def escaped(text):
    """Prose in Doxygen's words."""
    parts = text.split('`')
    for i, part in enumerate(parts):
        part = re.sub(r'([\\@#<>&%"])', r'\\\1', part)
        parts[i] = f'<code>{part}</code>' if i % 2 else part
    return ''.join(parts)


def kinds_of(lines):
    """What each line of a comment is: empty, table, item (or a further line of one) or prose."""
    kinds = []
    for line in lines:
        before = kinds[-1] if kinds else 'empty'
        if not line.strip():
            kinds.append('empty')
        elif line.startswith('- '):
            kinds.append('item')
        elif line.startswith('  '):
            kinds.append('item' if before == 'item' else 'table')
        else:
            kinds.append('prose')
    return kinds


def markup(lines):
    """The lines of a comment as as many lines of Doxygen's: a first sentence in brief, then the rest."""
    kinds = kinds_of(lines)
    out = []
    for i, (line, kind) in enumerate(zip(lines, kinds)):
        before, after = (kinds[i - 1] if i else ''), (kinds + [''])[i + 1]
        text = line if kind == 'table' else escaped(line)
        if kind == 'prose' and before == 'item':
            text = '<br>' + text
        if kind == 'table' and after != 'table':
            text += ' \\endverbatim'
        elif kind != 'table' and after == 'table':
            text += ' \\verbatim'
        out.append(text)
    count = next((i for i, kind in enumerate(kinds) if kind != 'prose'), len(kinds))
    first, rest = '\n'.join(out[:count]), out[count:]
    stop = STOP.search(first)
    if stop and (rest or first[stop.end():].strip()):
        first = f'{first[:stop.end()]} \\details{first[stop.end():]}'
    return f'\\brief {first}'.split('\n') + rest


def joined(first, second):
    """Two texts, lists of lines, as one; the second follows a colon or begins a sentence."""
    if not first or not second:
        return first or second
    head, tail = first[-1].rstrip(), second[0]
    if not head.endswith(':'):
        head = head.rstrip('.;,') + '.'
        tail = tail[0].upper() + tail[1:]
    return first[:-1] + [f'{head} {tail}'] + second[1:]


@dataclasses.dataclass
class Scope:
    kind: str  # file, namespace, class, struct or enum class
    name: str = ''
    public: bool = True
    meanings: dict = dataclasses.field(default_factory=dict)  # of members, by their `fields` function


@dataclasses.dataclass
class Statement:
    """A declaration, or the line that opens a type or namespace."""
    begin: int  # its lines are begin to end - 1, with those of the comment behind it
    end: int
    code: str  # on one line, without comments and body
    behind: list  # the comment


@dataclasses.dataclass
class Comment:
    """A comment above declarations."""
    text: list = dataclasses.field(default_factory=list)
    begin: int = 0
    served: int = 0  # declarations that it stood above so far

    def of(self, statement):
        """What it and the comment behind a declaration say of that one."""
        if self.served == 0 or self.text and self.text[-1].endswith(':'):
            return joined(self.text, statement.behind)
        if TYPE.match(statement.code) or 'override' in statement.code:
            return statement.behind
        if variable_of(statement.code):
            return statement.behind or self.text
        return joined(self.text, statement.behind)


class Header:
    def __init__(self, name, text):
        self.name = name
        self.lines = text.split('\n')
        self.out = list(self.lines)
        folder, stem = re.match(r'steer/(\w+)/(\w+)\.h$', name).groups()
        self.folder, self.group = folder, f'{folder}_{stem}'

    def split(self, i):
        """Code and comment of a line; the latter is None where there is none."""
        return re.match(r'((?:[^"/]|"(?:[^"\\]|\\.)*"|/(?!/))*)(//.*)?$', self.lines[i]).groups()

    def comment_at(self, i, column):
        """The text of the comment lines from i on that begin in this column."""
        text = []
        while i < len(self.lines) and self.lines[i].startswith(' ' * column + '//'):
            text.append(re.sub('^// ?', '', self.lines[i][column:]).rstrip())
            i += 1
        return text

    def statement(self, begin, in_enum):
        depth, code, behind, end, in_body = 0, '', [], begin, False
        while True:
            text, comment = self.split(end)
            if comment and not in_body:
                behind = [re.sub('^// ?', '', comment)] + self.comment_at(end + 1, len(text))
            end += 1
            if not in_body:
                code = f'{code} {text.strip()}'.strip()
            depth += sum((c in '([{') - (c in ')]}') for c in text)
            if code.startswith('#'):
                while self.lines[end - 1].endswith('\\'):
                    end += 1
                break
            if not in_body and (TYPE.match(code) or re.match(r'namespace .*\{$', code)):
                break
            in_body = in_body or depth > 0 and code.endswith('{')
            if depth == 0 and (in_enum or text.rstrip().endswith((';', '}'))):
                break
        return Statement(begin, end + max(len(behind) - 1, 0), code, behind)

    def meanings(self, begin, indent):
        """What the `fields` function of the type whose members begin here says of them."""
        end = next(i for i in range(begin, len(self.lines)) if self.lines[i] == indent + '};')
        found = FIELD.findall('\n'.join(self.lines[begin:end]))
        return {name: re.sub(r'"\s*"', '', words).strip()[1:-1].replace('\\"', '"') for name, words in found}

    def filtered(self):
        top = self.comment_at(0, 0)
        self.put(0, top, top, f'\\headergroup{{{self.group},{self.name},{self.folder}}}')
        self.out[len(top)] = '/** \\file */'  # in the place of #pragma once
        scopes, comment, i = [Scope('file')], Comment(), len(top) + 1
        while i < len(self.lines):
            scope, word = scopes[-1], self.lines[i].strip()
            indent = self.lines[i][:len(self.lines[i]) - len(self.lines[i].lstrip())]
            if word.startswith('//'):
                comment = Comment(self.comment_at(i, len(indent)), i)
                i += len(comment.text)
            elif not word or word.startswith(('#include', '}')) or word in ('public:', 'private:'):
                if word.endswith(':'):
                    scope.public = word == 'public:'
                elif word.startswith('}'):
                    scopes.pop()
                    if scopes[-1].kind == 'file':
                        self.out[i] = '/** \\} */ ' + word
                comment, i = Comment(), i + 1
            else:
                statement = self.statement(i, scope.kind == 'enum class')
                i = statement.end
                opened = TYPE.match(statement.code)
                if statement.code.startswith('namespace'):
                    scopes.append(Scope('namespace'))
                    self.out[statement.begin] += f' /** \\addtogroup {self.group} *//** \\{{ */'
                elif all(one.public for one in scopes):
                    self.document(statement, scope, comment)
                comment.served += 1
                if opened:
                    scopes.append(Scope(opened[1], opened[2], opened[1] != 'class', self.meanings(i, indent)))
                    comment = Comment()
        return '\n'.join(self.out)

    def document(self, statement, scope, comment):
        code, begin, end = statement.code, statement.begin, statement.end
        module = re.match(r'TORCH_MODULE\((\w+)\);', code)
        if module:
            name = module[1]
            self.out[begin] = (
                f'/** \\brief A handle of a {name}Impl, made with the same arguments. \\details Copies share it; '
                f'<code>-\\></code> reaches it. */ class {name} : public torch::nn::ModuleHolder<{name}Impl> {{}};')
            return
        silent = code.startswith(('~', 'virtual ~')) and (comment.served or not comment.text)
        if silent or code.endswith('= delete;') or code.startswith('void fields(OptionFields&'):
            self.out[begin:end] = [''] * (end - begin)
            return
        if not code.startswith('#'):
            self.out[begin:end] = [self.split(i)[0].rstrip() for i in range(begin, end)]
        variable = variable_of(code)
        if variable:
            self.document_variable(variable, statement, scope, comment)
            return
        text = comment.of(statement) or self.default(code, scope)
        if scope.kind == 'enum class':
            self.warn(text, statement, code)
        after = f' \\ingroup {self.group}' if scope.kind == 'file' else ''
        if comment.text and comment.served == 0:
            self.put(comment.begin, comment.text, text, after=after)
        elif text and 'table' not in kinds_of(text):  # which needs lines of its own
            self.out[begin] = f'/** {" ".join(markup(text))}{after} */ {self.out[begin]}'

    def document_variable(self, variable, statement, scope, comment):
        """Each name of a declaration as a declaration of its own, all on one line."""
        said, line = comment.of(statement), ''
        for name, initial in NAMED.findall(variable[2]):
            text = said or self.default(name + initial, scope)
            if name in scope.meanings:
                text = [scope.meanings[name]]
            value = re.sub(r'^(?: = |\{)|\}$', '', initial)
            self.warn(text, statement, name)
            if text:
                words = ' '.join(markup(text))
                if SETTINGS.search(scope.name) and value not in ('', 'nullptr'):
                    words += f' (default: <code>{escaped(value)}</code>)'
                line += f'/** {words} */ '
            line += f'{variable[1]} {name}{initial}; '
        begin = comment.begin if comment.text and comment.served == 0 else statement.begin
        self.out[begin:statement.end] = [''] * (statement.end - begin)
        self.out[statement.begin] = line

    def warn(self, text, statement, name):
        """Says what Doxygen does not: of members of plain structs and of the values of an enumeration."""
        if not text:
            print(f'{self.name}:{statement.begin + 1}: {name} is not documented', file=sys.stderr)

    def default(self, code, scope):
        """What goes without saying of a declaration, or of the name of a member."""
        if not scope.name.endswith('Impl'):
            options = rf'(explicit )?{scope.name}\(const \w+Options& options\)'
            return ['With these options.'] if re.match(options, code) else []
        if code.endswith('{nullptr}'):
            return ['The submodule of this name.']
        if code == 'options':
            return ['As given.']
        if re.match(rf'(explicit )?{scope.name}\(const \w+Options& options', code):
            return ['With these options.']
        return ['The module applied, as its description says.'] if re.search(r'\bforward\(', code) else []

    def put(self, begin, comment, text, before='', after=''):
        """A text, no longer than the comment but for its last line, in the place of the comment's lines."""
        count = len(comment)
        words = markup(text)
        words[count - 1:] = [' '.join(words[count - 1:])]
        words[0] = f'/** {before}{words[0]}'
        words[-1] += after + ' */'
        self.out[begin:begin + count] = words


def main():
    path = sys.argv[1]
    with open(path) as file:
        print(Header(re.search(r'steer/\w+/\w+\.h$', path)[0], file.read()).filtered(), end='')


if __name__ == '__main__':
    main()
