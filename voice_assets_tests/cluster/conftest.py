"""A project of real speech, the deployment that works on it, and the same project on one machine."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import dagster as dg
import pytest

from voice_assets.orchestration.leases import POOL
from voice_assets.orchestration.unfinished_runs import UNFINISHED
from voice_assets_tests.cluster.deployment import NODES, Deployment, deployed
from voice_assets_tests.cluster.processes import environment_of
from voice_assets_tests.datasets import write_voice
from voice_assets_tests.laptop import Laptop
from voice_assets_tests.postgres_server import new_database, url_of
from voice_assets_tests.toy_project import HERE

CLIPS = 24
LIMITS = {"max_low_ratio": 0.5, "min_mean_similarity": 0.5}
WHISPER = {"model": "base", "device": "cpu", "compute_type": "int8", "batch_size": 1, **LIMITS}
"""With batches of one, a hypothesis is stored after each clip."""


@pytest.fixture(scope="session")
def speech_project(tmp_path_factory: pytest.TempPathFactory, ivrvoice: Path) -> Path:
    """The voice ``toy`` on some clips of real speech, in two shards, that nothing was done with yet. Copy it."""
    root = tmp_path_factory.mktemp("speech") / "project"
    (root / "dataset" / "wavs").mkdir(parents=True)
    for name in ("dagster.yaml", "workspace.yaml"):
        shutil.copy(HERE / name, root / name)
    shutil.copy(ivrvoice / "config.json", root / "dataset")
    rows = (ivrvoice / "metadata_2col.csv").read_text(encoding="utf-8").splitlines()[:CLIPS]
    (root / "dataset" / "metadata_2col.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    for row in rows:
        shutil.copy(ivrvoice / "wavs" / f"{row.split('|')[0]}.wav", root / "dataset" / "wavs")
    write_voice(
        root / "voices" / "toy.yaml",
        Path("../dataset"),
        shards=2,
        asr_sample={"clips": 0},
        whisper=WHISPER,
    )
    return root


@dataclass
class Cluster:
    """The deployment, its records as the control machine reads them, and a laptop that knows the URL.

    ``lost`` are the runs that a test lost on purpose.
    """

    deployment: Deployment
    instance: dg.DagsterInstance
    database: dict[str, str]
    laptop: Laptop
    lost: set[str] = field(default_factory=set)

    def unfinished(self) -> list[dg.DagsterRun]:
        """The runs that wait or work, by partition."""
        runs = self.instance.get_runs(dg.RunsFilter(statuses=list(UNFINISHED)))
        return sorted(runs, key=lambda run: run.tags.get("dagster/partition", ""))


@pytest.fixture(scope="module")
def cluster(
    tmp_path_factory: pytest.TempPathFactory, speech_project: Path, postgres: dict[str, str], s3_url: str
) -> Iterator[Cluster]:
    """A deployment of its own per file of tests: an empty database, an empty folder of the store."""
    folder, database = tmp_path_factory.mktemp("hosts"), new_database(postgres)
    shared = {
        **database,
        "VOICE_STORE": f"{s3_url}/{folder.name}",
        "VOICE_TRANSCRIPTS": url_of(database),
        "VOICE_LOGS_BUCKET": s3_url.removeprefix("s3://"),
    }
    with deployed(folder, speech_project, shared) as deployment, pytest.MonkeyPatch.context() as patch:
        for name, value in deployment.control.environment.items():
            if environment_of().get(name) != value and name not in ("HOME", "PYTHONPATH"):
                patch.setenv(name, value)
        with dg.DagsterInstance.get() as instance:
            instance.event_log_storage.set_concurrency_slots(POOL, len(NODES))
            laptop = Laptop(folder / "laptop", f"http://127.0.0.1:{deployment.ports['web']}")
            try:
                yield Cluster(deployment, instance, database, laptop)
            finally:
                laptop.end()
