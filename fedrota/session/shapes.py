"""The values that a FLARE session takes and gives; names and texts are those of NVIDIA FLARE 2.9.0."""

import time
from enum import Enum


class TargetType:
    """Whom a command is for."""

    ALL = "all"
    SERVER = "server"
    CLIENT = "client"


class MonitorReturnCode(int, Enum):
    """Why `monitor_job` returned."""

    JOB_FINISHED = 0
    TIMEOUT = 1
    ENDED_BY_CB = 2


class ServerInfo:
    """Whether the server runs jobs (`started`) or none (`stopped`); `start_time` in epoch seconds."""

    def __init__(self, status: str, start_time: float) -> None:
        self.status = status
        self.start_time = start_time

    def __str__(self) -> str:
        return f"status: {self.status}, start_time: {time.asctime(time.localtime(self.start_time))}"


class ClientInfo:
    """A connected site; `last_connect_time` in epoch seconds."""

    def __init__(self, name: str, last_connect_time: float) -> None:
        self.name = name
        self.last_connect_time = last_connect_time

    def __str__(self) -> str:
        return f"{self.name} (last_connect_time: {time.asctime(time.localtime(self.last_connect_time))})"


class JobInfo:
    """A job under way."""

    def __init__(self, job_id: str, app_name: str) -> None:
        self.job_id = job_id
        self.app_name = app_name

    def __str__(self) -> str:
        return f"JobInfo:\n  job_id: {self.job_id}\n  app_name: {self.app_name}"


class SystemInfo:
    """The server, the connected sites, the jobs under way."""

    def __init__(self, server_info: ServerInfo, client_info: list[ClientInfo], job_info: list[JobInfo]) -> None:
        self.server_info = server_info
        self.client_info = client_info
        self.job_info = job_info

    def __str__(self) -> str:
        clients = "\n".join(map(str, self.client_info))
        jobs = "\n".join(map(str, self.job_info))
        return f"SystemInfo\nserver_info:\n{self.server_info}\nclient_info:\n{clients}\njob_info:\n{jobs}"
