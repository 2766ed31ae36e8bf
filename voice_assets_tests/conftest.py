"""What all tests share: the demo's real speech, and small data sets made of nothing but numbers.

No third-party audio lies in the repository: real speech is prepared once into the project's cache, from the Debian packages.
"""

import gc
import os
import re
import signal
from collections.abc import Callable, Iterable
from pathlib import Path
from sqlite3 import Connection

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from filelock import FileLock
from hypothesis import settings
from sqlalchemy import event
from sqlalchemy.engine import Engine

from voice_assets.dataset.faults import Limits
from voice_assets.importers.debian import ALLISON, IVRVOICE, Prompts, build_demo
from voice_assets.importers.errors import RecordingsError
from voice_assets.runtime import project
from voice_assets_tests.datasets import RATE, TEXTS, write_dataset
from voice_assets_tests.postgres_server import database as database
from voice_assets_tests.postgres_server import postgres as postgres
from voice_assets_tests.recorded_voice import recorded as recorded
from voice_assets_tests.recorded_voice import recorded_once as recorded_once
from voice_assets_tests.s3_server import s3_folder as s3_folder
from voice_assets_tests.s3_server import s3_requests as s3_requests
from voice_assets_tests.s3_server import s3_server as s3_server
from voice_assets_tests.s3_server import s3_url as s3_url
from voice_assets_tests.toy_project import failed as failed
from voice_assets_tests.toy_project import failed_once as failed_once
from voice_assets_tests.toy_project import new_once as new_once
from voice_assets_tests.toy_project import toy as toy
from voice_assets_tests.toy_project import validated as validated
from voice_assets_tests.toy_project import validated_once as validated_once

# Two pytest processes and their workers share two cores. With a thread for each core, OpenMP's threads wait for a core most of
# the time, and spin: one start from a published voice took 138 s of processor time, with one thread 30 s. Set before torch is
# loaded; the processes that tests start inherit it.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

# A script that starts the tests in the background ignores Ctrl-C for them, and the processes of the tests would inherit that.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

MakeDataset = Callable[..., Path]

# A test says what is right, not how long it takes: on a loaded machine Hypothesis' limit of 200 ms an example fails good code.
# CI tries the same examples every time, so that it judges the change and not the day; a shell looks for new ones.
settings.register_profile("untimed", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("untimed")
settings.register_profile("before a commit", settings.get_profile("untimed"), max_examples=30)


def pytest_configure(config: pytest.Config) -> None:
    """Try fewer examples in `make check`; `make test` tries all."""
    if _fast(config):
        settings.load_profile("before a commit")


def _fast(config: pytest.Config) -> bool:
    return bool(config.option.markexpr == "not slow")


@event.listens_for(Engine, "connect")
def do_not_wait_for_the_disk(connection: object, _: object) -> None:
    """Let Dagster's databases skip fsync: a third of a gate test was waiting for the disk, and no test outlives a power cut."""
    if isinstance(connection, Connection):
        connection.execute("PRAGMA synchronous=OFF")


os.fsync = lambda _: None  # for the same reason; the processes that tests start write as always

_read_migrations, _migrations = ScriptDirectory.from_config, {}


def migrations_read_once(config: Config) -> ScriptDirectory:
    """Dagster's migrations: Alembic reads 90 files for every new database, two thirds of the cost of an instance in memory."""
    of = config.config_file_name, config.get_main_option("script_location")
    if of not in _migrations:
        _migrations[of] = _read_migrations(config)
    return _migrations[of]


ScriptDirectory.from_config = migrations_read_once


ALL_SLOW = re.compile(r"^pytestmark = pytest\.mark\.slow$", re.MULTILINE)
LONGEST = (
    "workers/test_start",
    "matrix/test_matrix",
    "defs/test_end_to_end",
    "orchestration/test_daemon",
    "cluster/test_two_hosts",
    "workers/test_train_killed",
    "workers/test_train_devices",
    "workers/test_transcribe_cache",
    "workers/test_train_end",
    "workers/test_clip_losses",
    "orchestration/test_side_by_side",
    "asr/test_scored_voices",
    "orchestration/test_runner",
)
"""The files of a minute and more. Started first, none is left for one process when the others have nothing to do."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the tests of the longest files first; all others keep their order."""
    order = {f"{name}.py": place for place, name in enumerate(LONGEST)}
    items.sort(key=lambda item: order.get("/".join(item.path.parts[-2:]), len(order)))


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import a file of slow tests when only fast ones are wanted: Ray, S3 and browsers stay out of `make check`."""
    if not _fast(config) or collection_path.suffix != ".py":
        return None
    return True if ALL_SLOW.search(collection_path.read_text(encoding="utf-8")) else None


def pytest_collection_finish() -> None:
    """Look for garbage seldom, and not among what is here for good: a tenth of the processor time of the fast tests."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)


@pytest.fixture(scope="session")
def limits() -> Limits:
    """The plan's limits, for Russian."""
    return Limits(sample_rate=RATE, language="ru", espeak_voice="ru")


@pytest.fixture(scope="session")
def ivrvoice() -> Path:
    """The Russian demo's prepared data set: 271 clips of real speech. Never write into it: copy what you change.

    Where it cannot be had, the tests that need it fail: real speech is what they are about.
    """
    return _demo(IVRVOICE)


@pytest.fixture(scope="session")
def allison() -> Path:
    """The English demo's prepared data set: 319 clips, for tests in which a voice must be intelligible. Never write into it."""
    return _demo(ALLISON)


def _demo(prompts: Prompts) -> Path:
    folder = project.cache_dir() / "tests"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with FileLock(folder / ".lock"):  # one of several pytest processes prepares the data set, the others wait
            return build_demo(prompts, folder / prompts.voice, None, project.cache_dir()).out
    except RecordingsError as error:
        pytest.fail(f"the demo's recordings cannot be prepared: {error}")


@pytest.fixture
def make_dataset(tmp_path: Path) -> MakeDataset:
    """A function that makes a small valid data set and returns its folder: ``make_dataset(texts=…, seconds=…, name=…)``."""

    def make(texts: Iterable[str] = TEXTS, seconds: float = 1.0, name: str = "dataset", sample_rate: int = RATE) -> Path:
        return write_dataset(tmp_path / name, texts, seconds, sample_rate)

    return make
