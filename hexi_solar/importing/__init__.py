"""The office's spreadsheets into the register, and the register out again.

Nothing is recorded here. `propose` reads a file and returns a `Proposal`: a verdict per row
(new, changed, same, refused, asked, passed over) with its reasons, and the events that the
ledger would get. Whoever holds the register appends them, all or none::

    proposal = propose(file, register.ledger(), today=plan.today, buildings=buildings,
                       memory=Memory.read(path), reason="按竣工图更正")
    verdict_workbook(proposal, Path("核对表.xlsx"), "zh", today=plan.today)
    if proposal.acceptable:
        register.append(proposal.events, by="张三", take_over=proposal.take_over,
                        expected_head=Head(*proposal.head))
        memory.and_also(proposal.columns, proposal.matches).write(path)

Others may have recorded meanwhile: `expected_head` has `append` refuse then, and the file is
held against the register anew.

The verdict workbook holds the file's own columns with verdict and reason beside them, the
columns as they were understood, and the buildings that must be confirmed. Filled in, it is
imported in place of the file: its answers are read first and are remembered.

People's names and numbers are taken out of the events; `proposal.contacts` has them for
the table beside the ledger. `export_register` writes all events as a workbook or CSV that
`propose` reads back as the same events.
"""

from __future__ import annotations

from hexi_solar.importing.export import export_register
from hexi_solar.importing.memory import Memory
from hexi_solar.importing.proposal import Contact, Proposal, Question, RowVerdict, SheetProposal
from hexi_solar.importing.propose import propose
from hexi_solar.importing.verdicts import VERDICTS, Change
from hexi_solar.importing.workbook import verdict_workbook

__all__ = [
    "VERDICTS", "Change", "Contact", "Memory", "Proposal", "Question", "RowVerdict",
    "SheetProposal", "export_register", "propose", "verdict_workbook",
]  # fmt: skip
