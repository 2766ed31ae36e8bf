"""A deployment of several machines on one: PostgreSQL, S3's protocol, Ray with two nodes, and Dagster's own servers.

Each host is an environment with a home, an instance folder and a project of its own, and a copy of the voice and of the data
set. Hosts share the database, the store and Ray, and no folder. What only real machines can show is not tested: a network
between them, a clock of their own, a GPU.
"""
