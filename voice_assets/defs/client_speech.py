"""Letting the programs that people use speak a package, and hearing them: CLIENTS, for the suite ``release``.

Not here: the programs (``release.clients``), and hearing (``workers.hear``).
"""

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from voice_assets.asr.requests import HearRequest
from voice_assets.orchestration.leases import leased
from voice_assets.orchestration.processes import run_worker
from voice_assets.orchestration.progress import follow, progress
from voice_assets.runtime.project import cache_dir
from voice_assets.voices import Voice

if TYPE_CHECKING:
    import pandas as pd


def heard_clients(context: dg.AssetExecutionContext, voice: Voice, archive: Path, out: Path) -> "pd.DataFrame":
    """CLIENTS: how each program speaks the package in the zip ``archive``, beside the voice here. Audio and logs go to ``out``.

    The zip counts and not the folder: the zip is shipped, and people may write into some tables of the folder.

    Raises:
        dagster.Failure: the environment of the clients cannot be made, the package lacks what they need, or nothing was heard.
    """
    from voice_assets.release.clients.environment import ClientsError
    from voice_assets.release.opened import opened_package
    from voice_assets.release.sums import PackageError

    try:
        with opened_package(archive) as package:
            return _heard(context, voice, package, out)
    except (ClientsError, PackageError) as error:
        raise dg.Failure(f"{archive.name} in other programs: {error}", allow_retries=False) from error


def _heard(context: dg.AssetExecutionContext, voice: Voice, package: Path, out: Path) -> "pd.DataFrame":
    """CLIENTS, of the opened ``package``."""
    import pandas as pd

    from voice_assets.release.clients.environment import prepare
    from voice_assets.release.clients.speaking import sample_sentences, speak_through_clients
    from voice_assets.release.clients.table import clients_table

    spoken = speak_through_clients(package, out / "spoken", prepare(cache_dir() / "clients"))
    for one in spoken:
        context.log.info(f"{one.client} {one.version}: {one.problem or 'spoke every sentence'}")
    heard = [one.client for one in spoken if not one.problem]
    with progress(context, "steps") as tell, leased(context, voice) as lease:
        request = HearRequest(
            onnx=package / f"{package.name}.onnx",
            config=package / f"{package.name}.onnx.json",
            sentences=sample_sentences(package),
            spoken=out / "spoken",
            clients=heard,
            out=out / "heard.parquet",
            language=voice.language,
            whisper=voice.whisper.model_copy(update={"device": lease.device(voice.whisper.device)}),
            weights_cache=cache_dir() / "whisper",
            cpu_threads=lease.slot.cpu_threads,
        )
        run_worker("hear", request, out / "hear.log", follow(tell), lease.environment, [lease.file_number])
    return clients_table(spoken, pd.read_parquet(request.out))
