"""dbt in this process: what it tells."""

from typing import Any

from dbt_common.events.base_types import EventLevel
from dbt_common.events.event_manager_client import get_event_manager
from dbt_common.events.functions import fire_event
from dbt_common.events.types import Note

from orchestration import dbt


def test_a_message_is_made_of_a_warning_and_not_of_what_nobody_listens_to() -> None:
    dbt.parse()
    callbacks = get_event_manager().callbacks
    heard: list[str] = []

    def listen(event: Any) -> None:
        heard.append(event.data.msg)

    callbacks.append(listen)
    try:
        fire_event(Note(msg="a statement"), level=EventLevel.DEBUG)
        fire_event(Note(msg="something odd"), level=EventLevel.WARN)
    finally:
        callbacks.remove(listen)
    assert heard == ["something odd"]
