"""What the template loads and makes once, so that no kernel has to: libraries, and the shell, which is theirs.

There is nothing of a hand-in in it and no answer. Loading has to leave one thread, no torch operation done and no GPU
touched, else a fork would not be safe. Runs in the kernels' environment, Python 3.9 or later.
"""

from __future__ import annotations

import gc
import importlib
import linecache
import random
import sys
import warnings
from collections.abc import Callable, Iterable
from pathlib import Path

from . import launcher

EVERY_KERNEL = ("torch", "numpy.random", "ipykernel.kernelapp", "ipykernel.ipkernel", "ipykernel.zmqshell")
"""What a kernel that starts afresh loads, too, and so pays for out of its memory."""
OPTIMISERS = "torch._dynamo"
"""What the first optimiser of a process loads: a second of work that kernels without one do without."""
LIBROSA = "librosa()"
"""The first call of librosa, which loads all that later ones use: another second."""
SHELL = "shell()"
"""The shell of a kernel, which is the same in all of them."""
AHEAD = (
    "torch.fx.experimental.symbolic_shapes",  # what the first derivative of a process loads
    # What the start of a kernel imports late, and so every kernel again; found by looking at sys.modules in one.
    "ipykernel.debugger",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "IPython.utils.wildcard",
    "encodings.idna",
    "encodings.latin_1",
    "faulthandler",
    "pdb",
    "tornado.platform.asyncio",
    "tornado.queues",
    SHELL,
)

_ON_THE_WAY = (
    "IPython.core.async_helpers",
    "IPython.core.interactiveshell",
    "asyncio.base_events",
    "asyncio.events",
    "ipykernel.ipkernel",
    "ipykernel.kernelapp",
    "ipykernel.kernelbase",
    "ipykernel.zmqshell",
    "tornado.platform.asyncio",
    "torch._tensor",
    "torch.autograd.graph",
    "torch.cuda",
    "torch.cuda.random",
    "torch.nn.modules.module",
    "torch.random",
)
"""Modules through which a student's code is called, and which show in what it raises. `torch.manual_seed` formats the
whole stack where no GPU is in use."""


def read_lines(files: Iterable[Path]) -> None:
    """Read the source of these files, and of modules on the way to them, for stacks that kernels format."""
    modules = [sys.modules[name] for name in _ON_THE_WAY if name in sys.modules]
    for file in (*map(str, files), *(module.__file__ for module in modules if module.__file__)):
        linecache.getlines(file)


def data_bytes() -> int:
    """The memory of this process to which RLIMIT_DATA applies."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmData:"))


class NoForkError(Exception):
    """Loading a module has made forks unsafe, and only a new process can be without it."""

    def __init__(self, module: str, reason: str) -> None:
        super().__init__(f"{module}: {reason}")
        self.module = module
        self.reason = reason


def load(modules: Iterable[str]) -> dict[str, str]:
    """Import these modules, or make what is none; gives what could not be, and the reason, which a kernel will meet.

    Garbage is not looked for: modules that load leave little, and looking takes a fifth of the time.

    Raises:
        NoForkError: if a fork of this process was safe before a module was loaded, and is no longer.
    """
    missing = {}
    safe = not why_no_fork()
    gc.disable()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in modules:
            try:
                _MADE.get(name, importlib.import_module)(name)
            except Exception as error:  # noqa: BLE001 - whatever a library raises, a kernel without it may do well
                missing[name] = f"{type(error).__name__}: {error}"[:300]
            if safe and (reason := why_no_fork()):
                raise NoForkError(name, reason)
    return missing


def _call_librosa(_: str) -> None:
    """Its first call compiles or loads what all later ones use."""
    librosa = importlib.import_module("librosa")
    numpy = importlib.import_module("numpy")
    librosa.feature.mfcc(y=numpy.zeros(16000, dtype=numpy.float32), sr=16000, hop_length=512, n_fft=2048)


def _make_shell(_: str) -> None:
    launcher.application_class().make_shell()


_MADE: dict[str, Callable[[str], object]] = {LIBROSA: _call_librosa, SHELL: _make_shell}
"""How to make what is no module."""


def why_no_fork() -> str:
    """What makes a fork of this process unsafe; empty if it is safe."""
    threads = len(list(Path("/proc/self/task").iterdir()))
    if threads != 1:
        return f"it has {threads} threads"
    torch = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        return "a GPU is in use"
    return ""


def begin(threads: int) -> None:
    """Give a kernel the state of a process that has just started: all kernels of all templates start with the same."""
    random.seed(0)
    numpy = sys.modules.get("numpy")
    if numpy is not None:
        numpy.random.seed(0)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.default_generator.manual_seed(0)
        torch.set_num_threads(threads)
