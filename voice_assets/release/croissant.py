"""The data set of a voice as Croissant, the format in which MLCommons describes data sets (version 1.0).

Licence, credit, and every clip with the SHA-256 of its audio and of its text. The texts themselves stay in the data set: a
package is published, and the data set perhaps is not. Does not belong here: which clips they are (``defs.package_evidence``).
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

CONFORMS_TO = "http://mlcommons.org/croissant/1.0"
CLIPS = "clips"
FIELDS = {
    "path": ("sc:Text", "the audio file, in the data set's folder"),
    "sha256": ("sc:Text", "SHA-256 of the audio file"),
    "text_sha256": ("sc:Text", "SHA-256 of the text in UTF-8"),
    "duration_s": ("sc:Float", "length of the clip in seconds"),
    "split": ("sc:Text", "train or validation; left out: the clip was validated, and no training used it"),
}
LEFT_OUT = "left out"


@dataclass(frozen=True)
class DatasetFacts:
    """What a description says about the whole data set.

    Attributes:
        name, title: of the voice, for programs and for people.
        language: ``en-US``.
        licence, credit: as the voice file has them; empty for unknown.
        config_sha256: of the data set's ``config.json``.
        version: the SHA-256 over the observed versions of its shards (``reports.lineage.Lineage.data_sets``).
    """

    name: str
    title: str
    language: str
    licence: str
    credit: str
    config_sha256: str
    version: str


def describe_dataset(facts: DatasetFacts, clips: Iterable[Mapping[str, Any]], splits: Mapping[str, str]) -> dict[str, Any]:
    """The description, as plain JSON-LD.

    Args:
        facts: about the whole data set.
        clips: the validated clips: ``clip_id``, ``path``, ``text``, ``audio_sha256`` and ``duration_s`` of each.
        splits: clip id -> split, of the clips that the training used.
    """
    rows = sorted((_row(clip, splits) for clip in clips), key=lambda row: str(row[f"{CLIPS}/path"]))
    hours = sum(row[f"{CLIPS}/duration_s"] for row in rows) / 3600
    whole = {
        "@context": _CONTEXT,
        "@type": "sc:Dataset",
        "conformsTo": CONFORMS_TO,
        "name": facts.name,
        "description": f"Recordings of one speaker with their texts, for the voice {facts.title}: {len(rows)} clips, "
        f"{hours:.2f} hours.",
        "inLanguage": facts.language,
        "license": facts.licence,
        "citeAs": facts.credit,
        "identifier": f"sha256:{facts.version}",
        "distribution": [_config(facts.config_sha256), _WAVS],
        "recordSet": [_record_set(rows)] if rows else [],
    }
    return {name: value for name, value in whole.items() if value not in ("", [])}


def _row(clip: Mapping[str, Any], splits: Mapping[str, str]) -> dict[str, Any]:
    values = {
        "path": str(clip["path"]),
        "sha256": str(clip["audio_sha256"]),
        "text_sha256": hashlib.sha256(str(clip["text"]).encode("utf-8", "surrogateescape")).hexdigest(),
        "duration_s": round(float(clip["duration_s"]), 6),
        "split": splits.get(str(clip["clip_id"]), LEFT_OUT),
    }
    return {f"{CLIPS}/{name}": value for name, value in values.items()}


def _config(sha256: str) -> dict[str, Any]:
    return {
        "@type": "cr:FileObject",
        "@id": "config.json",
        "name": "config.json",
        "description": "Sample rate, espeak voice and phoneme ids, as Piper's training reads them.",
        "contentUrl": "config.json",
        "encodingFormat": "application/json",
        "sha256": sha256,
    }


_WAVS = {
    "@type": "cr:FileSet",
    "@id": "wavs",
    "name": "wavs",
    "description": "The audio files. The record set `clips` has the SHA-256 of each.",
    "encodingFormat": "audio/wav",
    "includes": "wavs/**/*.wav",
}


def _record_set(rows: list[dict[str, Any]]) -> dict[str, Any]:
    fields = [
        {"@type": "cr:Field", "@id": f"{CLIPS}/{name}", "name": f"{CLIPS}/{name}", "description": meaning, "dataType": kind}
        for name, (kind, meaning) in FIELDS.items()
    ]
    return {
        "@type": "cr:RecordSet",
        "@id": CLIPS,
        "name": CLIPS,
        "description": "Every validated clip without a structural fault.",
        "key": {"@id": f"{CLIPS}/path"},
        "field": fields,
        "data": rows,
    }


_CONTEXT = {
    "@language": "en",
    "@vocab": "https://schema.org/",
    **{
        name: f"cr:{name}"
        for name in (
            "citeAs",
            "column",
            "equivalentProperty",
            "extract",
            "field",
            "fileObject",
            "fileProperty",
            "fileSet",
            "format",
            "includes",
            "isLiveDataset",
            "jsonPath",
            "key",
            "md5",
            "parentField",
            "path",
            "recordSet",
            "references",
            "regex",
            "repeated",
            "replace",
            "samplingRate",
            "separator",
            "source",
            "subField",
            "transform",
        )
    },
    "conformsTo": "dct:conformsTo",
    "cr": "http://mlcommons.org/croissant/",
    "rai": "http://mlcommons.org/croissant/RAI/",
    "data": {"@id": "cr:data", "@type": "@json"},
    "dataType": {"@id": "cr:dataType", "@type": "@vocab"},
    "dct": "http://purl.org/dc/terms/",
    "examples": {"@id": "cr:examples", "@type": "@json"},
    "sc": "https://schema.org/",
}
"""The `@context` that the specification asks for; another one makes mlcroissant warn."""
