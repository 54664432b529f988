"""GPUs are found by looking at nodes and files, and never by a driver inside of the grader."""

from __future__ import annotations

import asyncio
import ctypes
from collections.abc import Sequence
from pathlib import Path

import pytest
import torch

from grader.execute import devices, nvidia_smi
from grader.execute.bubblewrap import Bubblewrap
from grader.execute.devices import Gpu, Gpus, GpuSlots, Share, describe, find_gpus
from grader.execute.environment import KernelEnvironment
from grader.execute.layout import Devices, Launch, Paths, variables
from grader.limits import Limits

UUIDS = ("GPU-00000000-aaaa", "GPU-11111111-bbbb")
LISTED = f"""\
GPU 0: Card A (UUID: {UUIDS[0]})
GPU 1: Card B (UUID: {UUIDS[1]})
"""
CUT = f"""\
GPU 0: Card A (UUID: {UUIDS[0]})
  MIG 3g.20gb     Device  0: (UUID: MIG-first)
  MIG 4g.20gb     Device  1: (UUID: MIG-second)
GPU 1: Card B (UUID: {UUIDS[1]})
"""
INSTANCES = f"""\
<nvidia_smi_log><gpu id="a"><uuid>{UUIDS[0]}</uuid><mig_devices>
<mig_device><index>0</index><gpu_instance_id>1</gpu_instance_id><compute_instance_id>0</compute_instance_id></mig_device>
<mig_device><index>1</index><gpu_instance_id>2</gpu_instance_id><compute_instance_id>0</compute_instance_id></mig_device>
</mig_devices></gpu><gpu id="b"><uuid>{UUIDS[1]}</uuid></gpu></nvidia_smi_log>
"""


class Host:
    """A false root; its device nodes are links to /dev/null, which is a device and open to all."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.said = {"-L": "", "-q -x": ""}
        (root / "dev").mkdir()

    def nodes(self, *names: str) -> None:
        for name in names:
            path = self.root / "dev" / name
            path.parent.mkdir(exist_ok=True)
            path.symlink_to("/dev/null")

    def file(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def command(self, arguments: Sequence[str]) -> str:
        return self.said[" ".join(arguments)]

    def find(self) -> Gpus:
        return find_gpus(self.root, command=self.command)


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Host:
    monkeypatch.delenv(devices.GPUS_VARIABLE, raising=False)
    return Host(tmp_path)


@pytest.fixture
def two(host: Host) -> Host:
    host.nodes("nvidiactl", "nvidia-uvm", "nvidia-uvm-tools", "nvidia0", "nvidia1", "nvidia-modeset")
    host.said["-L"] = LISTED
    return host


def test_a_host_without_nodes_has_no_gpu(host: Host) -> None:
    host.nodes("nvidiactl")

    assert host.find() == Gpus(absent="this host has no GPU")


def test_each_card_comes_with_the_nodes_that_it_needs_and_no_other_card(two: Host) -> None:
    cards = two.find().cards

    assert [(card.name, card.minor, card.uuid) for card in cards] == [("Card A", 0, UUIDS[0]), ("Card B", 1, UUIDS[1])]
    assert [target for _, target in cards[1].nodes] == [
        "/dev/nvidiactl",
        "/dev/nvidia-uvm",
        "/dev/nvidia-uvm-tools",
        "/dev/nvidia1",
    ]


@pytest.mark.parametrize("missing", ["nvidiactl", "nvidia-uvm"])
def test_a_card_without_the_nodes_around_it_is_none_and_the_reason_is_told(missing: str, host: Host) -> None:
    host.nodes(*{"nvidiactl", "nvidia-uvm", "nvidia0"} - {missing})

    found = host.find()

    assert found.cards == ()
    assert f"/dev/{missing} is missing" in found.absent


def test_a_file_in_place_of_a_node_is_no_device(two: Host) -> None:
    (two.root / "dev" / "nvidia1").unlink()
    two.file("dev/nvidia1", "")
    (two.root / "dev" / "nvidia1").chmod(0o666)

    assert "/dev/nvidia1" in two.find().absent


def test_a_node_that_only_its_owner_may_open_is_of_no_use_to_a_kernels_own_user(
    two: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(devices.os, "geteuid", lambda: 0)
    (two.root / "dev" / "nvidia0").unlink()
    (two.root / "dev" / "nvidia0").symlink_to("/dev/mem" if Path("/dev/mem").exists() else "/dev/console")

    assert "/dev/nvidia0" in two.find().absent


def information(model: str, uuid: str, minor: int) -> str:
    return f"Model: \t\t {model}\nIRQ:   \t 35\nGPU UUID: \t {uuid}\nBus Type: \t PCIe\nDevice Minor: \t {minor}\n"


def test_the_driver_says_which_node_is_which_card_whatever_order_the_command_has(two: Host) -> None:
    two.file("proc/driver/nvidia/gpus/0000:01:00.0/information", information("Card A", UUIDS[0], 1))
    two.file("proc/driver/nvidia/gpus/0000:02:00.0/information", information("Card B", UUIDS[1], 0))

    assert [(card.name, card.uuid) for card in two.find().cards] == [("Card B", UUIDS[1]), ("Card A", UUIDS[0])]


def test_a_card_that_the_driver_has_not_looked_at_yet_is_named_by_the_command(two: Host) -> None:
    two.file("proc/driver/nvidia/gpus/0000:01:00.0/information", information("Card A", "GPU-????????-????", 0))

    assert [(card.name, card.uuid) for card in two.find().cards] == [("Card A", UUIDS[0]), ("Card B", UUIDS[1])]


def test_a_card_of_which_nothing_is_told_is_named_by_its_number(two: Host) -> None:
    two.said["-L"] = "nonsense\n"

    card = two.find().cards[1]

    assert (card.name, card.uuid) == ("GPU", None)
    assert Share(gpu=card, fraction=1.0).devices.variables["CUDA_VISIBLE_DEVICES"] == "0"


def test_slices_of_a_card_are_lent_with_their_own_capabilities(two: Host) -> None:
    two.said |= {"-L": CUT, "-q -x": INSTANCES}
    two.nodes(*(f"nvidia-caps/nvidia-cap{number}" for number in (1, 2, 12, 13, 21, 22)))
    for instance, numbers in (("gi1", (12, 13)), ("gi2", (21, 22))):
        home = f"proc/driver/nvidia/capabilities/gpu0/mig/{instance}"
        two.file(f"{home}/access", f"DeviceFileMinor: {numbers[0]}\nDeviceFileMode: 292\n")
        two.file(f"{home}/ci0/access", f"DeviceFileMinor: {numbers[1]}\nDeviceFileMode: 292\n")

    cards = two.find().cards

    assert [card.uuid for card in cards] == ["MIG-first", "MIG-second", UUIDS[1]]
    assert cards[0].name == "Card A, 3g.20gb"
    assert [target for _, target in cards[1].nodes][-3:] == [
        "/dev/nvidia0",
        "/dev/nvidia-caps/nvidia-cap21",
        "/dev/nvidia-caps/nvidia-cap22",
    ]


def test_a_slice_whose_capabilities_cannot_be_told_is_not_lent(two: Host) -> None:
    two.said |= {"-L": CUT, "-q -x": "<not xml"}
    two.nodes("nvidia-caps/nvidia-cap1")
    assert [card.uuid for card in two.find().cards] == [UUIDS[1]]

    two.said["-L"] = CUT.replace("GPU 1", "GPU 7")
    (two.root / "dev" / "nvidia1").unlink()
    two.said["-L"] = CUT.partition("GPU 1")[0]
    assert "no slice" in two.find().absent


@pytest.mark.parametrize(("wanted", "minors"), [("0,1", [0, 1]), (" 1 ", [1]), ("1,7", [1])])
def test_a_variable_says_which_cards_kernels_may_use(
    wanted: str, minors: list[int], two: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(devices.GPUS_VARIABLE, wanted)

    assert [card.minor for card in two.find().cards] == minors


@pytest.mark.parametrize("wanted", ["", "7", "all"])
def test_a_variable_that_names_no_card_leaves_none_and_the_reason_is_told(
    wanted: str, two: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(devices.GPUS_VARIABLE, wanted)

    assert two.find() == Gpus(absent=f"GRADER_GPUS is {wanted!r}, and the cards of this host are 0, 1")


def test_the_doctor_has_a_line_for_cards_and_one_for_none(two: Host) -> None:
    assert describe(two.find()).startswith("0: Card A, 1: Card B; ")
    assert describe(Gpus()).startswith("none (this host has no GPU); ")


@pytest.mark.parametrize("program", ["exit 1", "exec sleep 60"], ids=["fails", "hangs"])
def test_a_command_that_is_of_no_help_says_nothing(
    program: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(nvidia_smi, "_SECONDS", 0.2)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{program}\n")
    (tmp_path / "nvidia-smi").chmod(0o755)

    assert nvidia_smi.ask(["-L"]) == ""


def test_what_the_command_prints_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    (tmp_path / "nvidia-smi").write_text('#!/bin/sh\necho "asked $*"\n')
    (tmp_path / "nvidia-smi").chmod(0o755)

    assert nvidia_smi.ask(["-q", "-x"]) == "asked -q -x\n"


def test_looking_for_gpus_asks_neither_torch_nor_a_library_of_the_driver(
    two: Host, monkeypatch: pytest.MonkeyPatch
) -> None:
    def asked(*_: object, **__: object) -> None:
        raise AssertionError("the grader would have touched CUDA")

    for owner, name in ((torch.cuda, "is_available"), (torch.cuda, "device_count"), (torch.cuda, "_lazy_init")):
        monkeypatch.setattr(owner, name, asked)
    monkeypatch.setattr(ctypes, "CDLL", asked)

    assert len(two.find().cards) == 2


# -- lending

CARDS = Gpus(cards=tuple(Gpu(name=f"C{minor}", minor=minor, uuid=f"GPU-{minor}", nodes=()) for minor in range(2)))


def test_the_card_of_which_least_is_lent_goes_first() -> None:
    async def borrow() -> list[str]:
        slots = GpuSlots(CARDS, 0.5)
        async with slots.one() as first, slots.one() as second, slots.one() as third, slots.one() as fourth:
            names = [share.gpu.name for share in (first, second, third, fourth)]
        async with slots.one() as again:
            return [*names, again.gpu.name]

    assert asyncio.run(borrow()) == ["C0", "C1", "C0", "C1", "C0"]


def test_who_waits_longest_is_served_first_and_one_who_gives_up_costs_nothing() -> None:
    order: list[str] = []

    async def wait(slots: GpuSlots, name: str) -> None:
        async with slots.one():
            order.append(name)
            await asyncio.sleep(0)

    async def queue() -> None:
        slots = GpuSlots(Gpus(cards=CARDS.cards[:1]), 1.0)
        async with slots.one():
            waiting = [asyncio.create_task(wait(slots, name)) for name in "abcd"]
            await asyncio.sleep(0)
            waiting[1].cancel()
            await asyncio.sleep(0)
        await asyncio.gather(*waiting, return_exceptions=True)

    asyncio.run(queue())
    assert order == ["a", "c", "d"]


@pytest.mark.parametrize(("fraction", "kernels"), [(1.0, 2), (0.75, 2), (0.5, 4), (1 / 3, 6), (0.1, 20)])
def test_a_fraction_says_how_many_kernels_share_a_card(fraction: float, kernels: int) -> None:
    assert len(GpuSlots(CARDS, fraction)) == kernels


# -- into the kernel

NODES = ((Path("/dev/null"), "/dev/nvidia0"), (Path("/dev/null"), "/dev/nvidia-caps/nvidia-cap1"))


def launch(tmp_path: Path, lent: Devices | None = None) -> Launch:
    environment = KernelEnvironment(path=tmp_path, digest="d")
    return Launch(environment=environment, limits=Limits(), job={}, key="k", devices=lent or Devices())


def test_a_kernel_without_a_share_is_told_that_there_is_no_card(tmp_path: Path) -> None:
    assert variables(launch(tmp_path), Paths())["CUDA_VISIBLE_DEVICES"] == ""


def test_a_kernel_with_a_share_is_told_which_card(tmp_path: Path) -> None:
    lent = Devices(nodes=NODES, variables={"CUDA_VISIBLE_DEVICES": "GPU-0"})

    assert variables(launch(tmp_path, lent), Paths())["CUDA_VISIBLE_DEVICES"] == "GPU-0"


@pytest.mark.sandbox
def test_bubblewrap_binds_the_nodes_as_devices(tmp_path: Path) -> None:
    command = Bubblewrap().command(launch(tmp_path, Devices(nodes=NODES)), ["-c", ""], ready=None)
    command.close()
    words = command.argv

    places = [place for place, word in enumerate(words) if word == "--dev-bind"]
    assert [tuple(words[place + 1 : place + 3]) for place in places] == [(str(here), there) for here, there in NODES]
    assert all(words.index("--dev") < place < words.index("--remount-ro") for place in places)
