"""Compose, never copy: a class is an interface or a leaf, and a signature says what it takes."""

import ast
import importlib
import inspect

import pytest

MAY_BE_POSITIONAL = {
    "vaekit.numerics.logmeanexp": "reads as torch.logsumexp does",
    "vaekit.networks.mlp.MLP": "a network reads from left to right: in, hidden, out",
    "vaekit.networks.images.ConvEncoder": "the same",
    "vaekit.networks.images.ResNetEncoder": "the same",
}
"""Functions and classes that take a setting by position, each with its reason."""

MOST_POSITIONAL = 3
"""More operands than these are not told apart by their order."""

SETTINGS = {"bool", "int", "float", "str", "None", "Literal"}
"""A parameter of these types is a setting, which is given by name; others are operands."""


@pytest.fixture(scope="module")
def classes(modules):
    """Every class of ours that is no error; errors are a family, and inherit by design."""
    found = []
    for module in modules:
        if module.name.endswith("__main__"):
            continue
        values = vars(importlib.import_module(module.name)).values()
        found += [v for v in values if inspect.isclass(v) and v.__module__ == module.name]
    return [cls for cls in found if not issubclass(cls, Exception)]


def ours(cls):
    """The bases of a class that are ours, the nearest first."""
    return [base for base in cls.__mro__[1:] if base.__module__.partition(".")[0] == "vaekit"]


def is_interface(cls):
    """Abstract, or without a method of its own."""
    own = [
        value for name, value in vars(cls).items() if inspect.isfunction(value) and name[0] != "_"
    ]
    return inspect.isabstract(cls) or getattr(cls, "_is_protocol", False) or not own


def test_only_interfaces_are_inherited_from(classes):
    found = [
        f"{cls.__module__}.{cls.__name__} inherits from {base.__name__}, which is no interface"
        for cls in classes
        for base in ours(cls)
        if not is_interface(base)
    ]
    assert not found, "\n".join(found)


def test_there_are_no_mixins(classes):
    found = [
        f"{cls.__module__}.{cls.__name__}"
        for cls in classes
        if sum(base in ours(cls) for base in cls.__bases__) > 1
    ]
    assert not found, "\n".join(found)


def test_no_concrete_method_is_overridden(classes):
    found = [
        f"{cls.__module__}.{cls.__name__}.{name} overrides that of {base.__name__}"
        for cls in classes
        for base in ours(cls)
        for name, value in vars(base).items()
        if inspect.isfunction(value) and name in vars(cls)
        if not getattr(value, "__isabstractmethod__", False) and not name.startswith("__")
        if not getattr(base, "_is_protocol", False)
    ]
    assert not found, "\n".join(found)


def signatures(tree):
    """Every function of a module, also those inside others."""
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
    return [node for node in ast.walk(tree) if isinstance(node, kinds)]


def test_nothing_is_passed_through(modules):
    found = [
        f"{module.path}:{node.lineno}: **{node.args.kwarg.arg}"
        for module in modules
        for node in signatures(module.tree)
        if node.args.kwarg is not None
    ]
    assert not found, "\n".join(found)


def public_signatures(module):
    """Dotted name and arguments (without self) of exported functions and constructors."""
    public = module.exported or set()
    for node in module.tree.body:
        if isinstance(node, ast.FunctionDef) and node.name in public:
            yield f"{module.name}.{node.name}", node.args.posonlyargs + node.args.args
        elif isinstance(node, ast.ClassDef) and node.name in public:
            for item in node.body:
                if isinstance(item, ast.FunctionDef) and item.name == "__init__":
                    yield f"{module.name}.{node.name}", item.args.args[1:]


def is_setting(argument):
    """Whether an annotation is made of plain types only."""
    names = {node.id for node in ast.walk(argument.annotation) if isinstance(node, ast.Name)}
    return bool(names) and names <= SETTINGS


def test_settings_are_given_by_name(modules):
    found = [
        f"{name}: {[argument.arg for argument in arguments[1:] if is_setting(argument)]}"
        for module in modules
        for name, arguments in public_signatures(module)
        if name not in MAY_BE_POSITIONAL and any(map(is_setting, arguments[1:]))
    ]
    assert not found, "make these keyword-only:\n" + "\n".join(found)


def test_few_things_are_given_by_position(modules):
    found = [
        f"{name}: {[argument.arg for argument in arguments]}"
        for module in modules
        for name, arguments in public_signatures(module)
        if len(arguments) > MOST_POSITIONAL
    ]
    assert not found, "\n".join(found)


def test_every_exception_to_the_rule_is_still_needed(modules):
    needed = {
        name
        for module in modules
        for name, arguments in public_signatures(module)
        if any(map(is_setting, arguments[1:]))
    }
    assert set(MAY_BE_POSITIONAL) - needed == set()


PARTS = {"posterior", "prior", "likelihood"}


def reads_a_part(node):
    """Whether an expression takes a conditional out of a model, and not a section of a config."""
    if not (isinstance(node, ast.Attribute) and node.attr in PARTS):
        return False
    owner = ast.unparse(node.value)
    return owner.endswith(("model", "labelled", "features", "vae")) and not (
        "config" in owner or owner.startswith(("theirs", "each."))
    )


def test_models_are_known_by_their_interface(modules):
    """Outside models/, a model encodes, decodes and describes itself; nobody takes it apart."""
    found = [
        f"{module.path}:{node.lineno}: {ast.unparse(node)}"
        for module in modules
        if module.room != "models"
        for node in ast.walk(module.tree)
        if reads_a_part(node)
    ]
    assert not found, "use Model.encode, decode, code_distribution or parts: " + "\n".join(found)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("model.posterior(x)", True),
        ("self.run.model.prior", True),
        ("run.config.model.prior.kind", False),
        ("self.prior", False),
    ],
)
def test_the_measure_sees_a_part_that_is_taken(code, expected):
    assert any(reads_a_part(node) for node in ast.walk(ast.parse(code))) == expected
