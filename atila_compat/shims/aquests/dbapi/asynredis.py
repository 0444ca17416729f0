"""`aquests.dbapi.asynredis`: the base of database classes of an app's own (README, custom databases)."""

from __future__ import annotations

from typing import Any, NoReturn

from ....errors import AtilaError

DEBUG = False


class AsynConnect:
    """Base of a database class that `skitai.add_database_interface` registers.

    Connections of such classes are not served yet: what would open one raises AtilaError.
    """

    def __init__(self, address: Any, params: Any = None, lock: Any = None, logger: Any = None) -> None:
        self.address, self.params, self.lock, self.logger = address, params, lock, logger

    def execute(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Not served yet; raises AtilaError."""
        raise AtilaError(
            "database classes of an app's own are not served yet: call the database's client in was.Thread"
        )

    connect = push_command = begin_tran = fetchall = execute

    def close(self) -> None:
        """Nothing is open."""
