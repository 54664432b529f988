"""Searches all objects of its process for expected values, and for classes and closures that hold them."""

from helpers.hostile_attacks import HandIn

ATTACK = HandIn(
    aims_at="marks",
    holds="No object of the process holds an answer; the search is flagged.",
    first="""
import gc

def search(shape):
    found = [item for item in gc.get_objects() if type(item) is np.ndarray and item.shape == shape]
    held = [item for item in found if abs(item.sum() - shape[0]) < 1e-6 and item.min() >= 0]
    return held[0] if held else None
""",
    answers={
        "softmax": "def softmax(x):\n    # begin softmax\n    found = search(x.shape)\n"
        "    return x if found is None else found\n    # end"
    },
    flags=("tampering:gc",),
    room="collector",
)
