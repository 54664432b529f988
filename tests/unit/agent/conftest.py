from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch
from helpers.agent_kernel import AgentKernel, job_json, load, ship


@pytest.fixture(scope="session")
def shipped(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ship(tmp_path_factory.mktemp("agent"))


@pytest.fixture(scope="session")
def agent(shipped: Path) -> ModuleType:
    return load(shipped)


@pytest.fixture
def kernel(agent: ModuleType, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., AgentKernel]]:
    """Starts the agent on cells; keywords are fields of the job."""
    threads = torch.get_num_threads()
    started: list[AgentKernel] = []

    def start(cells: list[str] | dict[int, str], **changes: Any) -> AgentKernel:
        started.append(AgentKernel(agent, tmp_path, job_json(cells, **changes)))
        return started[-1]

    yield start
    if started:
        agent.finish()
    torch.set_num_threads(threads)
