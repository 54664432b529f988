"""A text as people type mathematics -> tokens: LaTeX, Unicode signs, plain text, or all of them mixed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from functools import partial

MOST_TOKENS = 2_500
"""Of one answer; the longest derivation that was seen has a third of that."""
MOST_CHARS = 12_000
_MOST_GROUP = 400
"""Characters of an argument that only sets the page."""


class Kind(Enum):
    """What a token is."""

    NUMBER = "number"
    NAME = "name"
    """A letter, a Greek letter by its name, or a word that is known."""
    WORDS = "words"
    """Ordinary text."""
    SIGN = "sign"
    """An operator, a bracket or a point, by one spelling each."""
    FRACTION = "fraction"
    BIG = "big"
    """`sum` or `prod`."""
    ACCENT = "accent"
    """`hat`, `tilde` or `bar`, over what follows."""
    TRANSPOSE = "transpose"
    PARTIAL = "partial"
    NABLA = "nabla"
    ROW = "row"
    """The end of a row."""
    COLUMN = "column"
    BEGIN = "begin"
    END = "end"
    STOP = "stop"
    """Something that ends a statement: a full stop, an arrow, space set apart."""


@dataclass(frozen=True, slots=True)
class Token:
    """One token."""

    kind: Kind
    text: str
    position: int

    def sign(self, *texts: str) -> bool:
        """True if it is one of these signs."""
        return self.kind is Kind.SIGN and self.text in texts


class ReadingError(ValueError):
    """A text that is not read as a derivation.

    Args:
        why: what is wrong there, as the end of a sentence.
        position: where reading stopped, in characters from 0.
    """

    def __init__(self, why: str, position: int) -> None:
        super().__init__(why)
        self.why = why
        self.position = position


GREEK = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi",
    "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma",
    "Phi", "Psi", "Omega",
)  # fmt: skip
_GREEK_SIGNS = dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ", GREEK, strict=True)) | {"ϵ": "epsilon", "ϕ": "phi"}
_VARIANTS = {"varepsilon": "epsilon", "varphi": "phi", "vartheta": "theta", "varsigma": "sigma", "varrho": "rho"}
FUNCTIONS = (
    "tanh", "sigmoid", "softmax", "exp", "log", "ln", "diag", "sqrt", "sech",
    "cosh", "relu", "ReLU", "diagonal", "Diag",
)  # fmt: skip
"""Words that are read as one name wherever they stand."""
_SIGNS = {
    "**": "^", "^": "^", "_": "_", "+": "+", "-": "-", "−": "-", "–": "-", "*": "*", "∗": "*", "×": "×", "·": "·",
    "⋅": "·", "∙": "·", "•": "·", "⊙": "⊙", "∘": "⊙", "○": "⊙", "⊗": "⊗", "@": "@", "/": "/", "÷": "/", "∕": "/",
    "(": "(", ")": ")", "[": "[", "]": "]", "{": "{", "}": "}", "<": "<", ">": ">", "⟨": "<", "⟩": ">", ",": ",",
    ";": ";", ":": ":", "=": "=", ":=": "=", "≡": "=", "≜": "=", "'": "'", "′": "'", "’": "'", "|": "|", "‖": "|",
    "==": "=", ".": ".",
}  # fmt: skip
_COMMANDS = {
    "odot": "⊙", "circ": "⊙", "bullet": "·", "cdot": "·", "times": "×", "ast": "*", "star": "*", "otimes": "⊗",
    "div": "/", "lbrace": "{", "rbrace": "}", "langle": "<", "rangle": ">", "lt": "<", "gt": ">", "lbrack": "[",
    "rbrack": "]", "equiv": "=", "coloneqq": "=", "triangleq": "=", "doteq": "=", "prime": "'", "colon": ":",
    "vert": "|", "lvert": "|", "rvert": "|", "mid": "|", "{": "(", "}": ")",
}  # fmt: skip
_SILENT = {
    "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl",
    "Bigr", "biggl", "biggr", "Biggl", "Biggr", "middle", "displaystyle", "textstyle", "scriptstyle",
    "limits", "nolimits", "nonumber", "notag", "mathstrut", "strut", "smallskip", "mathbf", "boldsymbol",
    "bm", "mathit", "mathsf", "mathcal", "mathbb", "mathfrak", "vec", "pmb", "bf",
    "it", "rm", "boxed", "underline", "cancel", "underbrace", "overbrace", "overrightarrow", "ensuremath",
    "mathop", "mathrel", "mathbin", ",", ";", ":", "!", ">", "thinspace",
    "medspace", "enspace", "hfill", "noindent", "centering",
}  # fmt: skip
_BIG = ("sum", "prod")
_FRACTIONS = {"frac", "dfrac", "tfrac", "cfrac"}
_ACCENTS = {
    "hat": "hat", "widehat": "hat", "tilde": "tilde", "widetilde": "tilde", "bar": "bar", "overline": "bar",
    "breve": "bar",
}  # fmt: skip
_STOPS = {
    "quad", "qquad", "implies", "Rightarrow", "rightarrow", "to", "Longrightarrow", "therefore",
    "because", "iff", "Leftrightarrow", "longrightarrow", "leadsto", "par", "item", "newline",
    "where",
}  # fmt: skip
_TEXTS = {"text", "textrm", "textit", "textbf", "mathrm", "operatorname", "mbox", "textsf", "texttt", "hbox", "mathtt"}
_SWALLOWED = {"label", "tag", "hspace", "vspace", "color", "begin", "end", "ref", "eqref", "hskip", "renewcommand"}
_COMBINING = {"\u0303": "tilde", "\u0302": "hat", "\u0304": "bar", "\u0305": "bar", "\u0306": "bar", "\u0307": "dot"}
_RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵀᵗᵏⁱʲⁿ⊤ᵢ", "0123456789+-()Ttkijn⊤i", strict=True))
_LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₜₖᵢⱼₙₕₓₒₐₚₛ", "0123456789+-()tkijnhxoaps", strict=True))
_SCRIPT = {"^": re.compile(f"[{''.join(_RAISED)}]+"), "_": re.compile(f"[{''.join(_LOWERED)}]+")}
_COMMAND = re.compile(r"\\([A-Za-z]+\*?|.)", re.DOTALL)
_NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")
_RUN = re.compile(r"[A-Za-z]+")
_SPACE = re.compile(r"[\s\u200b\u2061\u2062$`~]+")
_GROUP = re.compile(rf"\s*\{{([^{{}}]{{0,{_MOST_GROUP}}})\}}")
_WORDED_ACCENT = re.compile(r"(?<![A-Za-z\\])([A-Za-z])_?(hat|tilde|bar)(?![A-Za-z])")
_COMMENT = re.compile(r"(?<!\\)%[^\n]*|<!--.*?-->", re.DOTALL)
_ANGLE_WORDS = re.compile(r"&(lt|gt|amp|nbsp);")
_ENGLISH = frozenset(
    [
        "where",
        "with",
        "and",
        "let",
        "then",
        "hence",
        "thus",
        "for",
        "the",
        "get",
        "gives",
        "have",
        "has",
        "from",
        "that",
        "this",
        "which",
        "therefore",
        "since",
        "because",
        "using",
        "when",
        "given",
        "also",
        "here",
        "are",
        "our",
        "is",
        "so",
        "we",
        "of",
        "as",
        "by",
        "in",
        "if",
        "or",
        "be",
        "to",
        "it",
        "an",
        "on",
        "at",
        "rule",
        "define",
        "obtain",
        "follows",
        "both",
        "Where",
        "With",
        "And",
        "Let",
        "Then",
        "Hence",
        "Thus",
        "For",
        "The",
        "Get",
        "We",
        "So",
        "Since",
        "Because",
        "Using",
        "When",
        "Given",
        "Also",
        "Here",
        "If",
        "It",
        "In",
        "Therefore",
        "gradient",
        "derivative",
        "chain",
        "rest",
        "same",
        "follow",
        "term",
        "terms",
        "all",
        "not",
        "but",
        "only",
        "each",
        "time",
        "step",
        "steps",
        "vector",
        "vectors",
        "row",
        "rows",
        "column",
        "columns",
        "matrix",
        "element",
        "elementwise",
        "entry",
        "wise",
        "respect",
    ]
)
_FONT = re.compile(
    r"\\(?:mathbf|boldsymbol|bm|vec|mathcal|mathit|mathsf|mathbb|mathfrak|pmb|mathrm)\s*"
    r"\{\s*([A-Za-z]|\\[A-Za-z]+)\s*\}"
)
_OVER_EQUALS = re.compile(r"\\(?:stackrel|overset)\s*\{[^{}]{0,40}\}\s*\{\s*=\s*\}")
_END_OF_SENTENCE = re.compile(r"\.(?=\s|$)")


def prepared(text: str) -> str:
    """The text with one spelling for what has several that differ in characters only."""
    text = _ANGLE_WORDS.sub(lambda match: {"lt": "<", "gt": ">"}.get(match[1], " "), _COMMENT.sub(" ", text))
    text = _FONT.sub(r" \1 ", _OVER_EQUALS.sub("=", text))
    composed = unicodedata.normalize("NFD", text)
    composed = re.sub(
        "([A-Za-zα-ωΑ-Ω])([" + "".join(_COMBINING) + "])",
        lambda match: f"\\{_COMBINING[match[2]]}{{{match[1]}}}",
        composed,
    )
    for sign, pattern in _SCRIPT.items():
        composed = pattern.sub(partial(_spelt, sign), composed)
    return _WORDED_ACCENT.sub(r"\\\2{\1}", composed)


def _spelt(sign: str, match: re.Match[str]) -> str:
    letters = _RAISED if sign == "^" else _LOWERED
    return sign + "{" + "".join(letters[one] for one in match[0]) + "}"


def tokens_of(text: str, words: Iterable[str] = ()) -> list[Token]:
    """The tokens of a prepared text.

    Args:
        text: what `prepared` gives.
        words: further names of several letters.

    Raises:
        ReadingError: where something stands that is no part of a derivation, or too much of it.
    """
    if len(text) > MOST_CHARS:
        raise ReadingError(f"more than {MOST_CHARS:,} characters are not read", MOST_CHARS)
    known = sorted({*FUNCTIONS, *GREEK, *words, "transpose", "sum", "prod", "odot", "cdot"}, key=len, reverse=True)
    return _Reader(text, known).all()


class _Reader:
    def __init__(self, text: str, words: list[str]) -> None:
        self.text, self.words = text, words
        self.at = 0
        self.found: list[Token] = []

    def all(self) -> list[Token]:
        """Every token, in order."""
        while self.at < len(self.text):
            space = _SPACE.match(self.text, self.at)
            if space is not None:
                self.at = space.end()
                continue
            self._next()
            if len(self.found) > MOST_TOKENS:
                raise ReadingError("it is too long", self.at)
        return self.found

    def _put(self, kind: Kind, text: str, end: int) -> None:
        self.found.append(Token(kind, text, self.at))
        self.at = end

    def _next(self) -> None:
        text, at = self.text, self.at
        if text[at] == "\\":
            self._command()
        elif (number := _NUMBER.match(text, at)) is not None:
            self._put(Kind.NUMBER, number[0], number.end())
        elif (run := _RUN.match(text, at)) is not None:
            self._run(run)
        elif text[at] in _GREEK_SIGNS:
            big = {"Σ": "sum", "Π": "prod"}.get(text[at])
            self._put(Kind.BIG if big else Kind.NAME, big or _GREEK_SIGNS[text[at]], at + 1)
        elif text[at] in "∑∏":
            self._put(Kind.BIG, "sum" if text[at] == "∑" else "prod", at + 1)
        elif text[at] in "∂∇⊤ℓ":
            kind = {"∂": Kind.PARTIAL, "∇": Kind.NABLA, "⊤": Kind.TRANSPOSE, "ℓ": Kind.NAME}[text[at]]
            self._put(kind, {"⊤": "T", "ℓ": "ell"}.get(text[at], text[at]), at + 1)
        elif text[at] in "⇒→∴⟹":
            self._put(Kind.STOP, text[at], at + 1)
        elif text[at] == "&":
            self._put(Kind.COLUMN, "&", at + 1)
        elif _END_OF_SENTENCE.match(text, at):
            self._put(Kind.STOP, ".", at + 1)
        else:
            self._sign()

    def _sign(self) -> None:
        for length in (2, 1):
            piece = self.text[self.at : self.at + length]
            if piece in _SIGNS:
                self._put(Kind.SIGN, _SIGNS[piece], self.at + length)
                return
        raise ReadingError("there it holds a sign that is not read", self.at)

    def _run(self, run: re.Match[str]) -> None:
        """Letters: a word that is known, or one letter; after an underscore without braces the whole run."""
        rest = run[0]
        if self.found and self.found[-1].sign("_"):
            word = self._subscript(rest)
            self._put(Kind.NAME, word, self.at + len(word))
            return
        if rest in _ENGLISH and rest not in self.words:
            self._put(Kind.WORDS, rest, run.end())
            return
        word = next((one for one in self.words if rest.startswith(one)), rest[0])
        end = self.at + len(word)
        match word:
            case "transpose":
                self._put(Kind.TRANSPOSE, "T", end)
            case "sum" | "prod":
                self._put(Kind.BIG, word, end)
            case "odot" | "cdot":
                self._put(Kind.SIGN, _COMMANDS[word], end)
            case _:
                self._put(Kind.NAME, word, end)

    def _subscript(self, rest: str) -> str:
        """How much of a run belongs to an underscore: `W_hz x` all of `hz`, but of `h_tx_t` only the `t`."""
        after = self.text[self.at + len(rest) : self.at + len(rest) + 1]
        return rest[0] if len(rest) == 2 and rest[0] in "tTkj" and after in ("_", "^") else rest

    def _command(self) -> None:
        match = _COMMAND.match(self.text, self.at)
        if match is None:
            raise ReadingError("it ends in a backslash", self.at)
        name, end = match[1].rstrip("*"), match.end()
        name = _VARIANTS.get(name, name)
        if name == "\\":
            self._put(Kind.ROW, "\\\\", self._past_spacing(end))
        elif name in _SWALLOWED:
            self._swallow(name, end)
        elif name in _TEXTS:
            self._words(end)
        elif name in _COMMANDS:
            self._put(Kind.SIGN, _COMMANDS[name], end)
        elif name in _FRACTIONS:
            self._put(Kind.FRACTION, name, end)
        elif name in _ACCENTS:
            self._put(Kind.ACCENT, _ACCENTS[name], end)
        elif name in _BIG:
            self._put(Kind.BIG, name, end)
        elif name in GREEK or name in FUNCTIONS or name in self.words:
            self._put(Kind.NAME, name, end)
        elif name in _STOPS:
            self._put(Kind.STOP, name, end)
        else:
            self._rare(name, end)

    def _rare(self, name: str, end: int) -> None:
        kinds = {"partial": Kind.PARTIAL, "nabla": Kind.NABLA}
        if name in kinds:
            self._put(kinds[name], name, end)
        elif name in ("top", "intercal", "transp", "mathsfT"):
            self._put(Kind.TRANSPOSE, "T", end)
        elif name == "ell":
            self._put(Kind.NAME, "ell", end)
        elif name in ("textcolor", "colorbox"):
            self.at = self._past_group(end)
        elif name in _SILENT or name in "()[]" or name.isspace():
            self.at = end
        else:
            raise ReadingError(f"the command \\{name} is not read", self.at)

    def _swallow(self, name: str, end: int) -> None:
        group = _GROUP.match(self.text, end)
        if name in ("begin", "end") and group is not None:
            environment = group[1].rstrip("*")
            after = group.end()
            if environment == "array" and name == "begin":
                after = self._past_group(after)
            self._put(Kind.BEGIN if name == "begin" else Kind.END, environment, after)
        else:
            self.at = self._past_group(end)

    def _words(self, end: int) -> None:
        """The argument of `\\text`: a transpose, a function or a symbol, or ordinary words."""
        group = _GROUP.match(self.text, end)
        if group is None:
            self.at = end
            return
        word = group[1].strip()
        if word in ("T", "t") and self.found and (self.found[-1].sign("^") or self._opened()):
            self._put(Kind.TRANSPOSE, "T", group.end())
        elif word in FUNCTIONS or word in self.words or (len(word) == 1 and word.isalpha()) or self._below():
            if word:
                self._put(Kind.NAME, word, group.end())
            else:
                self.at = group.end()
        else:
            self._put(Kind.WORDS, word, group.end())

    def _opened(self) -> bool:
        return len(self.found) > 1 and self.found[-1].sign("{") and self.found[-2].sign("^")

    def _below(self) -> bool:
        """True right after an underscore, so that words are a subscript."""
        return bool(self.found) and (
            self.found[-1].sign("_") or (self.found[-1].sign("{", ",") and self._inside_subscript())
        )

    def _inside_subscript(self) -> bool:
        depth = 0
        for token in reversed(self.found):
            depth += token.sign("}") - token.sign("{")
            if depth < 0:
                before = self.found[self.found.index(token) - 1]
                return before.sign("_", "^")
        return False

    def _past_group(self, end: int) -> int:
        group = _GROUP.match(self.text, end)
        return end if group is None else group.end()

    def _past_spacing(self, end: int) -> int:
        """Behind `[2pt]` after the end of a row."""
        spacing = re.compile(r"\s*\[[\d.]+\s*(?:pt|em|ex|mm|cm)\]").match(self.text, end)
        return end if spacing is None else spacing.end()
