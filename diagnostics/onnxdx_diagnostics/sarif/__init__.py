"""Reports as SARIF 2.1.0 logs and back: the one room that knows the format, built with sarif-om.

`log.py` makes a log of a report, `reader.py` a report of a log. The parts of a log: `tool.py` (rules), `results.py`,
`flow.py` (how it came to a result), `places.py` (files, regions, modules), `surroundings.py` (graphs), `invocation.py`
(how the run went), `plain.py` (objects of sarif-om as JSON).

Properties of our own stand under the one key "onnxdx" of a property bag; `version` in that of the run counts their
changes. On a run: target, outcome, verdict, environment. On a result: the site (module, op, FX node, values), the
facts and the fixes. Everything a host shows stands in the standard properties; ours serve `onnxdx explain FILE.sarif`.

No absolute path goes into a log: sources are relative to %SRCROOT%, installed packages to %PYTHONLIB%.
"""
