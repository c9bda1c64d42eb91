"""Data sets that jaxgan builds itself, from packages or from the user's files.

Read `recipe` first, then one data set such as `digits`; `builder` turns a
recipe into a tfds builder.
"""
