"""Prints the folder of the torch package that this Python would import (headers in include/, libraries in lib/).

Exits with 1, silently, when there is none or it is older than the oldest that steer builds against.
"""

import importlib.metadata
import importlib.util
import os
import sys

OLDEST = (2, 4)

found = importlib.util.find_spec("torch")
if found is None or found.origin is None:
    sys.exit(1)
prefix = os.path.dirname(os.path.realpath(found.origin))
version = importlib.metadata.version("torch")
if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
    sys.exit(1)
if not os.path.exists(os.path.join(prefix, "lib", "libtorch.so")):
    sys.exit(1)
print(prefix)
