"""The whole study as a table of independent jobs: fold x encoder x remedy x seed.

`make study` lists them and measures each one that is missing (`jobs`), in this process
or through Dask (`engine`), and gathers one table that tells apart what folds, seeds and
subjects bring (`tables`). A lesson reads it with `helpers.studied`.
"""
