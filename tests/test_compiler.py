"""What is taken from PyTorch without a promise that it stays, and where."""

import ast
from importlib import import_module
from pathlib import Path

import pytest
import torch

import vaekit
from vaekit.compiler import PRIVATE, RecordError, record

EXPERIMENTAL = ("torch.fx.experimental", "torch._")


@pytest.mark.parametrize("name", PRIVATE)
def test_private_interfaces_of_pytorch_are_still_there(name):
    module, _, attribute = name.rpartition(".")
    try:
        getattr(import_module(module), attribute)
    except (ImportError, AttributeError):
        pytest.fail(f"PyTorch {torch.__version__} has no {name}: mend vaekit/compiler.py")


def test_no_other_module_uses_them():
    found = []
    for path in Path(vaekit.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                names = [f"{node.module}.{alias.name}" for alias in node.names]
            elif isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.Attribute):
                names = [ast.unparse(node)]
            else:
                continue
            used = [name for name in names if name.startswith(EXPERIMENTAL)]
            found += [(path.name, name) for name in used if name != "torch.__version__"]
    assert {name for name, _ in found} == {"compiler.py"}, found
    assert set(PRIVATE) <= {name for _, name in found}


def test_what_depends_on_values_is_not_recorded_and_leaves_no_trace():
    held = torch.zeros(2)

    def work(x):
        held.add_(1.0)
        torch.rand(1)
        return (x[x > 0].sum() if bool(x[0] > 0) else x.sum(),)

    random = torch.get_rng_state()
    with pytest.raises(RecordError):
        record(lambda x, *_: work(x), inputs=[torch.ones(3)], held=[held])
    assert torch.equal(held, torch.zeros(2))
    assert torch.equal(torch.get_rng_state(), random)
