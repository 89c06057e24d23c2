"""What a user can type is part of the contract: it changes only together with surface.txt.

After a change that is meant: ``python tests/cli/test_surface.py``
"""

from pathlib import Path

from vaekit.cli.app import make_app

SURFACE = Path(__file__).with_name("surface.txt")


def surface():
    lines = []
    app = make_app()
    lines.append(f"vaekit {' '.join([*app.help_flags, *app.version_flags])} --debug")
    walk(app, "vaekit", lines, common=app.default_parameter)
    return "\n".join(lines) + "\n"


def walk(app, name, lines, *, common):
    if app.default_command is not None:
        lines.append(name)
        for argument in app.assemble_argument_collection(default_parameter=common):
            if argument.show:
                names = " ".join([*argument.names, *sorted(set(argument.negatives))])
                names = " ".join(dict.fromkeys(names.split()))
                lines.append(f"  {names}{' (required)' if argument.required else ''}")
    for command in sorted(each for each in app if not each.startswith("-")):
        walk(app[command], f"{name} {command}", lines, common=common)


def test_the_surface_is_as_it_was_agreed():
    agreed = SURFACE.read_text(encoding="utf-8")
    assert surface() == agreed, "if this is meant: python tests/cli/test_surface.py"


if __name__ == "__main__":
    SURFACE.write_text(surface(), encoding="utf-8", newline="\n")
