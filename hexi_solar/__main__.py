"""Lets `python -m hexi_solar` stand for `hexi-solar`."""

from hexi_solar.cli import main

main()
