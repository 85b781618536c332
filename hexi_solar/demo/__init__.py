"""A demonstration district, generated: the size of Hexi, with nothing in it that is real.

`outline` parts the ground, `blocks` lays streets and plots, `housing` and `campuses` put
buildings on them, `city` gives them dates and papers, `tables` and `register` write what
an office would know, `write` makes the files. The seed decides everything.
"""

from __future__ import annotations

from hexi_solar.demo.write import write_demo

__all__ = ["write_demo"]
