"""What every part of a session stands on: its kit and the door to the gateway."""

from fedrota.session.door import Door
from fedrota.session.kit import read_kit
from fedrota.session.outcomes import NoConnection, SessionClosed


class Link:
    """A session's connection; it takes no commands once it is closed."""

    def __init__(self, username: str | None, startup_path: str | None, study: str = "") -> None:
        kit = read_kit(username or "", startup_path)
        self.username = kit.username
        self.startup_path = startup_path or ""
        self.upload_dir = str(kit.upload_dir)
        self.download_dir = str(kit.download_dir)
        self.api: Door | None = Door(kit.connection, study=study)
        """The connection; None once it is closed. The name is FLARE's."""

    @property
    def door(self) -> Door:
        """The connection; SessionClosed after `close`."""
        if self.api is None:
            raise SessionClosed("session closed")
        return self.api

    def try_connect(self, timeout: float) -> None:
        """Make sure that the gateway answers and takes this caller; NoConnection, AuthenticationError otherwise."""
        try:
            self.door.send("_check_session", timeout_s=timeout)
        except NoConnection as wrong:
            raise NoConnection(f"cannot connect to server for {timeout} seconds: {wrong}") from wrong

    def close(self) -> None:
        """End the session; a second call changes nothing."""
        if self.api is not None:
            self.api.close()
            self.api = None

    def set_timeout(self, value: float) -> None:
        """How many seconds a command may take from now on; TypeError and ValueError as FLARE's."""
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise TypeError(f"timeout must be a number but got {type(value)}")
        if value <= 0:
            raise ValueError(f"invalid timeout value {float(value)} - must be > 0.0")
        self.door.timeout_s = float(value)

    def unset_timeout(self) -> None:
        """Commands may take as long as they do by default."""
        self.door.timeout_s = None
