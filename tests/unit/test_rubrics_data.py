"""The spoken words beside the first coursework: their size, format, names and lists."""

from __future__ import annotations

import re
import wave
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parents[2] / "rubrics" / "imperial_cw3" / "data" / "data_speech_commands_v0.02"
WORDS = ("one", "two", "three")


def recordings(word):
    return sorted((FOLDER / word).iterdir())


def listed(name):
    return (FOLDER / name).read_text(encoding="utf-8").splitlines()


def test_the_data_set_has_at_most_4_mb():
    assert sum(path.stat().st_size for path in FOLDER.rglob("*") if path.is_file()) <= 4_000_000


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_spoken_by_forty_speakers_with_names_like_those_of_the_real_set(word):
    names = [path.name for path in recordings(word)]

    assert len(names) == 40
    assert all(re.fullmatch(r"[0-9a-f]{8}_nohash_0\.wav", name) for name in names)


@pytest.mark.parametrize("word", WORDS)
def test_recordings_are_mono_with_16_bits_at_16_khz_and_last_at_most_a_second(word):
    for path in recordings(word):
        with wave.open(str(path)) as recording:
            assert (recording.getnchannels(), recording.getsampwidth(), recording.getframerate()) == (1, 2, 16_000)
            assert 3_000 < recording.getnframes() <= 16_000


@pytest.mark.parametrize("name", ["validation_list.txt", "testing_list.txt"])
def test_a_list_names_recordings_that_are_there(name):
    lines = listed(name)

    assert len(lines) == 24
    assert all((FOLDER / line).is_file() for line in lines)


def test_no_speaker_is_held_back_for_both_validation_and_test():
    speakers = [{line.split("/")[1] for line in listed(name)} for name in ("validation_list.txt", "testing_list.txt")]

    assert not speakers[0] & speakers[1]
