"""Studies: many arms trained under many seeds, and compared statistically.

An arm is a change of the config, a task is a data set with its metrics. Read
in this order: spec (the definition of a study); runner, probe, jobs, results
(train, measure, store); runs, curves (stored rows as arrays and scores);
tuning; statistics, comparison, families, theory, summary (the numbers);
markdown, figures, report (the files).
"""
