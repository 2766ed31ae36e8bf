"""The machine that a voice is made on. Knows no voice, no clip and no Dagster.

* Files: ``files`` writes files whole and hashes them, ``building`` builds a folder beside its place, ``tsv`` reads and writes
  tables, ``stamps`` puts times into names.
* Storage: ``storage`` records files by URI and hash, ``contents`` computes the hash of a file or folder, ``hash_memory``
  remembers hashes. ``remote`` sends and reads files at a URL, ``s3`` knows S3's requests.
* Requests: ``requests`` tells a worker what to do. ``running`` tells people how far a running asset is.
* Project folders: ``project``.
* Locks: ``locks`` makes every lock between processes.
* Processes: ``processes`` tells whether a process still runs.
* Devices: ``nvidia`` asks the driver, ``devices`` counts what workers may use, ``leases`` hands it out.
"""
