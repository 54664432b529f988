"""Reads files of the host: its users, its secrets, the grader's own checkout."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="the host",
    holds="No file of the host's is there beyond the system's programs.",
    code="""
from pathlib import Path

def attack():
    for place in ("/etc/passwd", "/etc/shadow", "/root", "/home", "@SECRET@", "@REPOSITORY@"):
        for way in (place, "/proc/1/root" + place, "/proc/self/root" + place, "/proc/self/cwd/.." + place):
            if Path(way).exists():
                return way
    raise FileNotFoundError
""",
    raises=("FileNotFoundError", "PermissionError"),
)
