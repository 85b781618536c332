"""建档立卡: the register of a district, kept event by event, and its web office.

`store` opens a register and appends to it; `verify` finds what was changed behind its
back; `backup` copies it; `web` is its face in the browser. Django is used below this
folder and nowhere else, and is started only when a register is opened.
"""
