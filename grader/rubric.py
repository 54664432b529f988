"""rubric.yaml -> Rubric, with errors that name file and line.

The loader checks the shape that all rubrics share; the parameters of a kind of answer are checked by the kind.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationError, field_validator, model_validator
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError

from grader.errors import RubricError
from grader.limits import Limits
from grader.probes import Probe
from grader.records import Mark, Record
from grader.supplies import read_supplies

Show = Literal["none", "state", "misconception", "gap"]
_COMMON = {"id", "title", "marks", "kind", "checks", "uses", "show", "charge", "markers"}


class Check(Record):
    """One check that a kind of answer performs."""

    id: str = Field(pattern=r"^[A-Za-z0-9_.\-]+$")
    kind: str
    marks: Mark = Field(ge=0)
    parameters: dict[str, Any] = {}
    """What the kind needs to know; validated by the kind."""
    line: int = 0
    """Line in rubric.yaml, for error messages."""


class Question(Record):
    """One question; its marks are those of its checks, from here and from the tests."""

    id: str = Field(pattern=r"^[A-Za-z0-9_.\-]+$")
    title: str
    marks: Mark = Field(ge=0)
    checks: tuple[Check, ...] = ()
    uses: tuple[str, ...] = ()
    """Questions on whose answers this one builds."""
    show: Show = "gap"
    line: int = 0


class Markers(Record):
    """How the student version fences the student's code; regular expressions over one line."""

    start: str
    """With a group named `question`."""
    end: str

    @field_validator("start", "end")
    @classmethod
    def _compiles(cls, value: str) -> str:
        try:
            re.compile(value)
        except re.error as error:
            raise ValueError(f"not a regular expression: {error}") from error
        return value

    @model_validator(mode="after")
    def _names_the_question(self) -> Markers:
        if "question" not in re.compile(self.start).groupindex:
            raise ValueError("`start` needs a group (?P<question>...)")
        return self


class Mount(Record):
    """A folder of the rubric's that kernels see read-only."""

    source: str
    target: str = Field(pattern=r"^/(content|data|kaggle|mnt)(/|$)")


class Training(Record):
    """Which cells train, and when they are run."""

    contains: tuple[str, ...] = (".backward(", ".step(")
    """A cell that has all of these texts trains."""
    when: Literal["never", "executed", "always"] = "executed"
    """`executed`: only if the hand-in has stored outputs of the cell."""
    definitions_after: bool = False
    device: Literal["cpu", "gpu"] = "cpu"
    """`gpu`: on one where the host has one, otherwise on the CPU, which the page says. Probes never leave the CPU."""
    fraction: float = Field(default=1.0, gt=0, le=1)
    """Of a GPU, for one kernel: 0.25 lets four kernels share a card."""

    @model_validator(mode="after")
    def _fraction_of_something(self) -> Training:
        if self.device == "cpu" and self.fraction != 1:
            raise ValueError("`fraction` is of a GPU, so it needs `device: gpu`")
        return self


class Execution(Record):
    """What is run, and with what around it."""

    mounts: tuple[Mount, ...] = ()
    shims: tuple[Literal["colab", "cuda", "shell"], ...] = ("colab", "cuda", "shell")
    supplies: dict[str, str] = {}
    """Module -> source of helpers that the course gives its students; in rubric.yaml a list of files beside it."""
    stand_ins: dict[str, str] = {}
    """Name of the coursework's -> dotted name of a torch class that may stand in for it."""
    training: Training = Training(when="never")
    limits: Limits = Limits()
    threads: int = Field(default=1, ge=1, le=16)
    preload: tuple[Annotated[str, Field(pattern=r"^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$")], ...] = ()
    """Modules that kernels find loaded, beside torch, NumPy and IPython; loading them must start no thread."""


class Lateness(Record):
    """What a late hand-in loses."""

    percent: Mark = Field(ge=0, le=100)
    """Of the maximum, for each period begun."""
    period_hours: float = Field(gt=0)
    grace_hours: float = Field(default=0.0, ge=0)
    maximum_percent: Mark = Field(default=Decimal(100), ge=0, le=100)


class Rubric(Record):
    """A coursework, as its folder describes it."""

    title: str
    folder: Path
    questions: tuple[Question, ...] = Field(min_length=1)
    probes: tuple[Probe, ...] = ()
    solution: str = "solution.ipynb"
    markers: Markers | None = None
    execution: Execution = Execution()
    oracle: str | None = None
    """Name of the entry point in `grader.oracles`."""
    policies: dict[str, str] = {}
    """The instructor's choices; which there are, the oracle and the kinds of answers say."""
    forbids: tuple[str, ...] = ()
    """Dotted names whose use is flagged for a person."""
    answers: tuple[str, ...] = ()
    """Names that a hand-in should define, beside those that questions name; used to choose among notebooks."""
    texts: bool = False
    """True if a text (.md, .txt) may be handed in in place of a notebook."""
    attempts: Literal["last", "best", "first"] = "last"
    lateness: Lateness | None = None
    contact: str = "the course staff"
    """Whom a student asks about a mark."""

    @field_validator("policies", mode="before")
    @classmethod
    def _numbers_are_words(cls, value: Any) -> Any:
        """`1` means the word "1"."""
        if not isinstance(value, dict):
            return value
        return {name: str(item) if type(item) is int else item for name, item in value.items()}

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def max(self) -> Decimal:
        return sum((question.marks for question in self.questions), Decimal(0))

    def question(self, identifier: str) -> Question:
        """The question of that id.

        Raises:
            RubricError: if there is none.
        """
        for question in self.questions:
            if question.id == identifier:
                return question
        known = [question.id for question in self.questions]
        near = difflib.get_close_matches(identifier, known, n=1, cutoff=0.5)
        raise RubricError(
            "rubric-unknown-question",
            f'there is no question "{identifier}"',
            where=str(self.folder / "rubric.yaml"),
            next_step=f'did you mean "{near[0]}"?' if near else f"the questions are {', '.join(known)}",
        )

    def digest(self) -> str:
        """SHA-256 over all files that can change a mark or what is asked of a kernel."""
        digest = hashlib.sha256()
        for path in rubric_files(self.folder):
            digest.update(path.relative_to(self.folder).as_posix().encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        return digest.hexdigest()

    @model_validator(mode="after")
    def _consistent(self) -> Rubric:
        seen: set[str] = set()
        for question in self.questions:
            if question.id in seen:
                raise ValueError(f'question "{question.id}" appears twice')
            for used in question.uses:
                if used not in seen:
                    raise ValueError(f'question "{question.id}" uses "{used}", which does not come before it')
            seen.add(question.id)
        probes = [probe.id for probe in self.probes]
        if len(set(probes)) != len(probes):
            raise ValueError("two probes have the same id")
        return self


def rubric_files(folder: Path) -> list[Path]:
    """The files of a rubric that count: its YAML, notebooks, tests, probe code and requirements, sorted."""
    patterns = ("rubric.yaml", "*.py", "*.ipynb", "requirements.txt")
    return sorted({path for pattern in patterns for path in folder.glob(pattern) if path.is_file()})


def load_rubric(folder: Path) -> Rubric:
    """Read a rubric.

    Args:
        folder: the coursework's folder, or the rubric.yaml in it.

    Raises:
        RubricError: with file, line and a near name where something is wrong.
    """
    path = folder if folder.name == "rubric.yaml" else folder / "rubric.yaml"
    if not path.is_file():
        near = difflib.get_close_matches(
            path.parent.name,
            [p.name for p in path.parent.parent.glob("*/") if (p / "rubric.yaml").exists()],
            n=1,
        )
        raise RubricError(
            "rubric-missing",
            f"there is no {path}",
            next_step=f'did you mean "{path.parent.parent / near[0]}"?'
            if near
            else "give the folder that holds rubric.yaml",
        )
    try:
        document = _document(path.read_text(encoding="utf-8"))
    except (MarkedYAMLError, UnicodeDecodeError) as error:
        mark = getattr(error, "problem_mark", None)
        line = f":{mark.line + 1}" if mark is not None else ""
        raise RubricError(
            "rubric-not-yaml", f"cannot be read: {getattr(error, 'problem', error)}", where=f"{path}{line}"
        ) from error
    if not isinstance(document, CommentedMap):
        raise RubricError("rubric-not-yaml", "the file holds no mapping", where=str(path))
    raw: dict[str, Any] = {key: _plain(value) for key, value in document.items() if key != "questions"}
    raw["folder"] = path.parent.resolve()
    read_supplies(raw.get("execution"), path)
    raw["questions"] = _questions(document.get("questions"), path)
    try:
        return Rubric.model_validate(raw)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise RubricError(
            "rubric-invalid",
            f"{'.'.join(str(part) for part in first['loc']) or 'the rubric'}: {first['msg']}" + _hint(first),
            where=f"{path}:{_line_of(document, first['loc'])}",
            next_step="docs/rubrics.md lists every key",
        ) from error


@lru_cache(maxsize=1)
def _document(text: str) -> Any:
    """YAML with the places of its keys; a command asks several times for the same, and changes nothing in it."""
    return YAML(typ="rt").load(text)


def place_in_rubric(rubric: Rubric, *keys: str) -> str:
    """File and line of a key in rubric.yaml, for error messages; the file alone if the key cannot be found in it."""
    path = rubric.folder / "rubric.yaml"
    try:
        node: Any = _document(path.read_text(encoding="utf-8"))
        line = 0
        for key in keys:
            line = node.lc.key(key)[0] + 1
            node = node[key]
    except (OSError, UnicodeDecodeError, MarkedYAMLError, KeyError, TypeError, AttributeError):
        return str(path)
    return f"{path}:{line}"


def _questions(entries: Any, path: Path) -> list[dict[str, Any]]:
    if not isinstance(entries, CommentedSeq) or not entries:
        raise RubricError("rubric-no-questions", "`questions` must be a list with at least one entry", where=str(path))
    questions = []
    for entry in entries:
        line = entry.lc.line + 1 if isinstance(entry, CommentedMap) else entries.lc.line + 1
        if not isinstance(entry, CommentedMap):
            raise RubricError("rubric-invalid", "a question must be a mapping", where=f"{path}:{line}")
        question = {key: _plain(entry[key]) for key in ("id", "title", "marks", "uses", "show") if key in entry}
        question["line"] = line
        question["checks"] = _checks(entry, path)
        questions.append(question)
    return questions


def _checks(entry: CommentedMap, path: Path) -> list[dict[str, Any]]:
    line = entry.lc.line + 1
    if "kind" in entry:
        if "checks" in entry:
            raise RubricError("rubric-invalid", "a question has a `kind` or `checks`, not both", where=f"{path}:{line}")
        parameters = {key: _plain(value) for key, value in entry.items() if key not in _COMMON}
        return [
            {
                "id": entry["kind"],
                "kind": entry["kind"],
                "marks": entry.get("marks", 0),
                "parameters": parameters,
                "line": line,
            }
        ]
    unknown = [key for key in entry if key not in _COMMON]
    if unknown:
        raise RubricError(
            "rubric-unknown-key",
            f'a question without a `kind` knows no key "{unknown[0]}"' + _near(unknown[0], sorted(_COMMON)),
            where=f"{path}:{line}",
        )
    checks = []
    for check in entry.get("checks", ()):
        if not isinstance(check, CommentedMap) or "kind" not in check or "id" not in check:
            raise RubricError("rubric-invalid", "a check needs `id`, `kind` and `marks`", where=f"{path}:{line}")
        parameters = {key: _plain(value) for key, value in check.items() if key not in {"id", "kind", "marks"}}
        checks.append(
            {
                **{key: _plain(check[key]) for key in ("id", "kind", "marks") if key in check},
                "parameters": parameters,
                "line": check.lc.line + 1,
            }
        )
    return checks


def _plain(value: Any) -> Any:
    """YAML containers with positions -> plain ones; exact decimals for numbers with a point are made by pydantic."""
    if isinstance(value, CommentedMap):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, CommentedSeq):
        return [_plain(item) for item in value]
    if isinstance(value, bool) or value is None:
        return value
    for kind in (int, float, str):  # ruamel wraps scalars to keep their style
        if isinstance(value, kind):
            return kind(value)
    return value


def _line_of(document: CommentedMap, location: tuple[int | str, ...]) -> int:
    node: Any = document
    line = 1
    for part in location:
        try:
            line = node.lc.line + 1
            node = node[part]
        except (KeyError, IndexError, TypeError, AttributeError):
            break
    return int(getattr(getattr(node, "lc", None), "line", line - 1)) + 1


def _hint(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return _near(str(error["loc"][-1]), sorted(_keys_beside(error["loc"])))
    return ""


def _keys_beside(location: tuple[int | str, ...]) -> set[str]:
    """The keys that may stand where an unknown one does; none inside of lists."""
    record: Any = Rubric
    for part in location[:-1]:
        record = record.model_fields[part].annotation if part in getattr(record, "model_fields", {}) else None
    return set(getattr(record, "model_fields", {}))


def _near(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    return f'; did you mean "{near[0]}"?' if near else ""
