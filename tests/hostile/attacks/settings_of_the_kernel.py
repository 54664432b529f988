"""Writes settings of the machine's kernel, and what a crash should run on the host."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="Nothing below /proc/sys and /sys can be written.",
    code="""
def attack():
    names = ("kernel/core_pattern", "kernel/hostname", "kernel/modprobe", "vm/overcommit_memory", "net/ipv4/ip_forward")
    for name in names:
        try:
            with open("/proc/sys/" + name, "w") as file:
                file.write("|/tmp/x")
            return name
        except OSError:
            pass
    open("/proc/sysrq-trigger", "w").write("c")
""",
    raises=("OSError", "PermissionError", "FileNotFoundError"),
)
