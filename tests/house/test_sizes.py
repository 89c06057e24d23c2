"""Small pieces: a file has fewer than 300 lines, a function at most 40 and most fewer than 12."""

import ast
import statistics

FILE_LINES = 300
FUNCTION_LINES = 40
MEDIAN_FUNCTION_LINES = 12


def has_docstring(node):
    first = node.body[0]
    return (
        isinstance(first, ast.Expr)
        and isinstance(first.value, ast.Constant)
        and isinstance(first.value.value, str)
    )


def body_lines(function):
    """Lines from the first statement after the docstring to the last."""
    documented = has_docstring(function) and len(function.body) > 1
    return function.end_lineno - function.body[documented].lineno + 1


def files(modules):
    """Lines and path of every file, the largest first."""
    sizes = [(module.text.count("\n"), str(module.path)) for module in modules]
    return sorted(sizes, reverse=True)


def functions(modules):
    """Lines, place and name of every function, the largest first."""
    sizes = [
        (body_lines(node), f"{module.path}:{node.lineno} {node.name}")
        for module in modules
        for node in ast.walk(module.tree)
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))
    ]
    return sorted(sizes, reverse=True)


def largest(sizes):
    return "\n".join(f"{lines:4d} {where}" for lines, where in sizes[:5])


def test_files_are_small(modules):
    sizes = files(modules)
    print(largest(sizes))
    assert sizes[0][0] < FILE_LINES, f"split these:\n{largest(sizes)}"


def test_functions_are_small(modules):
    sizes = functions(modules)
    print(largest(sizes))
    assert sizes[0][0] <= FUNCTION_LINES, f"take these apart:\n{largest(sizes)}"
    assert statistics.median(lines for lines, _ in sizes) < MEDIAN_FUNCTION_LINES


def test_the_measure_leaves_the_docstring_out():
    code = 'def f(a,\n      b):\n    """One.\n\n    Two.\n    """\n    a = b\n\n    return a\n'
    (function,) = ast.parse(code).body
    assert body_lines(function) == 3
    (bare,) = ast.parse('def f():\n    """Only a docstring."""\n').body
    assert body_lines(bare) == 1
