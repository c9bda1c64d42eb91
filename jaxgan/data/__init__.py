"""Data sets: from a name or files to batches on the devices.

`sources.load` turns `config.data` into a `Dataset` of arrays; read it first.
It uses `builders/` (data sets that jaxgan builds itself), `official` (those of
tfds), `decode` (records to arrays, with `images` and `attributes`) and `cache`
(arrays on disk), or `stream` (images that stay encoded on disk). `pipeline` and
`on_device` make batches out of a `Dataset`. `examples` reads images or vectors
from files, without labels; `table_files` and `columns` read and standardize
tables of numbers.
"""
