"""Names that people give to the columns of a list of clips, and what they mean. Values only."""

import re
from collections.abc import Callable, Sequence

IsAudio = Callable[[str], bool]
"""Whether a cell names an audio file of the folder."""

_NAMES = {
    "id": "file_name audio_file audio_filepath audio_path wav_path wav_filename filepath file_path filename file path audio "
    "wav id clip clip_id utt_id utterance_id audio_id name fname",
    "text": "text transcription transcript sentence raw_text original_text raw_transcription prompt utterance caption",
    "normalised": "normalized_text normalised_text text_normalized text_normalised normalized_transcription normalized "
    "normalised",
    "speaker": "speaker speaker_name speaker_id client_id spk spk_id voice reader",
    "length": "length duration duration_s duration_ms seconds wav_filesize",
}
_ROLE_OF = {name: role for role, names in _NAMES.items() for name in names.split()}


def role(name: str) -> str:
    """What a column of this name holds: ``id`` (the file), ``text``, ``normalised``, ``speaker``, ``length``, or ``-``."""
    return _ROLE_OF.get(re.sub(r"[\s.-]+", "_", name.strip().casefold()), "-")


def is_header(cells: Sequence[str], is_audio: IsAudio) -> bool:
    """Whether the cells are names of columns: at least the file's and a text's, and none names an audio file."""
    roles = {role(cell) for cell in cells}
    return "id" in roles and bool(roles & {"text", "normalised"}) and not any(map(is_audio, cells))
