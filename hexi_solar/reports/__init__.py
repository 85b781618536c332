"""Documents that the office hands in, files or pins to the wall.

`document.py` is what a document is made of; `pdf.py` and `docx.py` write it. Each report
is a module that turns tables into blocks.
"""
