"""The bar of a terminal or notebook, where tqdm is there and nobody watches otherwise."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from steer._steer import Moment


class _Bar:
    """One bar for each part of a work, which appears when that lasts."""

    def __init__(self, make: Any) -> None:
        self._make = make
        self._bar: Any = None
        self._title = ""

    def __call__(self, moment: Moment) -> bool:
        if self._bar is None or moment.title != self._title:
            self.close()
            self._title = moment.title
            self._bar = self._make(
                total=1.0,
                desc=moment.title,
                delay=0.7,
                leave=False,
                bar_format="{desc} {percentage:3.0f}%|{bar}| {postfix}",
            )
        if moment.note:
            self._bar.set_postfix_str(moment.note, refresh=False)
        self._bar.update(max(0.0, moment.share - self._bar.n))
        return True

    def close(self) -> None:
        if self._bar is not None:
            self._bar.close()
        self._bar = None


def _in_notebook() -> bool:
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return shell is not None and hasattr(shell, "kernel")


def bar(title: str) -> _Bar | None:
    """A watch that draws a bar, or None where nobody looks on. The bar takes its title from its moments."""
    del title
    terminal = sys.stderr is not None and sys.stderr.isatty()
    if not terminal and not _in_notebook():
        return None
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return _Bar(tqdm)
