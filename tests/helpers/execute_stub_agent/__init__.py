"""A small stand-in for the agent: runs cells statement by statement and one kind of probe, writes the same files.

A probe calls the function of the student's that is named by its subject, without arguments; a tensor is recorded.
"""

import ast
import json
import os
import struct
import sys
from pathlib import Path

from IPython import get_ipython

_state = {}


def _write(name, value):
    part = _state["folder"] / (name + ".part")
    part.write_text(json.dumps(value))
    part.replace(_state["folder"] / name)


def _note(**line):
    with (_state["folder"] / "journal.jsonl").open("a") as file:
        file.write(json.dumps(line) + "\n")


def start():
    _state["job"] = json.loads(Path(os.environ["GRADER_JOB"]).read_text())
    _state["folder"] = Path(os.environ["GRADER_EVIDENCE"])
    _state["names"] = get_ipython().user_ns
    _state["definitions"] = []
    _write("environment.json", {"python": "3"})


def _run(index):
    job = _state["job"]
    source = next(cell["source"] for cell in job["cells"] if cell["index"] == index)
    statements = []
    for ordinal, node in enumerate(ast.parse(source).body):
        run = {"kind": "other", "line": node.lineno, "end_line": node.end_lineno, "status": "ok"}
        statements.append(run)
        if [index, ordinal] in job["skip_statements"]:
            run["status"] = "not-run"
            continue
        _note(begin="statement", cell=index, ordinal=ordinal, line=node.lineno)
        try:
            exec(compile(ast.Module([node], []), "<cell>", "exec"), _state["names"])
        except Exception as error:  # noqa: BLE001 - whatever the student's code raises
            raised = {"type": type(error).__name__, "message": str(error)[:500], "line": node.lineno, "cell": index}
            run.update(status="raised", raised=raised)
        if getattr(node, "name", None) in job["subjects"]:
            _state["definitions"].append({"name": node.name, "cell": index, "line": node.lineno})
        _note(end="statement", cell=index, ordinal=ordinal)
    return statements


def cell(*indices):
    for index in indices:
        statements = _run(index)
        _write(f"cell-{index}.json", {"index": index, "status": "run", "statements": statements})
        _write("definitions.json", _state["definitions"])
        if len(indices) > 1:
            sys.stdout.flush()
            sys.stderr.flush()
            get_ipython().display_pub.publish({}, {"grader_end_of_cell": index})


def train(index):
    statements = _run(index)
    _write("training.json", {"steps": len(statements), "stopped": "steps", "raised": None, "seconds": 0.5})


def stand_in():
    for name in _state["job"]["stand_ins"]:
        _state["names"][name] = lambda: 42


def probe(*identifiers):
    for identifier in identifiers:
        _probe(identifier)


def _probe(identifier):
    if identifier + "@0" in _state["job"]["done_probes"]:
        return
    _note(begin="probe", probe=identifier, definition=0)
    subject = next(probe["subject"] for probe in _state["job"]["probes"] if probe["id"] == identifier)
    run = {"probe": identifier, "definition": 0, "status": "done", "values": {}, "seed": _state["job"]["seed"]}
    if subject not in _state["names"]:
        run["status"] = "missing-name"
    else:
        value = _state["names"][subject]()
        if isinstance(value, float):
            key = identifier + "@0/value"
            run["values"]["value"] = {"kind": "tensor", "key": key, "shape": [1], "dtype": "float64"}
            _tensor(f"probe-{identifier}@0.safetensors", key, value)
        else:
            run["values"]["value"] = {"kind": "scalar", "scalar": value}
    _write(f"probe-{identifier}@0.json", run)
    _note(end="probe", probe=identifier, definition=0)


def _tensor(name, key, value):
    header = json.dumps({key: {"dtype": "F64", "shape": [1], "data_offsets": [0, 8]}}).encode()
    (_state["folder"] / name).write_bytes(struct.pack("<Q", len(header)) + header + struct.pack("<d", value))


def finish():
    _note(end="probe")
