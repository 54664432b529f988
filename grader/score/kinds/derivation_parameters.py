"""What a rubric says about a derivation: the setting, what is asked for, and what it is worth."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from grader.records import Record
from grader.score.derivations.answers import Answer, Stopped, Target, readings
from grader.score.derivations.scene import Setting
from grader.score.derivations.settings import SettingRecord, setting_of
from grader.score.kinds.answer_place import AnswerPlace
from grader.score.kinds.credit import Shares


class WrongDerivation(Record):
    """A wrong answer that is known by name."""

    answer: str
    """As a student would write it."""
    says: str = ""
    """What the student did, in one sentence; the oracle's text where the name is one of its mistakes."""
    next_step: str = ""


class NamedBy(Record):
    """How an oracle names wrong values."""

    family: str
    item: str
    inputs: dict[str, str] = {}
    """Symbol -> what the oracle calls it, where the names differ; `x` for `x_1`, `x_2` and so on."""
    options: dict[str, str] = {}
    """What the oracle wants to know beside."""
    other_options: dict[str, str] = {}
    """What it has to know where the setting's `other_lines` count."""


class SharedSlope(Record):
    """A function whose slope several answers use, so that a slip in it is charged once."""

    function: str
    wrong: dict[str, str] = {}
    """Name -> a wrong slope, written in the function's value `s` and its argument `a`."""


class DerivationParameters(AnswerPlace):
    """What is derived, from what, and what it is worth."""

    setting: SettingRecord
    by: str
    """The symbol by which is differentiated."""
    of: str = ""
    """What is differentiated, if it is not the setting's."""
    called: tuple[str, ...] = ()
    """Other names for the answer on a left side."""
    function: str = Field(default="", pattern=r"^([A-Za-z_][A-Za-z0-9_]*)?$")
    """Name of a function of the student's that may answer in place of a formula; it is called."""
    arguments: dict[str, str] = {}
    """Its arguments in order: keyword -> the symbol, with its step; a list of symbols where the names are the same."""
    arrays: Literal["numpy", "torch"] = "numpy"
    """What it is given; the other is tried where it raises with this."""
    returned: tuple[str | int, ...] = ()
    """Keys or places of the gradient where it returns a dictionary or a tuple."""
    scope: Literal["local", "total", "either"] = "either"
    """Whether what the setting holds is constant."""
    layout: Literal["any", "given"] = "any"
    """`any`: right after a transpose, and with vectors as rows, too."""
    calculus: Decimal = Field(default=Decimal("0.5"), ge=0, le=1)
    """Share of the marks for what holds at size one; the rest is for order, transposes and outer products."""
    wrong: dict[str, WrongDerivation] = {}
    """Name -> a wrong answer."""
    named_by: NamedBy | None = None
    shares: tuple[SharedSlope, ...] = ()
    """Slopes in which a slip is charged once over the question and those that it uses."""
    credit: Shares = {}
    """Share that `named` and `unnamed` faults, or a mistake by its name, keep; at least what `calculus` gives."""

    @field_validator("wrong", mode="before")
    @classmethod
    def _text_or_record(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        return {name: {"answer": one} if isinstance(one, str) else one for name, one in value.items()}

    @field_validator("arguments", mode="before")
    @classmethod
    def _list_or_keywords(cls, value: Any) -> Any:
        return {name: name for name in value} if isinstance(value, list | tuple) else value

    @model_validator(mode="after")
    def _whole_function(self) -> DerivationParameters:
        if bool(self.function) != bool(self.arguments):
            raise ValueError("`function` and `arguments` come together")
        return self

    @model_validator(mode="after")
    def _readable(self) -> DerivationParameters:
        setting = self.read()
        for name in self.wrong:
            self.wrong_answers(setting, name)
        return self

    def read(self) -> Setting:
        """The setting, read; this is costly, so keep it."""
        return setting_of(self.setting, self.by, self.of, self.called)

    def target(self, setting: Setting) -> Target:
        """What is asked for."""
        return Target(setting.of, setting.by, (f"d {setting.by.key}", *self.called))

    def wrong_answers(self, setting: Setting, name: str) -> list[Answer]:
        """The readings of a wrong answer.

        Raises:
            ValueError: if it cannot be read.
        """
        found = readings(self.wrong[name].answer, setting.names, self.target(setting))
        if isinstance(found, Stopped):
            raise ValueError(f"wrong.{name}: {found.why}")
        return found

    @property
    def scopes(self) -> tuple[bool, ...]:
        """Which gradients are right: True is local, False is total."""
        if not self.setting.held:
            return (False,)
        return {"local": (True,), "total": (False,), "either": (False, True)}[self.scope]
