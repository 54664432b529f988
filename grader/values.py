"""A value that a probe recorded, as stored: what it is, its tensors, how an object looks, which calls were made.

What is long and seldom looked at, facts about modules and traced calls, is text within the JSON: passing over it costs
nothing, and equal texts are read once. A kernel sends such text too; it is checked before it is stored.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal, overload

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    PlainSerializer,
    PlainValidator,
    TypeAdapter,
    ValidationError,
    ValidationInfo,
)
from pydantic_core import to_json

from grader.errors import EvidenceError
from grader.records import Record

FROM_KERNEL = {"from": "kernel"}
"""The context in which records are validated that a kernel has written."""
_KEPT_CHARS = 32 * 1024
_KEPT = 2048
_SENT_CHARS, _SENT = 16 * 1024, 1024
"""Of texts of a kernel's, which are longer than any honest one where somebody wants memory to be used up."""


class ParameterFacts(Record):
    name: str
    shape: tuple[int, ...]
    dtype: str
    requires_grad: bool = True


class ModuleFacts(Record):
    """A submodule; the module itself has the empty name."""

    name: str
    class_name: str
    library: bool
    """True if the class is torch's own."""
    inherits: tuple[str, ...] = ()
    """Torch's own classes from which it is derived, `Module` apart; a library layer in another name's clothes."""
    attributes: dict[str, int | float | bool | str | None] = Field(default_factory=dict)
    """Scalar attributes of the instance, without private ones."""


class Facts(Record):
    """What an object constructed by a probe looks like."""

    class_name: str
    is_module: bool
    parameters: tuple[ParameterFacts, ...] = ()
    modules: tuple[ModuleFacts, ...] = ()
    attributes: dict[str, int | float | bool | str | None] = Field(default_factory=dict)

    @cached_property
    def library_parts(self) -> tuple[str, ...]:
        """Torch's own classes among those of the modules and their ancestors, without what stands before a last dot."""
        names: list[str] = []
        for module in self.modules:
            names += (module.class_name, *module.inherits) if module.library else module.inherits
        return tuple(dict.fromkeys(name.rsplit(".", 1)[-1] for name in names))


class TracedCall(Record):
    """One call of a submodule during a trace; tensors by identifier, equal content has equal identifiers."""

    module: str
    class_name: str
    inputs: tuple[str, ...] = ()
    outputs: tuple[str, ...] = ()


_CALLS = TypeAdapter(tuple[TracedCall, ...])


class Calls(Sequence[TracedCall]):
    """Traced calls, stored as JSON text and read when one is first looked at: there are thousands in a submission, and
    a run that is right needs none.

    Raises:
        EvidenceError: when looked at, if what was stored are no calls.
    """

    __slots__ = ("_read", "text")

    def __init__(self, text: str = "[]") -> None:
        self.text = text
        self._read: tuple[TracedCall, ...] | None = None

    @classmethod
    def of(cls, calls: Iterable[TracedCall]) -> Calls:
        """Calls that are at hand."""
        return cls(_CALLS.dump_json(tuple(calls)).decode())

    @classmethod
    def kept(cls, stored: Any, info: ValidationInfo) -> Calls:
        """Calls from what a kernel has sent, which is checked, or from stored text, which is not looked at."""
        if isinstance(stored, Calls):
            return stored
        if isinstance(stored, tuple):
            return cls.of(stored)
        return cls(_text(stored, info, _calls_sent))

    def _checked(self) -> tuple[TracedCall, ...]:
        if self._read is None:
            try:
                self._read = _CALLS.validate_json(self.text)
            except ValidationError as error:
                raise EvidenceError("evidence-malformed", f"{error.error_count()} calls are wrong") from error
        return self._read

    @overload
    def __getitem__(self, place: int) -> TracedCall: ...
    @overload
    def __getitem__(self, place: slice) -> tuple[TracedCall, ...]: ...
    def __getitem__(self, place: int | slice) -> TracedCall | tuple[TracedCall, ...]:
        return self._checked()[place]

    def __len__(self) -> int:
        return len(self._checked())

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Calls | tuple) and self._checked() == tuple(other)

    def __hash__(self) -> int:
        return hash(self._checked())

    def __repr__(self) -> str:
        return repr(self._checked())


def _facts_text(stored: Any, info: ValidationInfo) -> str | None:
    """Facts as JSON text: what a kernel has sent is checked, stored text is not looked at."""
    if stored is None:
        return None
    return _of_facts(stored) if isinstance(stored, Facts) else _text(stored, info, _facts_sent)


def _of_facts(facts: Facts) -> str:
    return facts.model_dump_json(exclude_defaults=True)


def _text(stored: Any, info: ValidationInfo, checked: Callable[[str], str]) -> str:
    """Text to be stored; all that was not stored as text is checked."""
    if not isinstance(stored, str):
        return checked(to_json(stored).decode())
    return checked(stored) if info.context is FROM_KERNEL else stored


def _once(check: Callable[[str], str]) -> Callable[[str], str]:
    """The same check, of equal texts once."""
    kept = lru_cache(maxsize=_SENT)(check)
    return lambda text: kept(text) if len(text) <= _SENT_CHARS else check(text)


@_once
def _facts_sent(text: str) -> str:
    return _of_facts(Facts.model_validate_json(text, strict=True))


@_once
def _calls_sent(text: str) -> str:
    return Calls.of(_CALLS.validate_json(text, strict=True)).text


def _facts_of(text: str) -> Facts:
    try:
        return Facts.model_validate_json(text)
    except ValidationError as error:
        raise EvidenceError("evidence-malformed", f"{error.error_count()} facts are wrong") from error


_facts_kept = lru_cache(maxsize=_KEPT)(_facts_of)


def _text_of(calls: Calls) -> str:
    return calls.text


class Value(Record):
    """A recorded value. Tensors are named by their key in the safetensors file of the part."""

    model_config = ConfigDict(serialize_by_alias=True)

    kind: Literal["tensor", "array", "scalar", "text", "none", "tuple", "list", "dict", "object", "missing", "other"]
    """`array` is a NumPy array, `object` has facts, `missing` an attribute that is not there, `other` anything else."""
    key: str | None = None
    shape: tuple[int, ...] | None = None
    dtype: str | None = None
    scalar: int | float | bool | None = None
    text: str | None = None
    """Text (at most 2,000 characters), or "nan", "inf", "-inf" for such a scalar, or the type name of `other`."""
    items: tuple[Value, ...] = ()
    names: tuple[str, ...] = ()
    """The keys of a dict, beside `items`."""
    facts_text: Annotated[str | None, BeforeValidator(_facts_text)] = Field(default=None, alias="facts")
    """JSON of `Facts`; classes that are written alike have equal text, which is read once."""
    calls: Annotated[Calls, PlainValidator(Calls.kept), PlainSerializer(_text_of)] = Calls()
    """Of a traced call, in order."""
    gradients: dict[str, str] = Field(default_factory=dict)
    """Of a Jacobian or VJP: name -> tensor key."""
    changed: tuple[int, ...] = ()
    """Positions of tensor arguments (tuples flattened) that the call changed in place."""

    @property
    def facts(self) -> Facts | None:
        """Of an object.

        Raises:
            EvidenceError: if what was stored are no facts.
        """
        text = self.facts_text
        if text is None:
            return None
        return _facts_kept(text) if len(text) <= _KEPT_CHARS else _facts_of(text)
