"""Kills writers of the file PATH at random moments, ROUNDS times, and prints each file it found.

A process of its own, since it forks: the tests' process may have threads.
"""

import os
import random
import signal
import sys
import time

from probecli.output.files import AtomicFile
from probecli.output.terminal import Terminal

BODY = 20_000


def write_forever(path: str, ready: int) -> None:
    number = 0
    while True:
        file = AtomicFile(path, terminal=Terminal())
        body = str(number).encode() * BODY
        file.write(b"<" + body[: BODY // 2])
        file.write(body[BODY // 2 :] + b">")
        file.commit()
        os.write(ready, b".")
        number = (number + 1) % 10


def kill_one(path: str, delay_s: float) -> bytes:
    reader, ready = os.pipe()
    writer = os.fork()
    if not writer:
        write_forever(path, ready)
    os.read(reader, 1)
    time.sleep(delay_s)
    os.kill(writer, signal.SIGKILL)
    os.waitpid(writer, 0)
    os.close(reader)
    os.close(ready)
    with open(path, "rb") as file:
        return file.read()


def verdict(content: bytes) -> str:
    whole = len(content) == BODY + 2 and content[:1] + content[-1:] == b"<>"
    return "whole" if whole and len(set(content[1:-1])) == 1 else "torn"


if __name__ == "__main__":
    chance = random.Random(22)
    for _ in range(int(sys.argv[2])):
        print(verdict(kill_one(sys.argv[1], chance.random() * 0.004)))  # noqa: T201
