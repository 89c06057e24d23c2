"""What is public is said to be: every module names its public things, and the package theirs."""

import ast
import importlib
import tomllib

import pytest

import vaekit

PUBLIC = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def own(module):
    """Public functions and classes that stand at the top level of a module."""
    found = (node.name for node in module.tree.body if isinstance(node, PUBLIC))
    return {name for name in found if not name.startswith("_")}


def taken(tree):
    """Module and name of everything that is imported from our own modules."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "vaekit":
            yield from ((node.module, name.name) for name in node.names)


def test_every_module_says_what_is_public(modules):
    assert [str(module.path) for module in modules if module.exported is None] == []


def test_every_public_function_and_class_is_exported(modules):
    found = [
        f"{module.path}: {name}: add it to __all__, or begin its name with an underscore"
        for module in modules
        for name in sorted(own(module) - (module.exported or set()))
    ]
    assert not found, "\n".join(found)


def test_modules_take_from_each_other_only_what_is_exported(modules):
    offered = {module.name: module.exported or set() for module in modules}
    found = [
        f"{module.path}: {source}.{name}"
        for module in modules
        for source, name in taken(module.tree)
        if name not in offered[source] and f"{source}.{name}" not in offered
    ]
    assert not found, "\n".join(found)


def test_a_package_exports_all_that_it_gathers(modules):
    rooms = [module for module in modules if module.is_package and module.room]
    gathered = {
        module.name: {name for _, name in taken(module.tree)} | own(module) for module in rooms
    }
    assert gathered == {module.name: module.exported for module in rooms}


def type_checking_imports(module):
    """Room and name of what a type checker believes the package to import."""
    (block,) = (node for node in module.tree.body if isinstance(node, ast.If))
    return {(source.removeprefix("vaekit."), name) for source, name in taken(block)}


def test_type_checkers_and_users_see_the_same_package(modules):
    (package,) = (module for module in modules if module.name == "vaekit")
    believed = type_checking_imports(package)
    assert {(room, name) for room, names in vaekit._ROOMS.items() for name in names} == believed
    assert set(vaekit.__all__) == {name for _, name in believed} | {"__version__"}


@pytest.mark.parametrize("name", vaekit.__all__)
def test_public_names_resolve_to_those_of_their_room(name):
    if name != "__version__":
        room = importlib.import_module(f"vaekit.{vaekit._HOME[name]}")
        assert getattr(vaekit, name) is getattr(room, name)
        assert name in room.__all__
    assert name in dir(vaekit)


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'vaekit' has no attribute 'Vae'"):
        vaekit.Vae  # noqa: B018 - looking it up is the test


def test_one_version(root):
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert vaekit.__version__ == project["version"]
    changes = (root / "CHANGELOG.md").read_text(encoding="utf-8")
    assert f"{project['version']}" in changes


def test_the_package_is_typed(root):
    assert (root / "src" / "vaekit" / "py.typed").is_file()
