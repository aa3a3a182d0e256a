"""The tool as SARIF describes it: its rules, from the source of their docs pages, and the passes they belong to."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

import sarif_om as om

from onnxdx_diagnostics import catalog
from onnxdx_diagnostics.explain import documentation, explain_rule
from onnxdx_diagnostics.finding import Finding, Level
from onnxdx_diagnostics.phrase import Phrase
from onnxdx_diagnostics.report import Report
from onnxdx_diagnostics.sarif.invocation import NOTIFICATIONS, NotificationRule

TOOL = "onnxdx"

# Where the pages of docs/rules are published. While this is empty, logs carry no link.
HELP_BASE = ""

_TAXONOMY = "ExportPasses"
_SEVERITIES = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "recommendation"}
_STAGES = {stage: index for index, stage in enumerate(dict.fromkeys(catalog.STAGES.values()))}


@dataclass
class Messages:
    """The message templates that one run uses of one rule, in order of appearance."""

    templates: dict[str, str] = field(default_factory=dict)
    markdown: dict[str, str] = field(default_factory=dict)

    def add(self, said: Phrase) -> str:
        """The message id of a phrase."""
        known = self.templates.get(said.template)
        if known:
            return known
        key = "default" if not self.templates else f"default{len(self.templates) + 1}"
        self.templates[said.template] = key
        self.markdown[key] = said.markdown
        return key


def tool(report: Report, messages: Mapping[str, Messages]) -> om.Tool:
    """The tool with all rules, their templates as `messages` tells them by rule id, and the packages that took part."""
    version = report.environment.get(TOOL) or _own_version()
    driver = om.ToolComponent(
        name=TOOL,
        full_name=f"{TOOL} {version}",
        version=version,
        semantic_version=version if re.fullmatch(r"\d+\.\d+\.\d+", version) else None,
        information_uri=HELP_BASE or None,
        short_description=om.MultiformatMessageString(text="A PyTorch-to-ONNX exporter that explains itself."),
        full_description=om.MultiformatMessageString(
            text="Exports PyTorch models to ONNX. Each export is proven, or each blocker is named on its line."
        ),
        rules=[_rule(rule, messages[rule.id]) for rule in catalog.all_rules()],
        notifications=[_notification_rule(rule) for rule in NOTIFICATIONS],
        supported_taxonomies=[om.ToolComponentReference(name=_TAXONOMY, index=0)],
        is_comprehensive=True,
        language="en-US",
    )
    return om.Tool(driver=driver, extensions=_extensions(report) or None)


def taxonomy() -> om.ToolComponent:
    """The passes of an export, as classes of results."""
    return om.ToolComponent(
        name=_TAXONOMY,
        version="1.0.0",
        short_description=om.MultiformatMessageString(text="The passes of an export."),
        taxa=[
            om.ReportingDescriptor(
                id=stage.upper(),
                name=stage.capitalize(),
                short_description=om.MultiformatMessageString(text=f"Found by pass '{stage}'."),
            )
            for stage in _STAGES
        ],
        is_comprehensive=True,
        language="en-US",
    )


def taxon(rule_id: str) -> om.ReportingDescriptorReference:
    """The pass that a rule belongs to."""
    stage = catalog.stage(rule_id)
    return om.ReportingDescriptorReference(
        id=stage.upper(), index=_STAGES[stage], tool_component=om.ToolComponentReference(name=_TAXONOMY, index=0)
    )


def _rule(rule: type[Finding], messages: Messages) -> om.ReportingDescriptor:
    told = documentation(rule)
    meaning = told.section("What it means") or told.summary
    page = explain_rule(rule)
    return om.ReportingDescriptor(
        id=rule.id,
        name="".join(part.capitalize() for part in rule.name.split("-")),
        short_description=om.MultiformatMessageString(text=told.summary[:1000]),
        full_description=om.MultiformatMessageString(text=" ".join(meaning.split())[:1000]),
        help=om.MultiformatMessageString(text=page, markdown=page),
        help_uri=f"{HELP_BASE}{rule.id}.md" if HELP_BASE else None,
        message_strings={
            key: om.MultiformatMessageString(text=text, markdown=messages.markdown[key])
            for text, key in messages.templates.items()
        }
        or None,
        default_configuration=om.ReportingConfiguration(level=rule.level.value),
        relationships=[om.ReportingDescriptorRelationship(target=taxon(rule.id), kinds=["superset"])],
        properties={
            "precision": "very-high" if rule.level is Level.ERROR else "high",
            "problem.severity": _SEVERITIES[rule.level],
            "tags": ["onnx", "pytorch", catalog.stage(rule.id)],
        },
    )


def _notification_rule(rule: NotificationRule) -> om.ReportingDescriptor:
    told = om.MultiformatMessageString(text=rule.meaning)
    return om.ReportingDescriptor(
        id=rule.id,
        name=rule.name,
        short_description=told,
        full_description=told,
        help=told,
        message_strings={"default": om.MultiformatMessageString(text=rule.template)},
        default_configuration=om.ReportingConfiguration(level="note"),
    )


def _extensions(report: Report) -> list[om.ToolComponent]:
    packages = sorted((name, version) for name, version in report.environment.items() if name != TOOL)
    return [
        om.ToolComponent(name=name, version=version)
        for name, version in packages
        if version[:1].isdigit() and re.fullmatch(r"[\w.-]+", name)
    ]


@functools.cache
def _own_version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(TOOL)
    except PackageNotFoundError:
        return "0"
