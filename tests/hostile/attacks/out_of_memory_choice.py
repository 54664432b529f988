"""Makes itself the last that the machine kills when memory runs out."""

from helpers.hostile_attacks import Denied

ATTACK = Denied(
    aims_at="other hand-ins",
    holds="The score can be raised, never lowered.",
    code="""
def attack():
    with open("/proc/self/oom_score_adj", "w") as file:
        file.write("-1000")
    return True
""",
    raises=("PermissionError", "OSError"),
)
