"""``voice-assets review``: the page on which people listen to the samples of a voice and decide."""

from contextlib import suppress

import click

from voice_assets.cli.address import host_option, new_token, require_free, url
from voice_assets.cli.errors import CommandError, without_traceback
from voice_assets.cli.voice_argument import voice_with_dataset
from voice_assets.cli.web_guard import Guard

SECONDS_TO_END = 2


@click.command()
@click.argument("voice")
@click.option("--epoch", metavar="KEY", help="An epoch, such as v0-e0001: listen to what its voice speaks.")
@click.option("--blind", is_flag=True, help="Compare the candidates of best_epoch without knowing which is which, and vote.")
@click.option("--port", type=click.IntRange(1, 65535), default=3001, show_default=True, help="Port of the page.")
@host_option
def review(voice: str, epoch: str | None, blind: bool, port: int, host: str) -> None:
    """Listen to the samples of VOICE in the browser, mark them, and approve or reject them.

    Without --epoch: the samples of the newest quality report. Keys: space plays, g is good, b is bad, c comments, n and p
    go on and back, a approves, r rejects. Several people can listen at the same time; each mark is saved at once.

    With --blind: two candidates of the tournament speak the same sentence. Keys: 1 and 2 play, space plays both, a and b vote,
    n is no difference, u goes back. The votes enter the ranking when best_epoch is made again.

    A verdict counts for exactly the data that were played. The same server shows every report, under /reports/. The Dagster
    UI (`voice-assets ui`) has the same pages.

    Ctrl-C ends the server.
    """
    import uvicorn

    from voice_assets.cli.review_comparisons import RecordedComparisons
    from voice_assets.cli.review_subjects import RecordedSubjects
    from voice_assets.orchestration.instance import open_instance
    from voice_assets.orchestration.links import QUALITY_KEY
    from voice_assets.review.app import create_app
    from voice_assets.review.blind_pages import BLIND
    from voice_assets.review.subjects import NoSubjectError

    if blind and epoch is not None:
        raise CommandError("--blind compares all candidates; leave --epoch out")
    chosen, key = voice_with_dataset(voice), BLIND if blind else epoch or QUALITY_KEY
    require_free(host, port)
    token = new_token(host)
    with without_traceback(OSError), open_instance() as instance:
        subjects, comparisons = RecordedSubjects(instance), RecordedComparisons(instance)
        with without_traceback(NoSubjectError):
            if blind:
                comparisons.comparison(chosen.name)
            else:
                subjects.subject(chosen.name, key)
        path = f"/review/{chosen.name}/{key}"
        click.echo(f"Listen and decide: {url(host, port, token, path)} (Ctrl-C ends the server)")
        with suppress(NoSubjectError):
            if not blind and comparisons.comparison(chosen.name):
                click.echo(f"Compare epochs blind: {url(host, port, token, f'/review/{chosen.name}/{BLIND}')}")
        app = Guard(create_app(subjects, comparisons, path), token)
        uvicorn.run(app, host=host, port=port, log_level="warning", timeout_graceful_shutdown=SECONDS_TO_END)
