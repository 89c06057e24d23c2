"""Compute a formula that is written as plain text, such as ``-1/5 sum_{k=1..5} log w_k``.

A sum, a logarithm and a product without a sign take all that follows them in their term.
"""

import math
import operator
import re

PATTERN = r"\d+(?:\.\d+)?|sum_\{\w=1\.\.\d+\}|log|min|max|mod|pi|[-+*/^()\[\],]"
PAIRS = {"(": ")", "[": "]"}


def compute(text, names):
    """Value of a formula.

    Args:
        text: the formula.
        names: values, numbers or tensors, of what stands in it; a sum goes over the first axis.
    """
    known = "|".join(re.escape(name) for name in sorted(names, key=len, reverse=True))
    pattern = f"(?:{known}|{PATTERN})" if known else PATTERN
    tokens = re.findall(pattern, text)
    assert re.sub(r"\s", "", text) == re.sub(r"\s", "", "".join(tokens)), text
    reader = Reader(tokens, names)
    value = reader.expression()
    assert reader.next() is None, (text, reader.tokens)
    return value


class Reader:
    def __init__(self, tokens, names):
        self.tokens, self.names = list(tokens), names

    def next(self):
        return self.tokens[0] if self.tokens else None

    def take(self, expected=None):
        token = self.tokens.pop(0)
        assert expected in (None, token), (expected, token)
        return token

    def expression(self):
        sign = self.take() if self.next() in ("+", "-") else "+"
        value = self.term() if sign == "+" else -self.term()
        while self.next() in ("+", "-"):
            value = value + self.term() if self.take() == "+" else value - self.term()
        return value

    def term(self):
        value = self.factor()
        signs = {"*": operator.mul, "/": operator.truediv, "mod": operator.mod}
        while self.next() not in (None, "+", "-", ")", "]", ","):
            value = (
                signs[self.take()](value, self.factor())
                if self.next() in signs
                else (value * self.factor())
            )
        return value

    def factor(self):
        value = self.atom()
        if self.next() == "^":
            self.take()
            value = value ** self.factor()
        return value

    def atom(self):
        token = self.take()
        if token in self.names:
            return self.names[token]
        if token.startswith("sum_"):
            return self.term().sum(0)
        if token == "log":
            value = self.term()
            return math.log(value) if isinstance(value, float) else value.log()
        if token in ("min", "max"):
            first, second = self.arguments()
            return min(first, second) if token == "min" else second.clamp(min=first)
        if token in PAIRS:
            value = self.expression()
            self.take(PAIRS[token])
            return value
        return math.pi if token == "pi" else float(token)

    def arguments(self):
        self.take("(")
        first = self.expression()
        self.take(",")
        second = self.expression()
        self.take(")")
        return first, second
