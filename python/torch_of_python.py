"""Prints the folder of the torch package of this Python, even where a build's environment hides it."""

import importlib.util
import pathlib
import sysconfig

found = importlib.util.find_spec("torch")
if found is not None and found.origin:
    print(pathlib.Path(found.origin).parent)
else:
    for kind in ("platlib", "purelib"):
        folder = pathlib.Path(sysconfig.get_paths()[kind]) / "torch"
        if (folder / "lib" / "libtorch_python.so").is_file():
            print(folder)
            break
