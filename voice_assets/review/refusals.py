"""The errors of this room as answers with a status: not found, out of date, not acceptable, not available."""

import functools
from collections.abc import Callable
from typing import Any

from starlette.exceptions import HTTPException
from starlette.responses import Response

from voice_assets.audio.recordings import AudioError
from voice_assets.review.marks import MarksError, MarksFileError
from voice_assets.review.subjects import NoSubjectError, OtherDataError
from voice_assets.tournament.votes import VotesError

OTHER_DATA = "There are other data now: reload the page and listen again."


def explained(answer: Callable[..., Response]) -> Callable[..., Response]:
    """Turn the errors of this room into answers with a status."""

    @functools.wraps(answer)
    def explained(*arguments: Any) -> Response:
        try:
            return answer(*arguments)
        except (NoSubjectError, AudioError) as error:
            raise HTTPException(404, str(error.args[0])) from error
        except OtherDataError as error:
            raise HTTPException(409, str(error)) from error
        except MarksError as error:
            raise HTTPException(422, str(error)) from error
        except (MarksFileError, VotesError) as error:
            raise HTTPException(503, str(error)) from error

    return explained
