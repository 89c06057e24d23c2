"""``vaekit graph``."""

import json
from dataclasses import asdict
from typing import TYPE_CHECKING

from vaekit.cli.options import AsJson, Force, Out, RunPath
from vaekit.cli.output import Output

if TYPE_CHECKING:
    from vaekit.describe import Graph

__all__ = ["graph"]


_KINDS = (".png", ".svg", ".dot", ".json")


def graph(run: RunPath, /, *, out: Out, force: Force = False, as_json: AsJson = False) -> None:
    """Draw the computation graph of a model: layers, sampling, and objective.

    Args:
        run: A run folder.
        out: File to write: .png and .svg are the picture; .json holds nodes and edges, and .dot
            the same for Graphviz.
        force: Replace an existing file.
        as_json: Print one JSON object to stdout and nothing else.
    """
    from vaekit import describe
    from vaekit.cli.writers import check_out
    from vaekit.describe.formula import loss_lines, loss_terms
    from vaekit.figures import save_figure
    from vaekit.io import write_atomically
    from vaekit.runs import load_run

    kind = check_out(out, kinds=_KINDS, force=force)
    loaded = load_run(run)
    objective = loaded.config.objective
    found = describe.graph(
        loaded.model,
        shape=loaded.preprocessing.shape,
        samples=objective.samples,
        loss=loss_lines(loaded.config.model, objective),
        terms=loss_terms(objective),
    )
    if kind in (".png", ".svg"):
        save_figure(found.plot(), path=out)
    else:
        text = json.dumps(asdict(found), indent=2, ensure_ascii=False)
        content = f"{text if kind == '.json' else _dot(found)}\n".encode()
        write_atomically(out, lambda temporary: temporary.write_bytes(content))
    nodes, parameters = len(found.nodes), sum(node.parameters for node in found.nodes)
    Output(as_json=as_json).result(
        {"out": str(out), "nodes": nodes, "edges": len(found.edges), "parameters": parameters},
        lines=[f"{nodes} nodes, {parameters:,} parameters: {out}"],
    )


def _dot(graph: "Graph") -> str:
    """Write a graph in the DOT language of Graphviz."""
    lines = ["digraph model {", '  node [shape=box, style=rounded, fontname="DejaVu Sans"];']
    for node in graph.nodes:
        size = " \N{MULTIPLICATION SIGN} ".join(map(str, node.shape))
        learned = f"{node.parameters:,} parameters" if node.parameters else ""
        label = "\\n".join(
            _escaped(part) for part in (node.title, *node.notes, size, learned) if part
        )
        lines.append(f'  "{_escaped(node.name)}" [label="{label}", class="{node.kind}"];')
    lines += [f'  "{_escaped(e.source)}" -> "{_escaped(e.target)}";' for e in graph.edges]
    return "\n".join([*lines, "}"])


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
