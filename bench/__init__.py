"""The benchmarks behind `bin/bench`: what Supervision costs beside the least it could cost.

Absolute times drift by a factor of two within minutes on a shared machine. So each figure is a
ratio of two sides that were measured in the same run, in rounds in random order, and the median
of the rounds counts. The unit is CPU milliseconds a request: of the web server's processes and of
the database's, not of the one that asks.
"""
