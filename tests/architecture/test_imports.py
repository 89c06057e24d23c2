"""Who may import whom: data flows one way, and heavy packages stay out until they are needed."""

import ast
import graphlib
import re
import subprocess
import sys

import pytest

# For each room: what it may import of ours, and what from outside the standard library. A dotted
# name lets in one name of a room and nothing else of it. Every room may import errors, files and
# the registry; those that may import torch may import numerics. To move a wall, change its line in
# the same commit as the code, and say why.
ROOMS = {
    "errors": ("", ""),
    "io": ("", ""),
    "numerics": ("", "numpy torch"),
    # the entries of all parts, which config and help read: no torch
    "registry": ("", "pydantic"),
    # what training and evaluation both ask of PyTorch's compiler, behind one module
    "compiler": ("", "torch"),
    "config": ("", "pydantic pydantic_core yaml"),
    "recipes": ("config", ""),
    # the reader of delimited files is that of tables, so that both read a file alike
    "data": ("tables", "numpy torch sklearn pooch rich PIL pandas pyarrow"),
    # what the columns of a mixed table are; no torch, so that a schema is made without it
    "tables": ("", "numpy pandas pyarrow"),
    "networks": ("", "torch"),
    "distributions": ("", "torch"),
    "models": ("networks distributions", "torch zuko"),
    "objectives": ("distributions models.base", "torch"),
    "builders": ("config data networks distributions models objectives", "torch"),
    "runs": ("config builders data models", "torch safetensors numpy"),
    # from a config to a run folder (train), so builders and runs are imported here
    "training": (
        "compiler config registry builders data models objectives runs",
        "numpy torch lightning_fabric rich tensorboard",
    ),
    # how a posterior is sampled, and whether it is a point, are questions to distributions
    "evaluation": ("compiler data distributions models objectives", "numpy torch"),
    # a result draws itself into axes of its user; figures are imported when it does
    "inference": (
        "data distributions models evaluation figures",
        "numpy torch sklearn umap matplotlib",
    ),
    "describe": (
        "config distributions models inference figures",
        "numpy torch latex2mathml markupsafe matplotlib",
    ),
    # a whole training is one call of them
    # scipy, which scikit-learn needs itself, has the quantiles of Student's distribution
    "estimators": (
        "config data networks models objectives training inference tables",
        "numpy torch sklearn scipy rich pandas",
    ),
    "figures": ("", "numpy matplotlib PIL av"),
    "report": (
        "config data evaluation inference describe figures runs",
        "numpy torch matplotlib jinja2 markupsafe PIL",
    ),
    "comparison": (
        "config recipes data distributions models evaluation inference describe figures report "
        "runs __version__",
        "numpy torch matplotlib",
    ),
    # the explorer's server; nothing that trains
    "web": (
        "config data networks distributions models objectives builders runs evaluation inference "
        "describe figures __version__",
        "numpy torch anyio fastapi starlette uvicorn pydantic PIL",
    ),
    "cli": (
        "config recipes data distributions models objectives builders runs training evaluation "
        "inference describe figures report comparison tables estimators web __version__",
        "numpy torch cyclopts docstring_parser rich pydantic yaml pandas pyarrow matplotlib PIL",
    ),
    # the object for Python users does what the commands do, and prints nothing
    "trained_model": (
        "config recipes runs inference training describe cli",
        "numpy torch pandas PIL",
    ),
    "__main__": ("cli", ""),
}

FREE = {"errors", "io", "registry"}
TORCH_FREE = (
    "vaekit",
    "vaekit.registry",
    "vaekit.config",
    "vaekit.recipes",
    "vaekit.cli",
    "vaekit.errors",
)
ALSO_WITHOUT = ("vaekit.figures", "vaekit.tables")
HEAVY = {"torch", "matplotlib", "sklearn", "lightning_fabric", "zuko", "pandas", "pyarrow", "PIL"}


def allowed(room):
    """Names of ours and names from outside that a room may import, itself included."""
    ours, outside = (set(names.split()) for names in ROOMS[room])
    numerics = {"numerics"} if "torch" in outside else set()
    return ours | {room} | (FREE if room not in FREE else {"errors"}) | numerics, outside


def imported(tree):
    """Line and full dotted name of everything that a module imports, at whatever depth."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, name.name) for name in node.names)
        elif isinstance(node, ast.ImportFrom):
            dots = "." * node.level + (node.module or "")
            yield from ((node.lineno, f"{dots}.{name.name}") for name in node.names)


def violation(name, room):
    """What is wrong with a room importing a name; empty when nothing is."""
    ours, outside = allowed(room)
    top, _, rest = name.partition(".")
    if not top:
        return "relative imports are banned"
    if top in sys.stdlib_module_names:
        return ""
    if top != "vaekit":
        return "" if top in outside else f"{room} may import from outside only {sorted(outside)}"
    inside = any(rest == entry or rest.startswith(f"{entry}.") for entry in ours)
    return "" if inside else f"{room} may import of ours only {sorted(ours)}"


def test_every_room_has_a_line_in_the_table(modules):
    rooms = {module.room for module in modules} - {""}
    assert rooms - set(ROOMS) == set(), "say in ROOMS what a new room may import"


def test_rooms_import_only_what_the_table_lets_in(modules):
    found = [
        f"{module.path}:{line}: {name}: {wrong}"
        for module in modules
        if module.room
        for line, name in imported(module.tree)
        if (wrong := violation(name, module.room))
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    ("name", "room", "expected"),
    [
        ("vaekit.models.base.Trace", "objectives", ""),
        ("vaekit.models.vae.VAE", "objectives", "objectives may import of ours only"),
        ("vaekit.models", "objectives", "objectives may import of ours only"),
        ("vaekit.datasets.x", "models", "models may import of ours only"),
        ("vaekit.numerics.logmeanexp", "figures", "figures may import of ours only"),
        ("torch.nn", "figures", "figures may import from outside only"),
        ("vaekit.cli.main", "training", "training may import of ours only"),
        ("..vae.Trace", "models", "relative imports are banned"),
        ("json.loads", "errors", ""),
    ],
)
def test_the_measure_sees_what_it_should(name, room, expected):
    assert violation(name, room).startswith(expected)
    assert bool(violation(name, room)) == bool(expected)


def test_nested_imports_are_seen():
    tree = ast.parse("def f():\n    if True:\n        from vaekit.data import Batches\n")
    assert list(imported(tree)) == [(3, "vaekit.data.Batches")]


def test_the_table_has_no_circle():
    graph = {room: {name.partition(".")[0] for name in allowed(room)[0]} - {room} for room in ROOMS}
    order = list(graphlib.TopologicalSorter(graph).static_order())
    assert order.index("models") < order.index("training") < order.index("cli")


def test_nobody_imports_the_command_line():
    """But for the object for Python users, whose methods do what commands do."""
    found = [room for room in ROOMS if "cli" in allowed(room)[0]]
    assert found == ["cli", "trained_model", "__main__"]


def test_the_package_itself_imports_only_the_standard_library_when_it_runs(modules):
    (package,) = (module for module in modules if module.name == "vaekit")
    checked = [node for node in package.tree.body if not is_type_checking(node)]
    names = [name for node in checked for _, name in imported(node)]
    assert {name.partition(".")[0] for name in names} <= sys.stdlib_module_names


def is_type_checking(node):
    return (
        isinstance(node, ast.If)
        and isinstance(node.test, ast.Name)
        and node.test.id == "TYPE_CHECKING"
    )


def run_python(code):
    """What a fresh interpreter prints."""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8", check=False
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_command_line_starts_without_heavy_packages():
    code = "import sys\nimport " + ", ".join(TORCH_FREE) + "\nprint(*sys.modules)"
    assert set(run_python(code)) & HEAVY == set()


def test_help_needs_no_heavy_packages():
    code = (
        "import contextlib, io, sys\n"
        "from vaekit.cli import main\n"
        "sys.argv = ['vaekit', '--help']\n"
        "with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):\n"
        "    main()\n"
        "print(*sys.modules)"
    )
    assert set(run_python(code)) & HEAVY == set()


def test_results_that_can_draw_themselves_need_no_matplotlib_until_they_do():
    loaded = run_python("import sys, vaekit.inference\nprint(*sys.modules)")
    assert {"matplotlib", "vaekit.figures"} & set(loaded) == set()


@pytest.mark.parametrize("name", ALSO_WITHOUT)
def test_figures_and_report_need_no_torch(name):
    loaded = run_python(f"import sys, {name}\nprint(*sys.modules)")
    assert "torch" not in loaded
    assert not [module for module in loaded if module.startswith(("vaekit.models", "vaekit.data"))]


INERT = """
import logging, os, random, signal, warnings
import matplotlib
import numpy
import torch
from torch.distributions import Distribution

def settings():
    return {
        "torch generator": torch.get_rng_state().tolist(),
        "numpy generator": str(numpy.random.get_state()),
        "python generator": random.getstate(),
        "default dtype": torch.get_default_dtype(),
        "default device": torch.get_default_device(),
        "threads": torch.get_num_threads(),
        "matmul precision": torch.get_float32_matmul_precision(),
        "deterministic": torch.are_deterministic_algorithms_enabled(),
        "gradients": torch.is_grad_enabled(),
        "validation of distributions": Distribution._validate_args,
        "constraints of distributions": vars(Distribution)["arg_constraints"],
        "figure settings": dict(matplotlib.rcParams),
        "error handling of numpy": numpy.geterr(),
        "printing of numpy": numpy.get_printoptions(),
        "environment": dict(os.environ),
        "filters of warnings": list(warnings.filters),
        "log handlers": list(logging.getLogger().handlers),
        "Ctrl-C": signal.getsignal(signal.SIGINT),
    }

# what these do when they are imported is not ours to prevent
import lightning_fabric, sklearn, scipy.stats, pooch, rich.progress, cyclopts, pydantic, safetensors
before = settings()
import importlib, pkgutil
import vaekit
for found in pkgutil.walk_packages(vaekit.__path__, "vaekit."):
    if not found.name.endswith("__main__"):
        importlib.import_module(found.name)
# a flow brings in zuko, which switches off the validation of distributions for the whole process
with torch.random.fork_rng():
    vaekit.FlowPrior(2, length=1)
after = settings()
print(*(name.replace(" ", "-") for name in before if before[name] != after[name]))
"""


def test_importing_every_module_changes_no_global_setting():
    assert run_python(INERT) == []


def test_contributors_are_told_the_same_table(root):
    text = (root / "CONTRIBUTING.md").read_text(encoding="utf-8")
    told = dict(re.findall(r"^\| `(\w+)` \| [^|]* \| ([^|]*) \|$", text, flags=re.MULTILINE))
    words = {"nothing of ours": "", "everything": "everything"}
    found = {
        room: set(words.get(ours, ours).replace(",", "").split()) for room, ours in told.items()
    }
    untold = {"errors", "io", "numerics", "registry", "__main__"}
    expected = {room: set(ROOMS[room][0].split()) for room in set(ROOMS) - untold}
    assert found == expected | {"cli": {"everything"}}
