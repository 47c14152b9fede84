"""Starts the program steer that the package brings; apart from it, so that no torch is imported for that."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path


def main() -> None:
    """Becomes the program, with the libraries of this environment's torch."""
    package = Path(__file__).resolve().parent / "steer"
    program = package / "bin" / "steer"
    if not program.is_file():
        sys.exit("steer: expected the program in the package; this one was not installed by pip")
    torch = importlib.util.find_spec("torch")
    if torch is None or torch.origin is None:
        sys.exit("steer: expected torch in this environment: pip install torch")
    folders = [str(package), str(Path(torch.origin).parent / "lib")]
    environment = dict(os.environ)
    if environment.get("LD_LIBRARY_PATH"):
        folders.append(environment["LD_LIBRARY_PATH"])
    environment["LD_LIBRARY_PATH"] = os.pathsep.join(folders)
    environment.setdefault("STEER_SHARE", str(package))
    os.execve(program, ["steer", *sys.argv[1:]], environment)


if __name__ == "__main__":
    # A folder torch/ where the program is called from is not this environment's.
    sys.path[:] = [path for path in sys.path if path not in ("", os.getcwd())]
    main()
