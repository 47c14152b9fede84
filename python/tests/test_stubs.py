"""The stubs, written by hand, name what is there, and what is there has a docstring."""

from __future__ import annotations

import ast
from pathlib import Path

import steer
from steer import _steer


def declared(body: list[ast.stmt]) -> set[str]:
    """The names of functions and attributes of a class or module in the stubs."""
    names = set()
    for node in body:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            is_alias = isinstance(node.annotation, ast.Name) and node.annotation.id == "TypeAlias"
            names.update([] if is_alias else [node.target.id])
    return names


def tree() -> ast.Module:
    return ast.parse(Path(steer.__file__).with_name("_steer.pyi").read_text())


def public(thing: object) -> set[str]:
    return {name for name in dir(thing) if not name.startswith(("__", "_pybind11"))}


def test_every_name_of_the_module_is_declared() -> None:
    names = declared(tree().body) - {"__version__", "_Codec"}
    assert names == public(_steer)


def test_every_name_of_the_classes_is_declared() -> None:
    nodes = {node.name: node for node in tree().body if isinstance(node, ast.ClassDef)}
    own = {name: declared(node.body) for name, node in nodes.items()}
    for name, node in nodes.items():
        if name in ("_Codec", "Error", "objectives"):
            continue
        wanted, bases = set(own[name]), list(node.bases)
        while bases:
            base = bases.pop()
            if isinstance(base, ast.Name) and base.id in nodes:
                wanted |= own[base.id]
                bases += nodes[base.id].bases
        found = public(getattr(_steer, name))
        assert {n for n in wanted if not n.startswith("__")} == found, name


def test_words_at_the_top_are_declared() -> None:
    nodes = {node.name: node for node in tree().body if isinstance(node, ast.ClassDef)}
    declared_words = declared(nodes["objectives"].body) - {"__all__"}
    assert declared_words <= set(steer.objectives.__all__)
    assert all(hasattr(steer, word) for word in declared_words)


def test_everything_has_a_docstring() -> None:
    for name in steer.__all__:
        thing = getattr(steer, name)
        assert name == "__version__" or (thing.__doc__ and thing.__doc__.strip()), name
