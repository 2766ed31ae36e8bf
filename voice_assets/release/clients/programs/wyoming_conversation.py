"""Speaks sentences in conversations with wyoming-piper: ``wyoming_conversation.py TASK.json``.

Runs in the environment of the clients. The task: ``port``, ``voice`` (the name to find in the server's list), ``sentences``,
``out`` (the folder for ``01.wav`` and so on). One connection asks for the list of voices, and every sentence has a connection
of its own, as in Home Assistant. The first sentence is spoken a second time in the streaming conversation.
"""

import asyncio
import json
import sys
import wave
from pathlib import Path
from typing import Any

HOST = "127.0.0.1"
SECONDS_TO_ANSWER = 300


async def next_event(client: Any) -> Any:
    """The server's next event. A closed connection, an error event or no answer ends the program."""
    from wyoming.error import Error

    event = await asyncio.wait_for(client.read_event(), SECONDS_TO_ANSWER)
    if event is None:
        raise SystemExit("the server closed the connection in the conversation")
    if Error.is_type(event.type):
        raise SystemExit(f"the server answered with an error: {Error.from_event(event).text}")
    return event


async def described(port: int, name: str) -> Any:
    """The server's program that speaks the voice ``name``, from its answer to ``describe``."""
    from wyoming.client import AsyncTcpClient
    from wyoming.info import Describe, Info

    async with AsyncTcpClient(HOST, port) as client:
        await client.write_event(Describe().event())
        event = await next_event(client)
    if not Info.is_type(event.type):
        raise SystemExit(f"the server answered describe with {event.type}")
    programs = Info.from_event(event).tts
    for program in programs:
        for voice in program.voices:
            if voice.name == name and voice.installed:
                _require_language(voice.languages, name)
                return program
    known = sorted(voice.name for program in programs for voice in program.voices)
    raise SystemExit(f"the server's info does not name the voice {name}; it names {len(known)} voices: {known[:5]}...")


def _require_language(languages: list[str], name: str) -> None:
    """End the program unless the server offers the voice for its language: Home Assistant shows the voices of a language."""
    language = name.partition("-")[0]
    if language not in languages:
        raise SystemExit(f"the server's info offers the voice {name} for {languages}, not for {language}")


async def heard(client: Any) -> tuple[tuple[int, int, int], bytes]:
    """The audio from audio-start to audio-stop: (rate in Hz, bytes of a sample, channels) and the samples."""
    from wyoming.audio import AudioChunk, AudioStart, AudioStop

    start = await next_event(client)
    if not AudioStart.is_type(start.type):
        raise SystemExit(f"the first event of the audio is {start.type}, not audio-start")
    described_as = AudioStart.from_event(start)
    sound = b""
    while not AudioStop.is_type((event := await next_event(client)).type):
        if not AudioChunk.is_type(event.type):
            raise SystemExit(f"an event of the audio is {event.type}, neither audio-chunk nor audio-stop")
        sound += AudioChunk.from_event(event).audio
    return (described_as.rate, described_as.width, described_as.channels), sound


async def synthesized(port: int, name: str, text: str) -> tuple[tuple[int, int, int], bytes]:
    """The audio of ``text``, asked for in one event."""
    from wyoming.client import AsyncTcpClient
    from wyoming.tts import Synthesize, SynthesizeVoice

    async with AsyncTcpClient(HOST, port) as client:
        await client.write_event(Synthesize(text=text, voice=SynthesizeVoice(name=name)).event())
        return await heard(client)


async def streamed(port: int, name: str, text: str) -> int:
    """The bytes of audio for ``text`` in the streaming conversation, which speaks the beginning of a text early."""
    from wyoming.audio import AudioChunk
    from wyoming.client import AsyncTcpClient
    from wyoming.tts import SynthesizeChunk, SynthesizeStart, SynthesizeStop, SynthesizeStopped, SynthesizeVoice

    count = 0
    async with AsyncTcpClient(HOST, port) as client:
        for event in (SynthesizeStart(voice=SynthesizeVoice(name=name)), SynthesizeChunk(text=text), SynthesizeStop()):
            await client.write_event(event.event())
        while not SynthesizeStopped.is_type((event := await next_event(client)).type):
            count += len(AudioChunk.from_event(event).audio) if AudioChunk.is_type(event.type) else 0
    return count


async def converse(task: dict[str, Any]) -> None:
    """Ask for the voices, then speak every sentence of the task."""
    port, name = task["port"], task["voice"]
    program = await described(port, name)
    for number, sentence in enumerate(task["sentences"], start=1):
        (rate, width, channels), sound = await synthesized(port, name, sentence)
        with wave.open(str(Path(task["out"]) / f"{number:02d}.wav"), "wb") as file:
            file.setparams((channels, width, rate, 0, "NONE", "not compressed"))
            file.writeframes(sound)
        if number == 1 and program.supports_synthesize_streaming:
            count = await streamed(port, name, sentence)
            if count != len(sound):
                raise SystemExit(f"the streaming conversation gave {count} bytes of audio, the plain one {len(sound)}")


if __name__ == "__main__":
    asyncio.run(converse(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))))
