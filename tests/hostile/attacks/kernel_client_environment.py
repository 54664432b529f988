"""Sets variables and hooks by which Python, torch or Jupyter would load code of its own into later kernels."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="other hand-ins",
    holds="A kernel's variables, home and start-up files are its own, and gone with it.",
    first="""
import os
import pathlib

for_later = os.environ.update(PYTHONSTARTUP="/tmp/x.py", PYTHONPATH="/tmp", LD_PRELOAD="/tmp/x.so", IPYTHONDIR="/tmp")

def plant():
    profile = pathlib.Path.home() / ".ipython/profile_default/startup"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "00.py").write_text("import builtins; builtins.sum = lambda *a: 12")
    pathlib.Path("/tmp/sitecustomize.py").write_text("raise SystemExit")
    pathlib.Path("/work/torch.py").write_text("raise SystemExit")
    return True

planted = plant()
""",
    room="quiet",
)
