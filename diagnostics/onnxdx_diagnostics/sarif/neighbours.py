"""The nodes around each fault, read back from a SARIF log that `surroundings.py` has put them in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from onnxdx_diagnostics.codec import ReportUnreadable
from onnxdx_diagnostics.graphs import Edge, Node, ProgramGraph, Stage, Status

Json = Mapping[str, Any]

_SAID = re.compile(r"The (\w+) program around '(.*)'\.", re.DOTALL)
_ENDS = {"placeholder": Status.SOURCE, "get_attr": Status.SOURCE, "output": Status.RESULT}


def from_sarif(log: Json) -> tuple[ProgramGraph | None, ...]:
    """For each finding of `reader.from_sarif` the nodes around it, where the log shows them; the node that the finding
    is about is the one that has findings. What became of the other nodes, a log does not tell.

    Raises ReportUnreadable.
    """
    try:
        return tuple(_graph(result) for result in log["runs"][0]["results"])
    except (AttributeError, KeyError, IndexError, TypeError, ValueError) as error:
        raise ReportUnreadable(f"damaged graphs: {error!r}") from error


def _graph(result: Json) -> ProgramGraph | None:
    if not result.get("graphs"):
        return None
    graph = result["graphs"][0]
    said = _SAID.fullmatch(graph["description"]["text"])
    if said is None:
        raise ValueError("a graph around no node")
    positions = {node["id"]: position for position, node in enumerate(graph["nodes"])}
    nodes = tuple(_node(node, said[2], result["ruleId"]) for node in graph["nodes"])
    if len({node.name for node in nodes}) < len(nodes):
        raise ValueError("two nodes have one name")
    edges = sorted(
        Edge(
            positions[edge["sourceNodeId"]],
            positions[edge["targetNodeId"]],
            int(edge["label"]["text"].removeprefix("operand ")),
        )
        for edge in graph.get("edges", ())
    )
    return ProgramGraph(Stage(said[1]), nodes, tuple(edges))


def _node(plain: Json, fault: str, rule: str) -> Node:
    name, _, rest = plain["label"]["text"].partition(": ")
    op, _, value = rest.partition(" ")
    path, line = _place(plain.get("location", {}).get("physicalLocation"))
    logical = plain.get("location", {}).get("logicalLocations", ())
    module = str(logical[-1].get("fullyQualifiedName", "")) if logical else ""
    is_fault = name == fault
    status = Status.PLACEHOLDER if is_fault else _ENDS.get(op, Status.PLACED)
    return Node(name, op, status, module, value, path, line, (rule,) if is_fault else ())


def _place(physical: Json | None) -> tuple[str, int]:
    if physical is None:
        return "", 0
    return unquote(physical["artifactLocation"]["uri"]), int(physical["region"]["startLine"])
