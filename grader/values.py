"""A value that a probe recorded, as stored: what it is, its tensors, how an object looks, which calls were made.

What is long and seldom looked at, facts about modules and traced calls, is stored as text within the JSON: passing over
it costs nothing, and equal texts are read once.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property, lru_cache
from typing import Annotated, Any, Literal, cast, overload

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
    attributes: dict[str, int | float | bool | str | None] = {}
    """Scalar attributes of the instance, without private ones."""


class Facts(Record):
    """What an object constructed by a probe looks like."""

    class_name: str
    is_module: bool
    parameters: tuple[ParameterFacts, ...] = ()
    modules: tuple[ModuleFacts, ...] = ()
    attributes: dict[str, int | float | bool | str | None] = {}

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
        """Calls from what an agent hands over, checked, or from stored text, which is not looked at."""
        if isinstance(stored, Calls):
            return stored
        if _is_stored_text(stored, info):
            return cls(stored)
        return cls.of(stored if isinstance(stored, tuple) else _CALLS.validate_json(to_json(stored), strict=True))

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
    """Facts as JSON text: an agent's are checked, stored ones are not looked at."""
    if stored is None or _is_stored_text(stored, info):
        return cast("str | None", stored)
    facts = stored if isinstance(stored, Facts) else Facts.model_validate_json(to_json(stored), strict=True)
    return facts.model_dump_json(exclude_defaults=True)


def _is_stored_text(stored: Any, info: ValidationInfo) -> bool:
    """True for text of ours.

    Raises:
        ValueError: if the text comes from a kernel, which has no business to send any.
    """
    if isinstance(stored, str) and info.context is FROM_KERNEL:
        raise ValueError("text is stored, never sent")
    return isinstance(stored, str)


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
    gradients: dict[str, str] = {}
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
