"""Generative models that are steered without retraining: the C++ library steer with torch's tensors.

Everything is in the C++ module `steer._steer`; this package adds adapters for diffusers, data sets of Python
and the bar of a terminal.
"""

from __future__ import annotations

from pathlib import Path

import torch  # noqa: F401 - its libraries must be there before ours

from steer import _build

_build.check()

from steer import _progress, _steer  # noqa: E402
from steer._build import build_info  # noqa: E402
from steer._data import train  # noqa: E402
from steer._diffusers import from_diffusers  # noqa: E402
from steer._steer import (  # noqa: E402
    DDN,
    Classifier,
    Denoiser,
    Diffusion,
    Error,
    Generator,
    Learner,
    Model,
    Moment,
    Objective,
    Reconstruction,
    Samples,
    Solution,
    Text,
    Walk,
    __version__,
    compare,
    denoiser,
    evaluate,
    frechet,
    from_network,
    load,
    names,
    new,
    objective,
    objectives,
    prepare,
    rank,
    score,
    search,
    shipped,
    solve,
    words,
)
from steer._walking import clickable  # noqa: E402

# The words that are wanted most; all of them are in steer.objectives.
canny = objectives.canny
certain = objectives.certain
colourise = objectives.colourise
denoise = objectives.denoise
edges = objectives.edges
gaussian = objectives.gaussian
gaussian_deblur = objectives.gaussian_deblur
gram = objectives.gram
inpaint = objectives.inpaint
label = objectives.label
low_bit = objectives.low_bit
program = objectives.program
strokes = objectives.strokes
style = objectives.style
super_resolve = objectives.super_resolve

_build.check_library(_steer._torch_library())
_steer._set_bar(_progress.bar)
if (Path(__file__).parent / "models").is_dir():
    _steer._set_share(str(Path(__file__).parent))

__all__ = [
    "DDN",
    "Classifier",
    "Denoiser",
    "Diffusion",
    "Error",
    "Generator",
    "Learner",
    "Model",
    "Moment",
    "Objective",
    "Reconstruction",
    "Samples",
    "Solution",
    "Text",
    "Walk",
    "__version__",
    "build_info",
    "canny",
    "certain",
    "clickable",
    "colourise",
    "compare",
    "denoise",
    "denoiser",
    "edges",
    "evaluate",
    "frechet",
    "from_diffusers",
    "from_network",
    "gaussian",
    "gaussian_deblur",
    "gram",
    "inpaint",
    "label",
    "load",
    "low_bit",
    "names",
    "new",
    "objective",
    "objectives",
    "prepare",
    "program",
    "rank",
    "score",
    "search",
    "shipped",
    "solve",
    "strokes",
    "style",
    "super_resolve",
    "train",
    "words",
]
