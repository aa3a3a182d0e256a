"""Targets as the command line names them: files that are run, inputs and dims that are spelled out."""
