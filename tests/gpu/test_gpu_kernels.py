"""Kernels that train on a real card: what it costs, how many go side by side, and what one sees of another."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from helpers.gpu_cases import train, used_mib, watching_memory

from grader.execute.devices import Gpus

pytestmark = [pytest.mark.gpu, pytest.mark.sandbox, pytest.mark.timeout(900)]
Figure = Callable[..., None]

FIRST_PRODUCT = """\
import json, time, torch
begun = time.perf_counter()
x = torch.ones(1024, 1024, device="cuda")
total = (x @ x).sum().item()
print(json.dumps({"seconds": time.perf_counter() - begun, "total": total}))  # TRAIN
"""
HOLD = """\
import json, time, torch
x = torch.ones(1024, 1024, device="cuda")
y = (x @ x).sum().item()
time.sleep(4)
print(json.dumps({"reserved": torch.cuda.memory_reserved()}))  # TRAIN
"""
TRAIN = """\
import json, torch
torch.manual_seed(0)
model = torch.nn.Sequential(torch.nn.Linear(256, 512), torch.nn.ReLU(), torch.nn.Linear(512, 10)).cuda()
optimiser = torch.optim.SGD(model.parameters(), lr=0.01)
x, y = torch.randn(512, 256, device="cuda"), torch.randint(10, (512,), device="cuda")
for _ in range(30):
    optimiser.zero_grad()
    loss = torch.nn.functional.cross_entropy(model(x), y)
    loss.backward()
    optimiser.step()
print(json.dumps({"loss": loss.item(), "device": str(loss.device)}))  # TRAIN
"""
SEEN = """\
import glob, json, os, torch
print(json.dumps({
    "nodes": sorted(glob.glob("/dev/nvidia[0-9]*")),
    "cards": torch.cuda.device_count(),
    "usable": torch.cuda.is_available(),
}))  # TRAIN
"""
MARK = """\
import json, time, torch
marked = torch.full((64 << 20,), 0x5A5A5A5A, dtype=torch.int32, device="cuda")
torch.cuda.synchronize()
time.sleep(8)
print(json.dumps({"marked": int(marked[0])}))  # TRAIN
"""
SEARCH = """\
import json, shutil, subprocess, time, torch
time.sleep(3)
free, total = torch.cuda.mem_get_info()
found = 0
blocks = []
for _ in range(64):
    try:
        block = torch.empty(8 << 20, dtype=torch.int32, device="cuda")
    except torch.cuda.OutOfMemoryError:
        break
    blocks.append(block)
    found += int((block == 0x5A5A5A5A).sum())
smi = shutil.which("nvidia-smi")
said = subprocess.run([smi], capture_output=True, text=True).stdout if smi else ""
print(json.dumps({"found": found, "free": free, "total": total, "smi": said.count("MiB")}))  # TRAIN
"""


def test_the_first_result_of_cuda_comes_from_the_card(gpus: Gpus, figure: Figure, tmp_path: Path) -> None:
    on_cpu = train(tmp_path, [FIRST_PRODUCT.replace('device="cuda"', 'device="cpu"')], gpus=Gpus())
    on_card = train(tmp_path, [FIRST_PRODUCT], gpus=gpus)

    assert on_card.device() != "cpu"
    assert on_card.printed()["total"] == on_cpu.printed()["total"] == 1024.0**3
    figure("start", what="a kernel that multiplies on the CPU, its template included", value=on_cpu.wall_s, unit="s")
    figure("start", what="the same on the card, its context included too", value=on_card.wall_s, unit="s")
    figure("start", what="the first product, the context being there", value=on_card.printed()["seconds"], unit="s")


def test_a_kernel_gives_its_memory_back_when_it_ends(gpus: Gpus, figure: Figure, tmp_path: Path) -> None:
    card = gpus.cards[0]
    before = used_mib(card.uuid)

    with watching_memory(card.uuid) as seen:
        taken = train(tmp_path, [HOLD], gpus=Gpus(cards=(card,)))

    after = used_mib(card.uuid)
    assert max(seen) > before
    assert after <= before + 16
    reserved = taken.printed()["reserved"] >> 20
    figure("memory", what="of the card, for one kernel", value=max(seen) - before, unit="MiB")
    figure("memory", what="of that, reserved by torch for tensors", value=reserved, unit="MiB")


@pytest.mark.parametrize("kernels", [1, 2, 4, 8])
def test_kernels_train_side_by_side_on_one_card(kernels: int, gpus: Gpus, figure: Figure, tmp_path: Path) -> None:
    card = Gpus(cards=gpus.cards[:1])

    taken = train(tmp_path, *[[TRAIN]] * kernels, gpus=card, fraction=1 / kernels)

    printed = [taken.printed(f"s{number}") for number in range(kernels)]
    assert {item["device"] for item in printed} == {"cuda:0"}
    assert len({round(item["loss"], 4) for item in printed}) == 1
    figure("beside", what=f"{kernels} kernels on one card, all of them", value=taken.wall_s, unit="s")


def test_a_kernel_sees_its_own_card_and_one_without_a_share_sees_none(gpus: Gpus, tmp_path: Path) -> None:
    taken = train(tmp_path, *[[SEEN]] * (2 * len(gpus.cards)), gpus=gpus)

    for number in range(2 * len(gpus.cards)):
        seen = taken.printed(f"s{number}")
        assert (len(seen["nodes"]), seen["cards"]) == (1, 1)
    without = train(tmp_path, [SEEN], gpus=Gpus()).printed()
    assert without == {"nodes": [], "cards": 0, "usable": False}


def test_a_student_finds_nothing_that_another_wrote_to_the_card(gpus: Gpus, figure: Figure, tmp_path: Path) -> None:
    card = Gpus(cards=gpus.cards[:1])

    beside = train(tmp_path, [MARK], [SEARCH], gpus=card, fraction=0.5)
    afterwards = train(tmp_path, [SEARCH], gpus=card, fraction=0.5).printed()

    seen = beside.printed("s1")
    assert beside.printed("s0")["marked"] == 0x5A5A5A5A
    assert (seen["found"], afterwards["found"]) == (0, 0)
    used = (seen["total"] - seen["free"]) >> 20
    figure("apart", what="words of another's found in fresh memory, beside it and after it", value=0, unit="")
    figure("apart", what="memory in use by all, which every kernel can ask for", value=used, unit="MiB")
    figure("apart", what="lines about memory that nvidia-smi prints inside of a kernel", value=seen["smi"], unit="")


def test_a_share_of_the_memory_is_kept_by_torch(gpus: Gpus, tmp_path: Path) -> None:
    greedy = (
        "import torch\nfree, total = torch.cuda.mem_get_info()\n"
        "x = torch.empty(int(total * 0.6), dtype=torch.uint8, device='cuda')  # TRAIN"
    )

    record = train(tmp_path, [greedy], gpus=Gpus(cards=gpus.cards[:1]), fraction=0.5).record()

    raised = record.cells[0].statements[0].raised
    assert raised is not None
    assert "OutOfMemoryError" in raised.type
