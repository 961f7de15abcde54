"""The packet sockets to clients that acquired notifications."""

import os

from firmware_bridge.virtual.bluez.pipes import NotifyPipe
from tests.firmware_bridge.radio.loops import in_a_loop, until

MOST_WAITING = 4096


def numbers(count):
    return [number.to_bytes(4, "big") for number in range(count)]


async def read(fd, count):
    values = []
    os.set_blocking(fd, False)

    def read_some():
        try:
            while True:
                values.append(os.read(fd, 16))
        except BlockingIOError:
            return len(values) >= count

    await until(read_some)
    return values


@in_a_loop
async def test_a_client_that_reads_late_gets_everything_in_order():
    pipe = NotifyPipe(on_closed=print)
    for value in numbers(3000):
        pipe.send(value)
    assert await read(pipe.client_fd, 3000) == numbers(3000)
    pipe.close()
    os.close(pipe.client_fd)


@in_a_loop
async def test_a_client_that_does_not_read_loses_the_latest_and_not_the_memory():
    pipe = NotifyPipe(on_closed=print)
    for value in numbers(3 * MOST_WAITING):
        pipe.send(value)
    kept = await read(pipe.client_fd, MOST_WAITING)
    assert MOST_WAITING < len(kept) < 2 * MOST_WAITING
    assert kept == numbers(len(kept))
    pipe.close()
    os.close(pipe.client_fd)


@in_a_loop
async def test_the_end_of_a_client_is_noticed():
    closed = []
    pipe = NotifyPipe(on_closed=lambda: closed.append(True))
    os.close(pipe.client_fd)
    await until(lambda: closed)
    pipe.send(b"to nobody")
    assert closed == [True]
