"""Spawned, killable worker processes for python and sql code. `pool.WorkerPool` is the way in.

`child/` is what runs inside a worker: it imports nothing of the workbench but itself, so that a worker starts quickly
and holds nothing that code could reach.
"""
