"""Who may touch which topic: a terminal its own, the cloud everything of ours."""

from dataclasses import dataclass
from enum import Enum

from cloud.mqtt import iotda, topics


class Action(Enum):
    """What is done with a topic."""

    PUBLISH = "publish"
    SUBSCRIBE = "subscribe"
    RECEIVE = "receive"


@dataclass(frozen=True)
class Account:
    """Who logged in. Two connections of one `name` exclude each other: the later takes over.

    `name` is the device id, or for the cloud's own programs the client id. `iotda` = it speaks
    that dialect: its topics are turned into native ones and back (iotda.py).
    """

    name: str
    cloud: bool = False
    iotda: bool = False


def may(account: Account, action: Action, topic: str) -> bool:
    """Whether the account may do this with this topic or topic filter.

    A terminal's names are compared whole, so wildcards, `$…` and its neighbours fall out by
    themselves (protocol.md section 1: "A device may touch only its own topics").
    """
    if account.cloud:
        return topic.startswith(topics.ROOT)
    if account.iotda and action is not Action.RECEIVE:
        return iotda.own(account.name, topic)
    own = topics.up if action is Action.PUBLISH else topics.down
    return topic in (own(account.name), topics.echo(account.name))
