"""Workers of a service that root starts run as somebody else: `--user`, `--group` (spec/01 section 10)."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass

from ..errors import AtilaError

log = logging.getLogger("atila_compat.server")


@dataclass(frozen=True)
class Identity:
    """Whom a process is to run as.

    Attributes:
        uid, gid: their numbers.
        name: the user's name, for the groups that they are in; empty where only the group changes.
        home: HOME of the environment.
    """

    uid: int
    gid: int
    name: str
    home: str

    def take(self) -> None:
        """Be this user from now on; there is no way back."""
        if self.name:
            os.initgroups(self.name, self.gid)
        else:
            os.setgroups([self.gid])
        os.setgid(self.gid)
        os.setuid(self.uid)
        if self.home:
            os.environ["HOME"] = self.home

    def give(self, path: str) -> None:
        """Make a file or directory theirs."""
        os.chown(path, self.uid, self.gid)


def find_identity(user: str | None, group: str | None) -> Identity | None:
    """Whom `--user` and `--group` name; None where neither is given, or this process is not root's.

    Raises AtilaError for a name that nobody has.
    """
    if not user and not group:
        return None
    if not hasattr(os, "geteuid") or os.geteuid() != 0:
        log.warning("--user and --group are for services that root starts; this one runs as it is")
        return None
    import grp
    import pwd

    uid, gid, name, home = os.geteuid(), os.getegid(), "", ""
    try:
        if user:
            entry = pwd.getpwuid(int(user)) if user.isdigit() else pwd.getpwnam(user)
            uid, gid, name, home = entry.pw_uid, entry.pw_gid, entry.pw_name, entry.pw_dir
    except KeyError:
        raise AtilaError(f"--user={user}: there is no such user") from None
    try:
        if group:
            gid = (grp.getgrgid(int(group)) if group.isdigit() else grp.getgrnam(group)).gr_gid
    except KeyError:
        raise AtilaError(f"--group={group}: there is no such group") from None
    return Identity(uid, gid, name, home)
