"""Ledgers 台账 in and out: the registers as spreadsheets and CSV files, row by row.

`files` reads and writes tables of texts, `fields` turns a text into a value or a complaint, each
kind of ledger has a file that knows its columns, and `bring` judges and writes a whole table.
"""
