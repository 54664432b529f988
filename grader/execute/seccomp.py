"""The system calls that no kernel may make, compiled once into a filter that bubblewrap loads.

A deny list: a notebook may do what a program may do, except reach for other processes, mounts, namespaces and the
parts of the kernel with a history of holes. It is the second line; namespaces and lost capabilities are the first.
"""

from __future__ import annotations

import errno
import os
from functools import cache

_DENIED = (
    "ptrace process_vm_readv process_vm_writev process_madvise kcmp pidfd_getfd "
    "bpf perf_event_open userfaultfd keyctl add_key request_key "
    "mount umount2 pivot_root chroot move_mount open_tree fsopen fsmount fsconfig fspick mount_setattr unshare setns "
    "io_uring_setup io_uring_enter io_uring_register "
    "kexec_load kexec_file_load init_module finit_module delete_module "
    "open_by_handle_at name_to_handle_at quotactl reboot swapon swapoff syslog acct "
    "shmget shmat memfd_create memfd_secret "  # memory that no limit of a process and no tmpfs counts
    "settimeofday clock_settime clock_adjtime adjtimex lookup_dcookie iopl ioperm vhangup fanotify_init"
)
_NEW_NAMESPACES = (0x00020000, 0x02000000, 0x04000000, 0x08000000, 0x10000000, 0x20000000, 0x40000000)
_TERMINAL_INJECTION = (0x5412, 0x541C)  # TIOCSTI, TIOCLINUX
_FAMILIES = (1, 2, 10, 16)  # Unix, IPv4, IPv6, netlink
"""Sockets that a namespace divides. Of the others, AF_VSOCK reaches the machine below this one from any namespace."""
_LAST_FAMILY = 45


@cache
def seccomp_program() -> bytes | None:
    """The filter as the kernel reads it; None if libseccomp is not installed."""
    try:
        import pyseccomp  # imports the library itself, which a host may lack
    except (ImportError, OSError, RuntimeError):
        return None
    program = pyseccomp.SyscallFilter(pyseccomp.ALLOW)
    for name in _DENIED.split():
        try:
            program.add_rule(pyseccomp.ERRNO(errno.EPERM), name)
        except (OSError, ValueError, RuntimeError):
            continue  # a call that this architecture or library does not know cannot be made by that name either
    for flag in _NEW_NAMESPACES:
        mask = pyseccomp.Arg(0, pyseccomp.MASKED_EQ, flag, flag)
        program.add_rule(pyseccomp.ERRNO(errno.EPERM), "clone", mask)
    program.add_rule(
        pyseccomp.ERRNO(errno.ENOSYS), "clone3"
    )  # its flags are behind a pointer; libc falls back to clone
    for request in _TERMINAL_INJECTION:
        mask = pyseccomp.Arg(1, pyseccomp.MASKED_EQ, 0xFFFFFFFF, request)
        program.add_rule(pyseccomp.ERRNO(errno.EPERM), "ioctl", mask)
    for family in range(_LAST_FAMILY + 1):
        if family not in _FAMILIES:
            program.add_rule(
                pyseccomp.ERRNO(errno.EAFNOSUPPORT), "socket", pyseccomp.Arg(0, pyseccomp.MASKED_EQ, 0xFFFFFFFF, family)
            )
    above = pyseccomp.Arg(0, pyseccomp.GT, _LAST_FAMILY)
    program.add_rule(pyseccomp.ERRNO(errno.EAFNOSUPPORT), "socket", above)
    descriptor = os.memfd_create("seccomp")
    try:
        with os.fdopen(os.dup(descriptor), "wb") as file:
            program.export_bpf(file)
        return os.pread(descriptor, 1 << 20, 0)
    finally:
        os.close(descriptor)
