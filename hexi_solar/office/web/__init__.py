"""The register in the browser: pages for looking, recording, importing.

These modules are imported by Django once it runs.
"""
