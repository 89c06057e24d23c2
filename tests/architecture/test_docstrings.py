"""Docstrings say what, with which arguments, and what is raised; and they say it of what is there.

What ruff can see (that there is a docstring, and its form) is left to ruff. Here the docstring is
held against the code: the arguments that it lists are those that there are.
"""

import ast
import dataclasses
import importlib
import inspect
import re

import pytest

from vaekit import errors

OWN_ERRORS = {
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and name in errors.__all__
}
"""Names of the family of errors."""


def section(documented, title):
    """The text of one section of a Google-style docstring; empty when there is none."""
    text = inspect.cleandoc(documented or "")
    found = re.search(rf"^{title}:\n((?:[ ]+.*\n?|\n)*)", text, flags=re.MULTILINE)
    return found[1] if found else ""


def entries(documented, title):
    """Names that a section lists."""
    found = re.findall(
        r"^    \*{0,2}(\w+)(?: \([^)]*\))?:", section(documented, title), re.MULTILINE
    )
    return set(found)


def parameters(function):
    """Names of the arguments of a function, without self or cls."""
    names = list(inspect.signature(function).parameters)
    return [name for name in names if name not in ("self", "cls")]


def promised(cls, name):
    """Whether a base class says what this method is."""
    return any(name in vars(base) for base in cls.__mro__[1:] if base is not object)


def functions(module):
    """Public functions of a module and methods of its public classes, with their own promises."""
    for name in module.__all__:
        value = getattr(module, name)
        if getattr(value, "__module__", None) != module.__name__:
            continue
        if inspect.isfunction(value):
            yield name, value
        elif inspect.isclass(value):
            yield from methods(value)


def methods(cls):
    for name, member in vars(cls).items():
        plain = getattr(member, "__func__", member)
        if inspect.isfunction(plain) and not name.startswith("_") and not promised(cls, name):
            yield f"{cls.__name__}.{name}", plain


def classes(module):
    """Public classes of a module."""
    values = (getattr(module, name) for name in module.__all__)
    return [v for v in values if inspect.isclass(v) and v.__module__ == module.__name__]


@pytest.fixture(scope="module")
def loaded(modules):
    """Every module that says what is public, imported."""
    found = (importlib.import_module(m.name) for m in modules if not m.name.endswith("__main__"))
    return [module for module in found if hasattr(module, "__all__")]


def test_functions_document_their_arguments(loaded):
    found = []
    for module in loaded:
        for name, function in functions(module):
            taken, listed = parameters(function), entries(function.__doc__, "Args")
            if (listed or len(taken) > 1) and listed != set(taken):
                found.append(f"{module.__name__}.{name}: Args {sorted(listed)}, takes {taken}")
    assert not found, "\n".join(found)


def has_constructor(cls):
    """Whether the class itself says how it is made, not a dataclass or a protocol for it."""
    generated = dataclasses.is_dataclass(cls) or getattr(cls, "_is_protocol", False)
    return "__init__" in vars(cls) and not generated


def test_classes_document_their_arguments(loaded):
    found = []
    for module in loaded:
        for cls in classes(module):
            if not has_constructor(cls):
                continue
            taken, listed = parameters(cls.__init__), entries(cls.__doc__, "Args")
            if listed != set(taken):
                found.append(
                    f"{module.__name__}.{cls.__name__}: Args {sorted(listed)}, takes {taken}"
                )
    assert not found, "\n".join(found)


def field_docstrings(node):
    """Annotated names of a class body that a string follows at once."""
    pairs = zip(node.body, node.body[1:], strict=False)
    return {
        first.target.id
        for first, second in pairs
        if isinstance(first, ast.AnnAssign)
        and isinstance(second, ast.Expr)
        and isinstance(second.value, ast.Constant)
    }


def is_record(node):
    """Whether a class is a dataclass or a named tuple."""
    marks = [ast.unparse(mark) for mark in (*node.decorator_list, *node.bases)]
    return any(mark.startswith(("dataclass", "NamedTuple")) for mark in marks)


def test_records_document_their_fields(modules):
    found = []
    for module in modules:
        for node in module.tree.body:
            if not isinstance(node, ast.ClassDef) or not is_record(node) or node.name[0] == "_":
                continue
            named = {item.target.id for item in node.body if isinstance(item, ast.AnnAssign)}
            text = ast.get_docstring(node)
            told = field_docstrings(node) | entries(text, "Args") | entries(text, "Attributes")
            if named - told:
                found.append(f"{module.path}: {node.name}: {sorted(named - told)}")
    assert not found, "\n".join(found)


def raised(function):
    """Names of our errors that a function raises itself, not through another."""
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            name = ast.unparse(node.exc.func).rpartition(".")[2]
            if name in OWN_ERRORS:
                yield name


def documented_functions(module):
    """Name, node and the docstring that tells what it raises, of everything exported."""
    for node in module.tree.body:
        if getattr(node, "name", None) not in (module.exported or ()):
            continue
        if isinstance(node, ast.FunctionDef):
            yield node.name, node, ast.get_docstring(node)
        elif isinstance(node, ast.ClassDef):
            for item in node.body:
                if isinstance(item, ast.FunctionDef):
                    yield from method_docstring(node, item)


def method_docstring(cls, method):
    name = f"{cls.name}.{method.name}"
    if method.name in ("__init__", "__post_init__"):
        yield name, method, ast.get_docstring(cls)
    elif not method.name.startswith("_"):
        yield name, method, ast.get_docstring(method)


def test_own_errors_are_documented_where_they_are_raised(modules):
    found = [
        f"{module.path}: {name} raises {error}"
        for module in modules
        for name, node, text in documented_functions(module)
        for error in sorted(set(raised(node)))
        if error not in section(text, "Raises")
    ]
    assert not found, "\n".join(found)


def test_modules_say_what_they_are(modules):
    assert [str(module.path) for module in modules if not ast.get_docstring(module.tree)] == []


def test_the_measure_reads_a_docstring():
    text = """What.

    Args:
        one: the first,
            told at length: with a colon.
        two (int): the second.

    Returns:
        Nothing: at all.
    """
    assert entries(text, "Args") == {"one", "two"}
    assert section(text, "Raises") == ""
