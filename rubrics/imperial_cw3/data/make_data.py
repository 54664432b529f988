"""Speaks the small data set beside this file: three words by forty synthetic speakers.

Needs espeak-ng 1.51 (with another version the sounds differ, and so do the bytes). Run from anywhere:

    .venv/bin/python rubrics/imperial_cw3/data/make_data.py
"""

from __future__ import annotations

import hashlib
import io
import shutil
import subprocess
import wave
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

WORDS = ("one", "two", "three")
RATE = 16_000
ACCENTS = ("en-us", "en-gb", "en-gb-scotland", "en-gb-x-rp", "en-029")
TIMBRES = ("m1", "m3", "m5", "m7", "f1", "f2", "f3", "f4")
HELD_BACK = 8
"""Speakers for validation, and as many for the test."""

Samples = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """One synthetic voice; says every word once."""

    voice: str
    pitch: int
    words_per_minute: int

    @property
    def identifier(self) -> str:
        """Eight hexadecimal digits, as in the names of the real data set."""
        return hashlib.sha256(f"{self.voice}/{self.pitch}/{self.words_per_minute}".encode()).hexdigest()[:8]


def speakers() -> list[Speaker]:
    """Forty of them: every accent with every timbre, pitch and speed spread over both."""
    made = []
    for number, (accent, timbre) in enumerate((accent, timbre) for accent in ACCENTS for timbre in TIMBRES):
        made.append(
            Speaker(
                voice=f"{accent}+{timbre}",
                pitch=30 + (number * 7) % 41,
                words_per_minute=120 + (number * 13) % 81,
            )
        )
    return made


def spoken(word: str, speaker: Speaker) -> Samples:
    """The word at 16 kHz, at most a second of it, between -1 and 1."""
    command = ["espeak-ng", "-v", speaker.voice, "-p", str(speaker.pitch), "-s", str(speaker.words_per_minute)]
    run = subprocess.run([*command, "--stdout", word], check=True, capture_output=True)
    with wave.open(io.BytesIO(run.stdout)) as recording:
        # espeak-ng writes a stream, whose header does not know its length
        frames = recording.readframes(recording.getnframes())
        sounds = np.frombuffer(frames[: len(frames) // 2 * 2], dtype="<i2").astype(np.float64)
        samples = resampled(sounds, recording.getframerate())
    return trimmed(samples / np.abs(samples).max())


def resampled(samples: Samples, rate: int) -> Samples:
    """The same sound at 16 kHz, by cutting its spectrum."""
    length = round(samples.size * RATE / rate)
    return np.fft.irfft(np.fft.rfft(samples)[: length // 2 + 1], n=length)


def trimmed(samples: Samples) -> Samples:
    """Without the silence at both ends, 20 ms of it apart; at most one second."""
    loud = np.flatnonzero(np.abs(samples) > 0.02)
    margin = RATE // 50
    return samples[max(0, loud[0] - margin) : loud[-1] + margin][:RATE]


def write(path: Path, samples: Samples) -> None:
    """Mono, 16 bits."""
    with wave.open(str(path), "wb") as recording:
        recording.setnchannels(1)
        recording.setsampwidth(2)
        recording.setframerate(RATE)
        recording.writeframes(np.round(samples * 24_000).astype("<i2").tobytes())


def main() -> None:
    """Replace the data set."""
    root = Path(__file__).resolve().parent / "data_speech_commands_v0.02"
    shutil.rmtree(root, ignore_errors=True)
    everyone = sorted(speakers(), key=lambda speaker: speaker.identifier)
    for word in WORDS:
        (root / word).mkdir(parents=True)
        for speaker in everyone:
            write(root / word / f"{speaker.identifier}_nohash_0.wav", spoken(word, speaker))
    for name, chosen in (
        ("validation_list.txt", everyone[:HELD_BACK]),
        ("testing_list.txt", everyone[HELD_BACK : 2 * HELD_BACK]),
    ):
        lines = [f"{word}/{speaker.identifier}_nohash_0.wav\n" for word in WORDS for speaker in chosen]
        (root / name).write_text("".join(sorted(lines)), encoding="utf-8")


if __name__ == "__main__":
    main()
