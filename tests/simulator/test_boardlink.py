"""The world's end of the board link, spoken to by a board made of a plain socket."""

import asyncio
import json

from simulator.boardlink import BoardLink


async def board(link: BoardLink) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    return await asyncio.open_connection("127.0.0.1", link.port)


async def line(reader: asyncio.StreamReader) -> dict:
    return json.loads(await asyncio.wait_for(reader.readline(), 5))


def test_a_board_is_told_all_inputs_in_its_first_line_and_each_change_afterwards() -> None:
    async def play() -> None:
        link = BoardLink(lambda news: None)
        await link.open()
        link.set_pin(34, 0)
        link.set_rms_mv(36, 120)
        link.set_mv(39, 330)
        link.set_board_c(41.5)
        reader, writer = await board(link)
        whole = {"pins": [[34, 0]], "rms_mv": [[36, 120]], "mv": [[39, 330]], "board_c": 41.5}
        assert await line(reader) == whole
        link.set_mv(39, 330)
        link.set_board_c(41.5)
        link.set_pin(34, 0)
        link.set_pin(34, 1)
        assert await line(reader) == {"pin": 34, "value": 1}
        writer.close()
        await link.close()

    asyncio.run(play())


def test_what_the_board_says_reaches_the_world_line_by_line() -> None:
    async def play() -> None:
        heard: asyncio.Queue = asyncio.Queue()
        link = BoardLink(heard.put_nowait)
        await link.open()
        _, writer = await board(link)
        writer.write(b'{"pin": 21, "value": 1}\n{"uart": 1,')
        assert await asyncio.wait_for(heard.get(), 5) == {"pin": 21, "value": 1}
        writer.write(b' "baud": 9600}\n')
        assert await asyncio.wait_for(heard.get(), 5) == {"uart": 1, "baud": 9600}
        writer.close()
        await link.close()

    asyncio.run(play())


def test_a_new_board_replaces_the_old_one() -> None:
    async def play() -> None:
        heard: asyncio.Queue = asyncio.Queue()
        link = BoardLink(heard.put_nowait)
        await link.open()
        old_reader, old_writer = await board(link)
        await line(old_reader)
        new_reader, new_writer = await board(link)
        await line(new_reader)
        assert await asyncio.wait_for(old_reader.read(), 5) == b""
        new_writer.write(b'{"reset": 1}\n')
        assert await asyncio.wait_for(heard.get(), 5) == {"reset": 1}
        old_writer.close()
        new_writer.close()
        await link.close()

    asyncio.run(play())
