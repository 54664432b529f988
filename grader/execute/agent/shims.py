"""What answers in the place of services that are not here, and says so."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from types import ModuleType
from typing import Any

import torch

Note = Callable[[str], None]
_CUDA_NOTE = "There is no GPU here; what was sent to one stayed on the CPU."
_FACTORIES = (
    "arange",
    "as_tensor",
    "empty",
    "empty_like",
    "eye",
    "full",
    "full_like",
    "linspace",
    "normal",
    "ones",
    "ones_like",
    "rand",
    "rand_like",
    "randint",
    "randn",
    "randn_like",
    "randperm",
    "tensor",
    "zeros",
    "zeros_like",
)
_OLD_NUMPY_NAMES: dict[str, type] = {"float": float, "int": int, "object": object, "str": str, "bool": bool}


def install(names: tuple[str, ...], note: Note, *, gpu: bool) -> None:
    """Put the shims of these names (`colab`, `cuda`) in place, and names that NumPy once had.

    Args:
        names: as the rubric lists them.
        note: takes what a shim has to say.
        gpu: True if there is a GPU to be used, so that nothing stands in for it.
    """
    if "colab" in names:
        _install_colab(note)
    if "cuda" in names and not gpu:
        _install_cuda(note)
    try:
        numpy = importlib.import_module("numpy")
    except ImportError:
        return
    for name, value in _OLD_NUMPY_NAMES.items():
        if name not in vars(numpy):
            setattr(numpy, name, value)


def _install_colab(note: Note) -> None:
    def silent(name: str, answer: Any = None) -> Callable[..., Any]:
        def call(*arguments: Any, **keywords: Any) -> Any:
            note(f"google.colab is not here; {name} did nothing.")
            return answer() if callable(answer) else answer

        return call

    modules: dict[str, dict[str, Any]] = {
        "auth": {"authenticate_user": silent("auth.authenticate_user")},
        "drive": {name: silent(f"drive.{name}") for name in ("mount", "flush_and_unmount")},
        "files": {
            "upload": silent("files.upload", dict),
            "download": silent("files.download"),
            "view": silent("files.view"),
        },
        "output": {"clear": silent("output.clear")},
        "patches": {"cv2_imshow": silent("patches.cv2_imshow")},
        "userdata": {"get": silent("userdata.get", "")},
    }
    colab = ModuleType("google.colab")
    colab.__path__ = []
    for name, contents in modules.items():
        module = ModuleType(f"google.colab.{name}")
        vars(module).update(contents)
        setattr(colab, name, module)
        sys.modules[module.__name__] = module
    try:
        google = importlib.import_module("google")
    except ImportError:
        google = ModuleType("google")
        google.__path__ = []
        sys.modules["google"] = google
    sys.modules["google.colab"] = colab
    vars(google)["colab"] = colab


def _asks_for_cuda(value: Any) -> bool:
    if isinstance(value, torch.device):
        return value.type == "cuda"
    return isinstance(value, str) and value.partition(":")[0] == "cuda"


def _seed_nothing(seed: int) -> None:
    """Stands for what would keep the seed, and the text of the whole stack, for a device that may yet be found."""
    int(seed)


def _install_cuda(note: Note) -> None:
    def on_cpu(function: Callable[..., Any]) -> Callable[..., Any]:
        """`function` with every GPU among its arguments replaced by the CPU."""

        @functools.wraps(function)
        def call(*arguments: Any, **keywords: Any) -> Any:
            for value in (*arguments, *keywords.values()) if keywords else arguments:
                if isinstance(value, (str, torch.device)) and _asks_for_cuda(value):  # calls are many, devices few
                    break
            else:
                return function(*arguments, **keywords)
            note(_CUDA_NOTE)
            arguments = tuple("cpu" if _asks_for_cuda(value) else value for value in arguments)
            keywords = {name: "cpu" if _asks_for_cuda(value) else value for name, value in keywords.items()}
            return function(*arguments, **keywords)

        return call

    def stay(self: Any, *arguments: Any, **keywords: Any) -> Any:
        note(_CUDA_NOTE)
        return self

    for owner in (torch.Tensor, torch.nn.Module):
        owner.cuda = stay  # type: ignore[method-assign]  # replacing it is the purpose
        owner.to = on_cpu(owner.to)  # type: ignore[method-assign]  # the same
    for name in _FACTORIES:
        setattr(torch, name, on_cpu(getattr(torch, name)))
    for kind in ("cuda", "xpu"):
        if hasattr(torch, kind):  # not every torch knows each of them
            vars(getattr(torch, kind))["manual_seed_all"] = _seed_nothing
