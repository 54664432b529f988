"""What the record of a probe says about itself is held against the tensors beside it, and against reason.

The record's form has been checked before. Here a record is refused whose parts would only fail later, in scoring: there
one forged value would cost the whole submission a fault, here it costs its own probe.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from grader.evidence import ProbeRun
from grader.execute.readback import RefusedError
from grader.execute.tensors import Tensor
from grader.tensor_blocks import Shape
from grader.values import Facts, Value

_DEPTH = 16
_TEXT_CHARS = 2_000
_NAME_CHARS = 300
_NUMBERS = 2**63
_KEPT_CHARS, _KEPT = 16 * 1024, 1024
"""Of facts that were looked at: those of classes that are written alike are equal."""
_DTYPES = {
    "F64": "float64", "F32": "float32", "F16": "float16", "BF16": "bfloat16", "I64": "int64", "I32": "int32",
    "I16": "int16", "I8": "int8", "U8": "uint8", "BOOL": "bool",
}  # fmt: skip


class Named(NamedTuple):
    """A tensor that a record names, and what it says of it; None for what it does not say."""

    key: str
    shape: Shape | None = None
    dtype: str | None = None


class Claims(NamedTuple):
    """What a record says, as far as it can be wrong."""

    tensors: tuple[Named, ...] = ()
    trouble: str = ""
    """Why the record is not believed, whatever came with it; empty if there is no such reason."""


def claims_of(run: ProbeRun) -> Claims:
    """What a record says about itself, up to the first thing that cannot be; a pure function of it."""
    named: list[Named] = []
    try:
        for name, value in run.values.items():
            _short([name], _NAME_CHARS, "a name")
            for part in _parts(value):
                if part.key is not None:
                    named.append(Named(part.key, part.shape, part.dtype))
                named.extend(map(Named, part.gradients.values()))
                _check(part)
    except RefusedError as error:
        return Claims(tuple(named), str(error))
    return Claims(tuple(named))


def check_claims(claims: Claims, tensors: Mapping[str, Tensor]) -> None:
    """Return if a record can be believed to be one.

    Args:
        claims: of the record.
        tensors: all that came with it.

    Raises:
        RefusedError: with what is wrong.
    """
    for key, shape, dtype in claims.tensors:
        tensor = tensors.get(key)
        if tensor is None:
            raise RefusedError(f"it names a tensor that is not there, {key[:80]!r}")
        if shape not in (None, tensor.shape) or dtype not in (None, _DTYPES[tensor.dtype]):
            raise RefusedError(f"it calls the tensor {key[:80]!r} {dtype} of shape {str(shape)[:80]}")
    if claims.trouble:
        raise RefusedError(claims.trouble)


def _parts(value: Value) -> Iterator[Value]:
    """A value and all that it holds."""
    waiting = [(value, 0)]
    while waiting:
        part, depth = waiting.pop()
        if depth > _DEPTH:
            raise RefusedError(f"a value is nested more than {_DEPTH} deep")
        yield part
        waiting.extend((item, depth + 1) for item in part.items)


def _check(value: Value) -> None:
    _short([value.text or ""], _TEXT_CHARS, "a text")
    _short([*value.names, *value.gradients], _NAME_CHARS, "a name")
    _small([value.scalar, *(value.shape or ()), *value.changed])
    if value.facts_text is not None:
        _check_facts(value.facts_text)


def _check_facts(text: str) -> None:
    trouble = _trouble_kept(text) if len(text) <= _KEPT_CHARS else _trouble_of(text)
    if trouble:
        raise RefusedError(trouble)


def _trouble_of(text: str) -> str:
    """What is wrong with facts; empty if nothing is."""
    try:
        _check_numbers(Facts.model_validate_json(text))
    except RefusedError as error:
        return str(error)
    return ""


_trouble_kept = lru_cache(maxsize=_KEPT)(_trouble_of)


def _check_numbers(facts: Facts) -> None:
    _small(facts.attributes.values())
    for parameter in facts.parameters:
        _small(parameter.shape)
        if min(parameter.shape, default=0) < 0:
            raise RefusedError(f"it tells of a parameter of shape {str(parameter.shape)[:80]}")
    for module in facts.modules:
        _small(module.attributes.values())


def _small(values: Iterable[object]) -> None:
    for value in values:
        if type(value) is int and abs(value) >= _NUMBERS:
            raise RefusedError("it holds a whole number of more than 63 bits")


def _short(texts: Iterable[str], most: int, what: str) -> None:
    for text in texts:
        if len(text) > most:
            raise RefusedError(f"{what} has {len(text)} characters, {most} are allowed")
