"""The source as data: every module of the package, parsed once."""

import ast
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True, kw_only=True)
class Module:
    """One file of the package."""

    name: str
    """Dotted, as it is imported."""
    path: Path
    """Relative to the root of the repository."""
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The first name under the package; empty for the package itself."""
        return self.name.partition(".")[2].partition(".")[0]

    @property
    def is_package(self) -> bool:
        return self.path.name == "__init__.py"

    @property
    def exported(self) -> set[str] | None:
        """The names in ``__all__``; nothing when the module has no such list."""
        for node in self.tree.body:
            if isinstance(node, (ast.Assign, ast.AnnAssign)):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                if [ast.unparse(target) for target in targets] == ["__all__"]:
                    return set(ast.literal_eval(node.value))
        return None


def _read(path: Path) -> Module:
    relative = path.relative_to(ROOT)
    parts = relative.with_suffix("").parts[1:]
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    text = path.read_text(encoding="utf-8")
    return Module(name=name, path=relative, text=text, tree=ast.parse(text, filename=str(path)))


@pytest.fixture(scope="session")
def root():
    return ROOT


@pytest.fixture(scope="session")
def modules():
    return [_read(path) for path in sorted((ROOT / "src" / "vaekit").rglob("*.py"))]
