"""Studies: training methods compared statistically over many seeds.

An arm is a training method (changes of the config), a task is a data set with
its metrics. Read in this order: spec (definition of a study); runner, probe,
jobs, cluster, results (train, measure, store); runs, curves (stored rows as
arrays and scores); tuning; statistics, comparison, families, theory, summary
(the numbers); markdown, figures, report (the files).
"""
