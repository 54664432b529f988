"""Writes to the interpreter, to its libraries, to our agent and to the job, for itself or for later kernels."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="other hand-ins",
    holds="All of it is read-only: nothing that one kernel leaves is met by another.",
    code="""
import os
import sysconfig

def attack():
    library = sysconfig.get_paths()["purelib"]
    places = "/ /usr /usr/lib /etc /env /env/bin /agent /job /dev /proc".split()
    for place in [*places, library, library + "/torch"]:
        attempts = (
            lambda: open(place + "/sitecustomize.py", "w"),
            lambda: os.mkdir(place + "/x"),
            lambda: os.chmod(place, 0o777),
        )
        for way in attempts:
            try:
                way()
                return place
            except OSError:
                pass
    for name in ("/agent/launcher.py", "/agent/_grader_agent/__init__.py", "/job/job.json", "/env/bin/python"):
        for way in (lambda: open(name, "ab"), lambda: os.unlink(name), lambda: os.rename(name, "/tmp/x")):
            try:
                way()
                return name
            except OSError:
                pass
    raise PermissionError
""",
    raises=("PermissionError",),
)
