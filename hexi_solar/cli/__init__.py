"""The `hexi-solar` commands: they read words, call the plan and the seams, and speak.

Heavy libraries are imported inside the commands, so that `--help` answers at once. What
a command finds goes to standard output, progress and problems to standard error. Each
module holds the commands of one subject.
"""

from __future__ import annotations

import os
import signal
import sys
from typing import Annotated

import typer

from hexi_solar import __version__
from hexi_solar.cli import (
    coverage,
    imports,
    pathway,
    published,
    register,
    report,
    retrofit,
    serve,
    study,
    supervise,
    tools,
)
from hexi_solar.cli.common import app, stopped_by

__all__ = [
    "app",
    "coverage",
    "imports",
    "main",
    "pathway",
    "published",
    "register",
    "report",
    "retrofit",
    "serve",
    "study",
    "supervise",
    "tools",
]

# drivers that fetch from the network or read other files on a layer's behalf stay off;
# GDAL reads this once, when it is first imported
BLOCKED_DRIVERS = (
    "OGR_VRT,VRT,GDALG,GTI,HTTP,WFS,CSW,OAPIF,OGCAPI,WMS,WMTS,WCS,STACTA,STACIT,Elasticsearch,Carto,"
    "AmigoCloud,PLSCENES,PLMOSAIC,NGW,EEDA,EEDAI,ADBC,DAAS"
)


def main() -> None:
    """Run the command line; every error raised on purpose becomes one message."""
    os.environ.setdefault("GDAL_SKIP", BLOCKED_DRIVERS)
    signal.signal(signal.SIGTERM, _interrupt)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except KeyboardInterrupt:
        sys.exit(128 + stopped_by[0])


def _interrupt(number: int, frame: object) -> None:
    stopped_by[0] = number
    raise KeyboardInterrupt


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"hexi-solar {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_version, is_eager=True, help="显示版本。 Show the version."
        ),
    ] = False,
) -> None:
    """Take the options that stand before a command."""
