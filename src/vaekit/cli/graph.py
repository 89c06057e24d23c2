"""``vaekit graph``."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from vaekit.cli.options import AsJson, Force, Out, RunPath
from vaekit.cli.output import Output

if TYPE_CHECKING:
    from pathlib import Path

    from vaekit.describe import Graph

__all__ = ["graph"]


_KINDS = (".png", ".svg", ".dot", ".json")


def graph(run: RunPath, /, *, out: Out, force: Force = False, as_json: AsJson = False) -> None:
    """Draw the computation graph of a model: its layers, where noise enters, and its objective.

    Args:
        run: A run folder.
        out: File to write: .png and .svg are the picture; .json holds nodes and edges, and .dot
            the same for Graphviz.
        force: Replace a file that is there.
        as_json: Print one JSON object to stdout and nothing else.
    """
    from vaekit import describe
    from vaekit.cli.writers import check_out
    from vaekit.describe.formula import loss_lines, loss_terms
    from vaekit.runs import load_run

    kind = check_out(out, kinds=_KINDS, force=force)
    found = load_run(run)
    objective = found.config.objective
    made = describe.graph(
        found.model,
        shape=found.preprocessing.shape,
        samples=objective.samples,
        loss=loss_lines(found.config.model, objective),
        terms=loss_terms(objective),
    )
    _write(out, made, kind=kind)
    learned = sum(node.parameters for node in made.nodes)
    Output(as_json=as_json).result(
        {"out": str(out), "nodes": len(made.nodes), "edges": len(made.edges),
         "parameters": learned},
        lines=[f"{len(made.nodes)} nodes, {learned:,} parameters: {out}"],
    )  # fmt: skip


def _write(path: "Path", made: "Graph", *, kind: str) -> None:
    """As a picture or as text."""
    from vaekit.figures import save_figure
    from vaekit.io import write_atomically

    if kind in (".png", ".svg"):
        save_figure(made.plot(), path=path)
        return
    text = _dot(made) if kind == ".dot" else json.dumps(asdict(made), indent=2, ensure_ascii=False)
    write_atomically(path, lambda beside: beside.write_bytes(f"{text.rstrip()}\n".encode()))


def _dot(made: "Graph") -> str:
    """Text in the language of Graphviz."""
    lines = ["digraph model {", '  node [shape=box, style=rounded, fontname="DejaVu Sans"];']
    for node in made.nodes:
        size = " \N{MULTIPLICATION SIGN} ".join(map(str, node.shape))
        learned = f"{node.parameters:,} parameters" if node.parameters else ""
        label = "\\n".join(
            _escaped(part) for part in (node.title, *node.notes, size, learned) if part
        )
        lines.append(f'  "{_escaped(node.name)}" [label="{label}", class="{node.kind}"];')
    lines += [f'  "{_escaped(e.source)}" -> "{_escaped(e.target)}";' for e in made.edges]
    return "\n".join([*lines, "}"])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
