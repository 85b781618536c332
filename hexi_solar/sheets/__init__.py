"""Tables as people keep them, made readable: which file, which header, which cell means what.

Layers and the register's spreadsheets are read with the same words, synonyms and units,
which stand in `facts/columns.toml`. `files` says what may be opened, `encoding` and
`tables` bring it to rows, `columns` finds ours among theirs, `words` reads single cells,
`names` says when two people mean the same thing.
"""
