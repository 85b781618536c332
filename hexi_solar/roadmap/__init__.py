"""The path to the target of a plan: its study, its register and its money put to `pathway`.

A study says what roofs hold, the register what is promised, `valuation` what it costs and
is worth; `pathway` finds which roofs to build when. `question.py` says who counts,
`money.py` what it costs, `answer.py` carries the search out. The answer is a
`study.Roadmap`, tables that map, workbook and report take.
"""

from __future__ import annotations

from hexi_solar.roadmap.answer import roadmap, roadmap_of_study, roadmap_record

__all__ = ["roadmap", "roadmap_of_study", "roadmap_record"]
