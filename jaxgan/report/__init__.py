"""A page about a run, or about several: one HTML file that needs no network.

Read `collect` (what a workdir holds), `panels` and `measured` (what is drawn),
`plot` (a panel as SVG), `markup` (HTML that is always escaped), `single` and
`compare` (the two pages).
"""
