"""What changes a process for good is tried in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.agent_kernel import job_json

from grader.evidence import CellRun

RUN = """
import json, sys
sys.path.insert(0, sys.argv[1])
agent = __import__("_grader_agent")
agent.start({}, job=sys.argv[2], evidence=sys.argv[3])
for cell in json.loads(sys.argv[4]):
    agent.cell(cell)
agent.finish()
foreign = {"grader", "pydantic", "safetensors", "IPython"}
print(sorted(foreign & set(sys.modules)))
"""


def run_in_child(shipped: Path, folder: Path, cells: list[str], **changes: object) -> tuple[list[CellRun], str]:
    (folder / "job.json").write_text(json.dumps(job_json(cells, **changes)))
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            RUN,
            str(shipped),
            str(folder / "job.json"),
            str(folder),
            json.dumps(list(range(len(cells)))),
        ],
        cwd=folder,
        env={**os.environ, "OMP_NUM_THREADS": "1", "CUDA_VISIBLE_DEVICES": ""},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    runs = [CellRun.model_validate_json((folder / f"cell-{n}.json").read_bytes()) for n in range(len(cells))]
    return runs, done.stdout


@pytest.fixture(scope="module")
def shimmed(shipped: Path, tmp_path_factory: pytest.TempPathFactory) -> list[CellRun]:
    cells = [
        "from google.colab import drive, files\ndrive.mount('/content/drive')\nup = files.upload()",
        "import google.colab.userdata as u\nsecret = u.get('KEY')",
        "import torch\nx = torch.ones(2).cuda()\ny = torch.zeros(2, device='cuda:0')\n"
        "z = torch.nn.Linear(2, 2).to('cuda')(x + y)",
        "w = x.to(device=torch.device('cuda'), dtype=torch.float64).to(torch.float32).to(y)\n"
        "n = torch.nn.ReLU().cuda()",
        "import numpy as np\na = np.zeros(2, dtype=np.float)\nb = np.int(3)",
        "plain = torch.ones(2).to('cpu')",
        "seeds = [torch.manual_seed(3).initial_seed(), torch.cuda.manual_seed_all(3), torch.xpu.manual_seed_all(3)]\n"
        "torch.cuda.manual_seed_all('no number')",
    ]
    runs, _ = run_in_child(shipped, tmp_path_factory.mktemp("shimmed"), cells, shims=["colab", "cuda", "shell"])
    return runs


def test_colab_is_answered_and_said(shimmed: list[CellRun]) -> None:
    assert {statement.status for run in shimmed[:2] for statement in run.statements} == {"ok"}
    assert shimmed[0].notes == (
        "google.colab is not here; drive.mount did nothing.",
        "google.colab is not here; files.upload did nothing.",
    )


def test_a_missing_gpu_is_answered_and_said(shimmed: list[CellRun]) -> None:
    assert {statement.status for run in shimmed[2:4] for statement in run.statements} == {"ok"}
    assert shimmed[2].notes == shimmed[3].notes == ("There is no GPU here; what was sent to one stayed on the CPU.",)
    assert shimmed[5].notes == ()


def test_a_seed_for_a_missing_gpu_is_looked_at_and_dropped(shimmed: list[CellRun]) -> None:
    seeds = shimmed[6].statements
    assert [statement.status for statement in seeds] == ["ok", "raised"]
    assert seeds[1].raised is not None
    assert seeds[1].raised.type == "ValueError"
    assert shimmed[6].notes == ()


def test_old_names_of_numpy_are_there(shimmed: list[CellRun]) -> None:
    assert [statement.status for statement in shimmed[4].statements] == ["ok"] * 3


def test_without_shims_nothing_answers_and_nothing_of_the_grader_is_imported(shipped: Path, tmp_path: Path) -> None:
    runs, printed = run_in_child(shipped, tmp_path, ["from google.colab import drive", "x = 1"])

    assert runs[0].statements[0].status == "raised"
    assert runs[1].statements[0].status == "ok"
    assert printed.strip() == "[]"
