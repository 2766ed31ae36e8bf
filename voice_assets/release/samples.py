"""The spoken samples of a package: ``samples.tsv`` with the scores, and each sample as WAV and as FLAC.

Does not belong here: speaking and scoring (``asr``).
"""

import shutil
from collections import Counter
from pathlib import Path

import pandas as pd

from voice_assets.audio.recordings import write_flac
from voice_assets.dataset.tables import SAMPLES
from voice_assets.release.sums import PackageError
from voice_assets.reports.tsv import write_tsv

LISTING = "samples.parquet"


def copy_samples(source: Path, target: Path) -> None:
    """Copy the samples that ``source/samples.parquet`` lists to ``target``.

    Raises:
        PackageError: the table or a sample is missing, a name leads out of the folder, or a sample is listed twice.
    """
    if not (source / LISTING).is_file():
        raise PackageError(f"{source / LISTING}: does not exist; the package needs the scores of the samples")
    samples = pd.read_parquet(source / LISTING)
    target.mkdir()
    for name, count in Counter(samples["sample"]).items():
        if Path(name).name != name:
            raise PackageError(f"{source / LISTING}: lists {name!r}, which is no name of a file here; make the samples again")
        if count > 1:
            raise PackageError(f"{source / LISTING}: lists {name!r} {count} times; make the samples again")
        _copy(source / name, target)
    write_tsv(target / "samples.tsv", samples, list(SAMPLES))


def _copy(sample: Path, target: Path) -> None:
    if not sample.is_file():
        raise PackageError(f"{sample}: does not exist; {LISTING} lists this sample")
    shutil.copyfile(sample, target / sample.name)
    write_flac(sample, (target / sample.name).with_suffix(".flac"))
