"""Composite indices: tables of indicators in, scores and ranks out, every step kept.

An index is data: a definition (`spec.read_spec`) and a table of values, one row a place, one column an
indicator. It knows tables and no network; a network feeds it through indicators such as 17 and 18.
"""
