"""What a worker process is asked to do: one JSON file, and one pydantic model for the worker and its caller.

Belongs here: the base class of all requests, writing a request beside a worker's log, and reading a request. Does not belong
here: the fields of a request (``asr.requests``, ``piper.requests``), and starting a worker (``orchestration.processes``).
"""

import sys
from itertools import count
from pathlib import Path
from typing import ClassVar, Self

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from voice_assets.runtime import files, strict_json

STANDARD_INPUT = "-"


class RequestError(ValueError):
    """A request that cannot be used. The message names the file, the key, the value and the rule."""


class Request(BaseModel):
    """The base class of all requests: unknown keys, wrong types and relative paths are errors; values never change.

    ``not_used`` names the keys of embedded sections that the worker does not read, such as ``whisper.devices``.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)
    not_used: ClassVar[frozenset[str]] = frozenset()

    @property
    def read_more_than_once(self) -> bool:
        """Whether the worker starts its own command line again, so that each process reads the request."""
        return False

    @model_validator(mode="after")
    def _absolute_paths(self) -> Self:
        """A worker may run in another folder than its caller, so no path may depend on the current folder."""
        rule = PydanticCustomError("relative_path", "the path is not absolute")
        found: list[InitErrorDetails] = [
            {"type": rule, "loc": key, "input": str(path)} for key, path in _paths(self) if not path.is_absolute()
        ]
        if found:
            raise ValidationError.from_exception_data(type(self).__name__, found)
        return self

    def write(self, folder: Path, worker: str) -> Path:
        """Write the request as ``<worker>_request.json`` into the folder of one run, atomically. Returns the file.

        A file with the same content is used again. A file with other content stays unchanged; then the request becomes
        ``<worker>_request_2.json``, and so on.
        """
        text = self.model_dump_json(indent=1) + "\n"
        for number in count(1):
            file = folder / (f"{worker}_request.json" if number == 1 else f"{worker}_request_{number}.json")
            if not file.exists():
                return files.write_text(file, text)
            if file.read_bytes() == text.encode():
                return file
        raise AssertionError("count() never ends")

    @classmethod
    def read(cls, source: str) -> Self:
        """Read and validate the request in the file ``source``; ``-`` is standard input.

        Raises:
            RequestError: the file is missing, is not JSON or does not fit the model. The message names all faults.
        """
        name = "standard input" if source == STANDARD_INPUT else source
        try:
            content = _content(source)
            strict_json.parse(content)
            request = cls.model_validate_json(content)
        except OSError as error:
            raise RequestError(f"{name}: the request cannot be read: {error.strerror or error}") from error
        except strict_json.JsonError as error:
            raise RequestError(f"{name}: the request is {error}") from error
        except ValidationError as error:
            raise RequestError(f"{name}: {_explain(error)}") from error
        if source == STANDARD_INPUT and request.read_more_than_once:
            raise RequestError(
                f"{name}: this worker starts its command line again for each further device, and standard input can be "
                "read only once; write the request to a file"
            )
        return request


def _content(source: str) -> bytes:
    """The bytes of a request; of one that is too large, enough to see that."""
    if source == STANDARD_INPUT:
        return sys.stdin.buffer.read(strict_json.LARGEST + 1)
    with Path(source).open("rb") as file:
        return file.read(strict_json.LARGEST + 1)


def _paths(model: BaseModel) -> list[tuple[tuple[int | str, ...], Path]]:
    """Every path in the fields of ``model`` and of the models inside, with the key of the path."""
    found: list[tuple[tuple[int | str, ...], Path]] = []
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, Path):
            found.append(((name,), value))
        elif isinstance(value, BaseModel):
            found += [((name, *key), path) for key, path in _paths(value)]
    return found


def _explain(error: ValidationError) -> str:
    """All faults in one line: key, rule, value."""
    faults = []
    for fault in error.errors():
        if fault["type"] == "json_invalid":
            return f"the request is not JSON: {fault['msg']}"
        key = ".".join(str(part) for part in fault["loc"]) or "(the whole request)"
        rule = {"extra_forbidden": "unknown key", "missing": "the key is missing"}.get(fault["type"], fault["msg"])
        value = "" if fault["type"] == "missing" else f" (value: {fault['input']!r})"
        faults.append(f"{key}: {rule}{value}")
    return "; ".join(faults)
