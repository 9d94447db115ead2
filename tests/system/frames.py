# What frames lie in a checkpoint, read without the program, as docs/checkpoint_format.md has it; checksums aside.
# SPDX-License-Identifier: Apache-2.0
import os

LAST, MARK = 2, 4


def number(data, at, size):
    return int.from_bytes(data[at:at + size], "little")


def varint(data, at):
    """The number, and where the next one begins."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7F) << shift
        shift, at = shift + 7, at + 1
        if data[at - 1] < 0x80:
            return value, at


def end_of_frame(data, at):
    """Behind the frame that begins there; None: it is cut off."""
    at += 4 + 8 + 1
    while at < len(data) and data[at]:
        at += 1
        while size := number(data, at, 4):
            at += 4 + 1 + size + 8
        at += 4
    at += 1 + 16
    return at if at <= len(data) else None


def segment(data):
    """Its first epoch, and its whole frames: of each the epoch and the flags."""
    at = 16 + number(data, 12, 4) + 8
    _, first = varint(data, 16)
    frames = []
    while (at := data.find(b"FRAM", at)) >= 0:
        end = end_of_frame(data, at)
        if end:
            frames.append((number(data, at + 4, 8), data[at + 12]))
        at = end or at + 4
    return varint(data, first)[0], frames


def frames_of(checkpoint):
    """All that count, in their order. Raises AssertionError where an epoch is missing, or a mark is out of turn."""
    counted = []
    for name in sorted(name for name in os.listdir(checkpoint) if name.startswith("seg-")):
        with open(os.path.join(checkpoint, name), "rb") as file:
            first, frames = segment(file.read())
        while counted and counted[-1][0] >= first:
            counted.pop()
        for epoch, flags in frames:
            last = counted[-1][0] if counted else -1
            assert epoch == (last if flags & MARK else last + 1), f"{name}: epoch {epoch} follows {last}"
            counted.append((epoch, flags))
    return counted


def last_epoch(checkpoint):
    """-1: none has begun."""
    frames = frames_of(checkpoint) if os.path.isdir(checkpoint) else []
    return frames[-1][0] if frames else -1
