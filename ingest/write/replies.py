"""Stores answers to commands, once each, and moves their commands on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final, cast

import msgspec
import psycopg
from psycopg.types.json import Jsonb

from fleet.commands import READ_FAULTS
from fleet.errors import RejectionReason
from ingest.accepted import Accepted, AcceptedReply, Identity, Rejected
from ingest.replies import FINAL, CommandRow, effect
from ingest.write.arrays import bigints, integers, jsonbs, texts, times
from ingest.write.connection import Connection
from ingest.write.statements import statement

REPLY_CHANNEL: Final = "fjarrkoll_reply"
"""Told the id of each command that was answered, when the answer is committed."""

_as_json = msgspec.json.Encoder().encode


@dataclass(frozen=True, slots=True)
class Answered:
    """What became of the answers of a batch.

    Attributes:
        accepted: the batch with its new answers only, and those that were refused among the refusals.
        reads: answers in time that list all faults of a device.
        repeated: how many were stored already.
    """

    accepted: Accepted
    reads: Sequence[AcceptedReply]
    repeated: int


async def store_replies(connection: Connection, accepted: Accepted, received_at: datetime) -> Answered:
    """Stores the answers of a batch and what they do to their commands."""
    commands, known = await _ask(connection, accepted.replies)
    ours = [reply for reply in accepted.replies if _is_for(reply, commands)]
    refused = [_unknown_command(reply) for reply in accepted.replies if not _is_for(reply, commands)]
    new, conflicts, repeated = _new_ones(known, ours)
    if new:
        await _add(connection, new, received_at)
    reads = await _move_commands(connection, new, commands, received_at)
    refused += [_conflict(reply) for reply in conflicts]
    return Answered(replace(accepted, replies=new, rejected=[*accepted.rejected, *refused]), reads, repeated)


async def _ask(
    connection: Connection, replies: Sequence[AcceptedReply]
) -> tuple[dict[str, CommandRow], dict[Identity, tuple[str, str]]]:
    """The commands that are answered, locked, and then which answers are stored; in one message, within a pipeline."""
    ids = sorted({reply.command_id for reply in replies})
    locked = await connection.execute(statement("lock_commands"), [ids])
    known = await _ask_known(connection, [reply.identity for reply in replies])
    rows = cast("list[tuple[str, int, str, str, datetime]]", await locked.fetchall())
    stored = cast("list[tuple[int, int, int, str, str]]", await known.fetchall())
    return (
        {row[0]: CommandRow(*row) for row in rows},
        {Identity(number, boot, seq): (command_id, status) for number, boot, seq, command_id, status in stored},
    )


def _is_for(reply: AcceptedReply, commands: dict[str, CommandRow]) -> bool:
    command = commands.get(reply.command_id)
    return command is not None and command.device_no == reply.device.number


def _new_ones(
    known: dict[Identity, tuple[str, str]], replies: Sequence[AcceptedReply]
) -> tuple[list[AcceptedReply], list[AcceptedReply], int]:
    """Those not stored yet; those whose identity belongs to another answer; how many are repeated."""
    new: list[AcceptedReply] = []
    conflicts: list[AcceptedReply] = []
    repeated = 0
    for reply in replies:
        said = (reply.command_id, reply.reply.status)
        before = known.get(reply.identity)
        if before is None:
            known[reply.identity] = said
            new.append(reply)
        elif before == said:
            repeated += 1
        else:
            conflicts.append(reply)
    return new, conflicts, repeated


async def _ask_known(connection: Connection, identities: Sequence[Identity]) -> psycopg.AsyncCursor[tuple[object, ...]]:
    return await connection.execute(
        statement("known_replies"),
        [
            integers([identity.device_no for identity in identities]),
            integers([identity.boot for identity in identities]),
            bigints([identity.seq for identity in identities]),
        ],
    )


async def _add(connection: Connection, replies: Sequence[AcceptedReply], received_at: datetime) -> None:
    told = [entry.reply for entry in replies]
    await connection.execute(
        statement("add_replies"),
        [
            received_at,
            integers([entry.device.number for entry in replies]),
            integers([reply.boot for reply in told]),
            bigints([reply.seq for reply in told]),
            texts([entry.command_id for entry in replies]),
            texts([reply.status for reply in told]),
            texts([reply.reason for reply in told]),
            jsonbs([_as_json(reply.result) for reply in told]),
            times([entry.at for entry in replies]),
        ],
    )


async def _move_commands(
    connection: Connection, replies: Sequence[AcceptedReply], commands: dict[str, CommandRow], received_at: datetime
) -> list[AcceptedReply]:
    """Lets each answer have its effect; returns those in time that list a device's faults."""
    states = {command_id: command.state for command_id, command in commands.items()}
    reads: list[AcceptedReply] = []
    for entry in replies:
        command, reply = commands[entry.command_id], entry.reply
        done = effect(command, states[entry.command_id], reply, received_at)
        if done.late:
            told = {"command_id": entry.command_id, "status": reply.status, "received_at": received_at}
            await connection.execute(statement("mark_late"), {**told, "reason": f"late: {reply.status}"})
        elif entry.faults is not None and command.name == READ_FAULTS.name:
            reads.append(entry)
        if done.state is not None:
            states[entry.command_id] = done.state
            await connection.execute(
                statement("move_command"),
                {
                    "command_id": entry.command_id,
                    "state": done.state,
                    "reason": reply.reason,
                    "final": done.state in FINAL,
                    "result": Jsonb(reply.result),
                    "received_at": received_at,
                },
            )
    for command_id in sorted({entry.command_id for entry in replies}):
        await connection.execute("SELECT pg_notify(%s, %s)", [REPLY_CHANNEL, command_id])
    return reads


def _unknown_command(entry: AcceptedReply) -> Rejected:
    return _refused(
        entry,
        RejectionReason.UNKNOWN_COMMAND,
        f"command {entry.command_id} was never sent to this device: answer with the command_id that came with it",
    )


def _conflict(entry: AcceptedReply) -> Rejected:
    identity = entry.identity
    return _refused(
        entry,
        RejectionReason.CONFLICT,
        f"boot {identity.boot} seq {identity.seq} was another answer before: count on, and let boot survive restarts",
    )


def _refused(entry: AcceptedReply, reason: RejectionReason, advice: str) -> Rejected:
    return Rejected(entry.source, entry.device, reason, advice, (entry.reply.boot, entry.reply.seq), alive=True)
