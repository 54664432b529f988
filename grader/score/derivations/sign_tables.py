"""Signs, commands and words of mathematics, and the one spelling that each has in a token."""

from __future__ import annotations

import re

MOST_GROUP = 400
"""Characters of an argument that only sets the page."""
GREEK = (
    "alpha", "beta", "gamma", "delta", "epsilon", "zeta", "eta", "theta", "iota", "kappa",
    "lambda", "mu", "nu", "xi", "pi", "rho", "sigma", "tau", "upsilon", "phi",
    "chi", "psi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma",
    "Phi", "Psi", "Omega",
)  # fmt: skip
GREEK_SIGNS = dict(zip("αβγδεζηθικλμνξπρστυφχψωΓΔΘΛΞΠΣΦΨΩ", GREEK, strict=True)) | {"ϵ": "epsilon", "ϕ": "phi"}
VARIANTS = {"varepsilon": "epsilon", "varphi": "phi", "vartheta": "theta", "varsigma": "sigma", "varrho": "rho"}
FUNCTIONS = (
    "tanh", "sigmoid", "softmax", "exp", "log", "ln", "diag", "sqrt", "sech",
    "cosh", "relu", "ReLU", "diagonal", "Diag",
)  # fmt: skip
"""Words that are read as one name wherever they stand."""
SIGNS = {
    "**": "^", "^": "^", "_": "_", "+": "+", "-": "-", "−": "-", "–": "-", "*": "*", "∗": "*", "×": "×", "·": "·",
    "⋅": "·", "∙": "·", "•": "·", "⊙": "⊙", "∘": "⊙", "○": "⊙", "⊗": "⊗", "@": "@", "/": "/", "÷": "/", "∕": "/",
    "(": "(", ")": ")", "[": "[", "]": "]", "{": "{", "}": "}", "<": "<", ">": ">", "⟨": "<", "⟩": ">", ",": ",",
    ";": ";", ":": ":", "=": "=", ":=": "=", "≡": "=", "≜": "=", "'": "'", "′": "'", "’": "'", "|": "|", "‖": "|",
    "==": "=", ".": ".",
}  # fmt: skip
COMMANDS = {
    "odot": "⊙", "circ": "⊙", "bullet": "·", "cdot": "·", "times": "×", "ast": "*", "star": "*", "otimes": "⊗",
    "div": "/", "lbrace": "{", "rbrace": "}", "langle": "<", "rangle": ">", "lt": "<", "gt": ">", "lbrack": "[",
    "rbrack": "]", "equiv": "=", "coloneqq": "=", "triangleq": "=", "doteq": "=", "prime": "'", "colon": ":",
    "vert": "|", "lvert": "|", "rvert": "|", "mid": "|", "{": "(", "}": ")",
}  # fmt: skip
SILENT = {
    "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl",
    "Bigr", "biggl", "biggr", "Biggl", "Biggr", "middle", "displaystyle", "textstyle", "scriptstyle",
    "limits", "nolimits", "nonumber", "notag", "mathstrut", "strut", "smallskip", "mathbf", "boldsymbol",
    "bm", "mathit", "mathsf", "mathcal", "mathbb", "mathfrak", "vec", "pmb", "bf",
    "it", "rm", "boxed", "underline", "cancel", "underbrace", "overbrace", "overrightarrow", "ensuremath",
    "mathop", "mathrel", "mathbin", ",", ";", ":", "!", ">", "thinspace",
    "medspace", "enspace", "hfill", "noindent", "centering",
}  # fmt: skip
BIG = ("sum", "prod")
FRACTIONS = {"frac", "dfrac", "tfrac", "cfrac"}
ACCENTS = {
    "hat": "hat", "widehat": "hat", "tilde": "tilde", "widetilde": "tilde", "bar": "bar", "overline": "bar",
    "breve": "bar",
}  # fmt: skip
STOPS = {
    "quad", "qquad", "implies", "Rightarrow", "rightarrow", "to", "Longrightarrow", "therefore",
    "because", "iff", "Leftrightarrow", "longrightarrow", "leadsto", "par", "item", "newline",
    "where",
}  # fmt: skip
TEXTS = {"text", "textrm", "textit", "textbf", "mathrm", "operatorname", "mbox", "textsf", "texttt", "hbox", "mathtt"}
SWALLOWED = {"label", "tag", "hspace", "vspace", "color", "begin", "end", "ref", "eqref", "hskip", "renewcommand"}
COMBINING = {"\u0303": "tilde", "\u0302": "hat", "\u0304": "bar", "\u0305": "bar", "\u0306": "bar", "\u0307": "dot"}
RAISED = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ᵀᵗᵏⁱʲⁿ⊤ᵢ", "0123456789+-()Ttkijn⊤i", strict=True))
LOWERED = dict(zip("₀₁₂₃₄₅₆₇₈₉₊₋₍₎ₜₖᵢⱼₙₕₓₒₐₚₛ", "0123456789+-()tkijnhxoaps", strict=True))
SCRIPT = {"^": re.compile(f"[{''.join(RAISED)}]+"), "_": re.compile(f"[{''.join(LOWERED)}]+")}
COMMAND = re.compile(r"\\([A-Za-z]+\*?|.)", re.DOTALL)
NUMBER = re.compile(r"\d+(?:\.\d+)?|\.\d+")
RUN = re.compile(r"[A-Za-z]+")
SPACE = re.compile(r"[\s\u200b\u2061\u2062$`~]+")
GROUP = re.compile(rf"\s*\{{([^{{}}]{{0,{MOST_GROUP}}})\}}")
WORDED_ACCENT = re.compile(r"(?<![A-Za-z\\])([A-Za-z])_?(hat|tilde|bar)(?![A-Za-z])")
COMMENT = re.compile(r"(?<!\\)%[^\n]*|<!--.*?-->", re.DOTALL)
ANGLE_WORDS = re.compile(r"&(lt|gt|amp|nbsp);")
ENGLISH = frozenset(
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
FONT = re.compile(
    r"\\(?:mathbf|boldsymbol|bm|vec|mathcal|mathit|mathsf|mathbb|mathfrak|pmb|mathrm)\s*"
    r"\{\s*([A-Za-z]|\\[A-Za-z]+)\s*\}"
)
OVER_EQUALS = re.compile(r"\\(?:stackrel|overset)\s*\{[^{}]{0,40}\}\s*\{\s*=\s*\}")
END_OF_SENTENCE = re.compile(r"\.(?=\s|$)")
