"""Requests of S3 that fsspec has no words for: uploads that go on after a kill, hashes kept with files, copies with a mark.

S3 keeps the parts of an upload until the upload is completed or removed. A part is sent once: another call asks the server
for the parts of unfinished uploads, and skips those with the MD5 of its own. Where the server encrypts with its own keys, an
ETag is no MD5: then every part is sent again. Give the bucket a rule that removes unfinished uploads after some days.
"""

import base64
import hashlib
import mimetypes
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Any

from upath import UPath

PROTOCOLS = ("s3", "s3a")
PART_BYTES = 8 * 2**20
MOST_PARTS = 10_000
"""S3's limit of one upload; a larger file gets larger parts."""
AT_ONCE = 4
"""The number of parts that are in memory and on their way at once."""
SHA256 = "sha256"
"""The name of a file's hash in the metadata of the object."""


def read_times_fast(file_system: Any) -> None:
    """Let Python read the times in answers, before the first request: botocore's way is half of the time of a listing."""
    if file_system.session is None:
        from aiobotocore.session import AioSession

        session = AioSession(**file_system.kwargs)
        session.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=_time)
        file_system.session = session


def _time(value: Any) -> datetime:
    """The time in an answer, which is ISO 8601 in listings."""
    try:
        return datetime.fromisoformat(value)
    except (TypeError, ValueError):
        from botocore.utils import parse_timestamp

        return parse_timestamp(value)


def send(source: Path, target: UPath, sha256: str, report: Callable[[int, int], None]) -> int:
    """Send the file ``source`` to ``target``, as one request or in parts. Returns the number of bytes that were sent.

    The server compares every request with its MD5. ``report``: see ``remote.Report``.
    """
    content = mimetypes.guess_type(target.name)[0] or "binary/octet-stream"
    about: dict[str, Any] = {"Metadata": {SHA256: sha256}, "ContentType": content}
    size = source.stat().st_size
    if size <= PART_BYTES:
        body = source.read_bytes()
        _call(target, "put_object", Body=body, ContentMD5=_md5_header(body), **about)
        report(size, size)
        return size
    parts = _Parts(source, target)
    upload = parts.unfinished()
    sent = parts.send(upload or parts.begin(about), report, sha256)
    if upload is not None and recorded_sha256(target) != sha256:
        # The upload was begun for another file that starts with the same bytes, so the object carries that file's hash.
        sent += parts.send(parts.begin(about), lambda *_: None, sha256)
    return sent


def fetch(target: UPath, place: Path) -> str:
    """Copy the object ``target`` to the local file ``place``. Returns the `mark` of exactly the bytes that were copied."""
    from aiohttp import ClientError
    from fsspec.asyn import sync

    answer = _call(target, "get_object")
    try:
        with place.open("wb") as file:
            while block := sync(target.fs.loop, answer["Body"].read, PART_BYTES):
                file.write(block)
    except ClientError as error:  # of the connection, and no OSError
        raise OSError(f"the connection broke: {error}") from error
    finally:
        target.fs.loop.call_soon_threadsafe(answer["Body"].close)
    return mark({"size": answer["ContentLength"], **answer})


def mark(about: Mapping[str, Any]) -> str:
    """What is another text when the bytes of an object are others: size and ETag, from a listing or from an answer."""
    etag = about["ETag"].strip('"')  # some servers leave the quotation marks out of listings
    return f"{about['size']} {etag}"


def size_of(mark: str) -> int:
    """The size in bytes of an object with this `mark`."""
    return int(mark.partition(" ")[0])


def ask_bucket(target: UPath) -> None:
    """Raise the error of the server when there is no such bucket, or it is another's."""
    target.fs.call_s3("head_bucket", Bucket=_place(target)[0])


def recorded_sha256(target: UPath) -> str | None:
    """The hash that ``send`` kept with the file ``target``; None when another program wrote the file."""
    return _call(target, "head_object").get("Metadata", {}).get(SHA256)


class _Parts:
    """A local file as the parts of one S3 object."""

    def __init__(self, source: Path, target: UPath):
        self.source, self.target = source, target
        size = source.stat().st_size
        self.part_bytes = max(PART_BYTES, -(-size // MOST_PARTS))
        self.numbers = range(1, -(-size // self.part_bytes) + 1)

    def begin(self, about: dict[str, Any]) -> tuple[str, dict[int, str]]:
        """Begin an upload. Returns its id, and that it has no parts."""
        return _call(self.target, "create_multipart_upload", **about)["UploadId"], {}

    def unfinished(self) -> tuple[str, dict[int, str]] | None:
        """An unfinished upload of this file: its id, and the MD5 of its parts by number. None when there is none."""
        try:
            answer = _call(self.target, "list_multipart_uploads", key="Prefix")
        except PermissionError:
            return None  # an account that may write and not list begins anew
        ids = [one["UploadId"] for one in answer.get("Uploads", ()) if one["Key"] == _place(self.target)[1]]
        return next(((upload, held) for upload in ids if (held := self._held(upload))), None)

    def _held(self, upload: str) -> dict[int, str]:
        """The MD5 of the parts that the server holds, when all are parts of this file; else nothing."""
        held = {part["PartNumber"]: part["ETag"].strip('"') for part in self._listed(upload)}
        ours = all(number in self.numbers and _md5(self._read(number)).hexdigest() == md5 for number, md5 in held.items())
        return held if ours else {}

    def _listed(self, upload: str) -> Iterator[dict[str, Any]]:
        marker: int | None = 0
        while marker is not None:
            answer = _call(self.target, "list_parts", UploadId=upload, PartNumberMarker=marker)
            yield from answer.get("Parts", ())
            marker = answer["NextPartNumberMarker"] if answer.get("IsTruncated") else None

    def send(self, begun: tuple[str, dict[int, str]], report: Callable[[int, int], None], sha256: str) -> int:
        """Send the parts that the server does not hold, and complete the upload. Returns the number of bytes that were sent."""
        upload, held = begun

        def one(number: int) -> tuple[dict[str, Any], int, int]:
            body = self._read(number)
            etag = held.get(number) or self._send_part(upload, number, body)
            return {"PartNumber": number, "ETag": etag}, len(body), 0 if number in held else len(body)

        parts, total = [], 0
        pool = ThreadPoolExecutor(AT_ONCE)
        try:
            for part, size, sent in pool.map(one, self.numbers):
                parts.append(part)
                total += sent
                report(size, sent)
        finally:
            pool.shutdown(cancel_futures=True)  # after an error or Ctrl-C, the parts that wait are not sent
        self._complete(upload, parts, sha256)
        return total

    def _complete(self, upload: str, parts: list[dict[str, Any]], sha256: str) -> None:
        """Make the object of its parts. S3 may take minutes: where the answer is lost, the object itself is the answer."""
        try:
            _call(self.target, "complete_multipart_upload", UploadId=upload, MultipartUpload={"Parts": parts})
        except Exception:
            with suppress(FileNotFoundError):
                if recorded_sha256(self.target) == sha256:
                    return
            raise

    def _send_part(self, upload: str, number: int, body: bytes) -> str:
        header = _md5_header(body)
        answer = _call(self.target, "upload_part", UploadId=upload, PartNumber=number, Body=body, ContentMD5=header)
        return str(answer["ETag"])

    def _read(self, number: int) -> bytes:
        with self.source.open("rb") as file:
            file.seek((number - 1) * self.part_bytes)
            return file.read(self.part_bytes)


def _call(target: UPath, method: str, key: str = "Key", **values: Any) -> dict[str, Any]:
    bucket, path = _place(target)
    answer: dict[str, Any] = target.fs.call_s3(method, Bucket=bucket, **{key: path}, **values)
    return answer


def _place(target: UPath) -> tuple[str, str]:
    bucket, _, key = target.path.partition("/")
    return bucket, key


def _md5(body: bytes) -> Any:
    return hashlib.md5(body, usedforsecurity=False)  # what S3 compares with; the project's own hash is the SHA-256


def _md5_header(body: bytes) -> str:
    return base64.b64encode(_md5(body).digest()).decode("ascii")
