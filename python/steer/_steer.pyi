"""The C++ module: what it takes and gives. Shapes stand beside the tensors, errors in the docstrings."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from os import PathLike
from typing import Any, Literal, SupportsIndex, TypeAlias

from torch import Tensor, dtype
from torch import device as torch_device

__version__: str
built_with_torch: str  # "2.13.0"
source_commit: str

Path: TypeAlias = str | PathLike[str]
Seeds: TypeAlias = SupportsIndex | Iterable[SupportsIndex] | Tensor  # whole numbers, one for each sample
Label: TypeAlias = str | int | Sequence[int | str] | Tensor | None
Watch: TypeAlias = Callable[[Moment], Any] | Literal[False] | None  # False ends the work
Wish: TypeAlias = Objective | str | None
Network: TypeAlias = Callable[..., Any]

class Error(RuntimeError): ...

class Moment:
    @property
    def title(self) -> str: ...
    @property
    def share(self) -> float: ...  # in [0, 1]
    @property
    def note(self) -> str: ...
    @property
    def index(self) -> int: ...  # of the step or layer, from 0; -1 without
    @property
    def of(self) -> int: ...
    @property
    def sigma(self) -> float: ...
    @property
    def code(self) -> Tensor | None: ...  # int64 [N, layers so far]
    def sample(self) -> Tensor: ...  # [N, ...]
    def tokens(self) -> Tensor: ...  # int64 [N, T]
    def picture(self) -> Tensor: ...  # [C, h, w]

class Objective:
    def __call__(self, samples: Tensor | Samples, seed: int = 0) -> Tensor: ...  # [N, ...] -> [N]
    @property
    def words(self) -> str: ...
    def nature(self, shape: Sequence[int]) -> str: ...
    def __add__(self, other: Objective | str) -> Objective: ...
    def __radd__(self, other: str) -> Objective: ...
    def __sub__(self, other: Objective) -> Objective: ...
    def __mul__(self, factor: float) -> Objective: ...
    def __rmul__(self, factor: float) -> Objective: ...
    def __truediv__(self, by: float) -> Objective: ...
    def __neg__(self) -> Objective: ...

class Model:
    @property
    def family(self) -> str: ...
    @property
    def path(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def classes(self) -> int: ...
    @property
    def class_names(self) -> list[str]: ...
    @property
    def options(self) -> dict[str, Any]: ...
    @property
    def device(self) -> str: ...
    @property
    def parameter_count(self) -> int: ...
    @property
    def images_seen(self) -> int: ...
    def facts(self) -> dict[str, Any]: ...
    def parameters(self) -> list[Tensor]: ...
    def named_parameters(self) -> dict[str, Tensor]: ...
    def state_dict(self) -> dict[str, Tensor]: ...
    def load_state_dict(self, state: Mapping[str, Tensor]) -> None: ...
    def save(self, path: Path) -> None: ...

class Generator(Model):
    def sample(
        self,
        n: int | None = None,
        *,
        seed: int = 0,
        seeds: Seeds | None = None,
        label: Label = None,
        told: Mapping[str, float | Sequence[float]] | None = None,
        image: Tensor | None = None,  # [C, H, W] or [N, C, H, W]
        objective: Wish = None,
        begin: Tensor | None = None,  # [C, H, W] or [N, C, H, W]
        noise: float = 0.5,
        batch: int = 64,
        gradient: bool = False,
        watch: Watch = None,
        sampler: str | Mapping[str, Any] | None = None,
        guidance: str | Mapping[str, Any] | None = None,
        preset: Path | Mapping[str, Any] | None = None,
        **settings: Any,
    ) -> Samples: ...

class _Codec(Generator):
    def encode(
        self, x: Tensor, beam: int = 1, label: Label = None, *, watch: Watch = False
    ) -> Reconstruction: ...
    def decode(
        self,
        code: Tensor,  # int64 [N, L]
        label: Label = None,
        *,
        gradient: bool = False,
        image: Tensor | None = None,
        watch: Watch = False,
    ) -> Tensor: ...
    def unfold(self, code: Tensor, label: Label = None, *, layers: Sequence[int] = ...) -> list[Tensor]: ...
    def code_bytes(self, code: Tensor, coder: str = "adaptive", label: Label = None) -> bytes: ...
    def code_from_bytes(self, data: bytes, label: Label = None) -> Tensor: ...
    @property
    def K(self) -> list[int]: ...
    @property
    def depth(self) -> int: ...
    @property
    def bits(self) -> float: ...

class DDN(_Codec):
    def walk(self, seed: int = 0, label: Label = None, *, image: Tensor | None = None) -> Walk: ...

class Text(_Codec): ...

class Diffusion(Generator):
    def denoiser(self, label: Label = None, *, scale: float = 1.0) -> Denoiser: ...

class Classifier(Model):
    def __call__(self, x: Tensor) -> Tensor: ...  # [N, C, H, W] -> [N, classes]

class Samples:
    @property
    def x(self) -> Tensor: ...  # [N, sizes...]; None of texts or when stopped
    @property
    def images(self) -> Tensor: ...
    @property
    def tokens(self) -> Tensor: ...  # int64 [N, T]
    @property
    def mask(self) -> Tensor | None: ...  # bool [N, places]
    @property
    def texts(self) -> list[str]: ...
    @property
    def code(self) -> Tensor: ...  # int64 [N, L]; None without codes
    @property
    def scores(self) -> Tensor: ...  # [N]; None without an objective
    @property
    def label(self) -> Tensor | None: ...  # int64 [N]
    @property
    def evaluations(self) -> int: ...
    @property
    def stopped(self) -> bool: ...
    @property
    def seconds(self) -> float: ...
    @property
    def settings(self) -> dict[str, Any]: ...
    @property
    def how(self) -> str: ...
    @property
    def recipe(self) -> dict[str, Any] | None: ...
    def picture(self, columns: int = 0) -> Tensor: ...  # [C, h, w]
    def save(self, path: Path, force: bool = False) -> None: ...
    def _repr_png_(self) -> bytes: ...
    def _repr_html_(self) -> str | None: ...
    def __len__(self) -> int: ...

class Reconstruction:
    @property
    def images(self) -> Tensor: ...  # [N, ...]
    @property
    def code(self) -> Tensor: ...  # int64 [N, L]
    @property
    def error(self) -> Tensor: ...  # float64 [N, L]

class Walk:
    def candidates(self) -> Tensor: ...  # [1, K, C, h, w]
    def scores(self, objective: Objective | str) -> Tensor: ...  # [K]
    def choose(self, index: SupportsIndex | Tensor) -> None: ...
    def back(self, layer: int) -> None: ...
    def finish(self, objective: Wish = None, *, top: float = 1.0) -> Samples: ...
    @property
    def code(self) -> Tensor: ...  # int64 [1, layers so far]
    @property
    def layer(self) -> int: ...
    @property
    def depth(self) -> int: ...
    @property
    def image(self) -> Tensor | None: ...  # [1, C, H, W]
    @property
    def picture(self) -> Tensor | None: ...  # [C, h, w], as its kind is shown
    def pictures(self, most: int = 16) -> list[Tensor]: ...  # each [C, h, w]
    def copy(self) -> Walk: ...

class Learner:
    def __init__(self, model: Model, options: Mapping[str, Any] = ..., *, group: Any = None) -> None: ...
    def step(
        self, x: Tensor, label: Tensor | None = None, *, seed: int, rate: float | None = None
    ) -> dict[str, Tensor]: ...
    def save(self, path: Path) -> None: ...
    @property
    def steps(self) -> int: ...
    @property
    def images(self) -> int: ...

class Denoiser:
    def __call__(self, x: Tensor, sigma: float | Tensor) -> Tensor: ...  # [B, ...], number or [B] -> [B, ...]
    def levels(self, levels: str | Mapping[str, Any] | Tensor = "karras", steps: int = 18) -> Tensor: ...

class Solution:
    @property
    def x(self) -> Tensor: ...  # [N, ...]
    @property
    def scores(self) -> Tensor: ...  # [N]; None without an objective
    @property
    def sigma(self) -> float: ...
    @property
    def evaluations(self) -> int: ...
    @property
    def stopped(self) -> bool: ...
    @property
    def how(self) -> str: ...
    def _repr_png_(self) -> bytes | None: ...

class objectives:
    """The words of objectives as functions; a submodule."""

    __all__: list[str]
    @staticmethod
    def canny(image: Tensor | Path, *, low: float = 100, high: float = 200) -> Objective: ...
    @staticmethod
    def certain(*, classifier: Network | Path) -> Objective: ...
    @staticmethod
    def colourise(image: Tensor | Path, *, noise: float = 0.05) -> Objective: ...
    @staticmethod
    def denoise(image: Tensor | Path, *, noise: float = 0.5, add: bool = ...) -> Objective: ...
    @staticmethod
    def edges(image: Tensor | Path, *, noise: float = ..., sizes: int = ...) -> Objective: ...
    @staticmethod
    def gaussian(*, mean: float = 0.3, std: float = 0.5) -> Objective: ...
    @staticmethod
    def gaussian_deblur(
        image: Tensor | Path,
        *,
        std: float = 1.5,
        size: int | str = "auto",
        noise: float = 0.05,
        blurred: bool = False,
    ) -> Objective: ...
    @staticmethod
    def gram(
        image: Tensor | Path, *, model: Network | Path, size: int = 64, normalise: str = "none"
    ) -> Objective: ...
    @staticmethod
    def inpaint(image: Tensor | Path, *, mask: Tensor | Path, noise: float = 0.05) -> Objective: ...
    @staticmethod
    def label(
        wanted: int | str = ..., /, *, classifier: Network | Path, temperature: float = 1
    ) -> Objective: ...
    @staticmethod
    def low_bit(image: Tensor | Path, *, levels: int = 5) -> Objective: ...
    @staticmethod
    def program(command: str, *, timeout: float = 60) -> Objective: ...
    @staticmethod
    def strokes(image: Path, *, distance: str = "l2", noise: float = ...) -> Objective: ...
    @staticmethod
    def style(
        image: Tensor | Path, *, model: Network | Path, size: int = 64, normalise: str = "none"
    ) -> Objective: ...
    @staticmethod
    def super_resolve(image: Tensor | Path, *, factor: int, noise: float = 0.05) -> Objective: ...

def load(path: Path, device: str | torch_device = "cpu", precision: str = "auto") -> Any: ...
def new(
    family: str,
    options: Mapping[str, Any] = ...,
    seed: int = 0,
    *,
    data: Path | None = None,
    device: str | torch_device = "cpu",
    precision: str = "auto",
) -> Any: ...
def train(
    model: Model,
    data: Any,
    out: Path,
    *,
    minutes: float | None = None,
    images: int | None = None,
    options: dict[str, Any] = ...,
    resume: bool = False,
    watch: Callable[[Moment], Any] | bool | None = None,
    group: Any = None,
) -> dict[str, Any]: ...
def objective(
    words: str, *, shape: Sequence[int] | None = None, images: Mapping[str, Tensor] = ...
) -> Objective: ...
def score(
    function: Callable[..., Any], gradient: bool = True, name: str | None = None, texts: bool = False
) -> Objective: ...
def rank(objective: Objective | str) -> Objective: ...
def words(about: str = "") -> list[dict[str, Any]]: ...
def names() -> dict[str, dict[str, str]]: ...
def shipped() -> dict[str, list[str]]: ...  # the presets of each model
def denoiser(function: Network, *, dtype: dtype | None = None) -> Denoiser: ...
def from_network(
    network: Network,
    prediction: str,
    process: str | Mapping[str, Any] = "ddpm",
    table: Tensor | None = None,  # alphas_cumprod [T]
) -> Denoiser: ...
def solve(
    denoiser: Denoiser,
    shape: Sequence[int],
    *,
    seeds: Seeds = 0,
    levels: str | Mapping[str, Any] | Tensor = "karras",
    solver: str | Mapping[str, Any] | None = None,
    steps: int = 18,
    objective: Wish = None,
    guidance: str | Mapping[str, Any] | None = None,
    strength: float = -1,
    particles: int = 0,
    device: str | torch_device = "cpu",
    watch: Watch = None,
) -> Solution: ...
def evaluate(
    model: Model,
    data: Path | None = None,
    *,
    objective: Wish = None,
    n: int = 0,
    split: str = "test",
    judge: Path | None = None,
    features: Path | None = None,
    label: Label = None,
    beam: int = 1,
    batch: int = 50,
    seed: int = 0,
    neighbours: bool = False,
    watch: Watch = None,
    **settings: Any,
) -> dict[str, Any]: ...
def search(
    model: Model,
    objective: Objective | str,
    out: Path,
    *,
    data: Path | None = None,
    split: str = "test",
    metric: str = "",
    judge: Path | None = None,
    features: Path | None = None,
    reference: Path | None = None,
    label: Label = None,
    knobs: Sequence[str] = ...,
    samples: int = 64,
    budget: int = 0,
    sweeps: int = 6,
    method: str = "doubling",
    batch: int = 64,
    confirm: int = 0,
    seed: int = 0,
    watch: Watch = None,
    **settings: Any,
) -> dict[str, Any]: ...
def compare(
    models: Mapping[str, Model],
    plan: Path | Mapping[str, Any],
    out: Path,
    *,
    seed: int = 0,
    watch: Watch = None,
) -> dict[str, Any]: ...
def frechet(a: Tensor | Samples, b: Tensor | Samples, features: Network | Path) -> float: ...
def prepare(threads: int = 0) -> None: ...
def _set_bar(maker: Callable[[str], Any] | None) -> None: ...
def _set_share(folder: str) -> None: ...
def _torch_library() -> str: ...
