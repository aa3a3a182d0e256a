"""Findings, rules and reports of onnxdx, and everything a user reads of them. Needs neither torch nor a screen."""
