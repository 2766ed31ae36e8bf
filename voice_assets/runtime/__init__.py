"""The machine: files, project folders, locks, processes, devices. Knows no voice, no clip and no Dagster."""
