"""FATE's `data/*`: tables taken in, written out and copied; each leaves a job that says so."""

from collections.abc import Mapping
from typing import Any, Final

from aiohttp import web

from api.agent.channel import CHANNEL_HUB
from api.agent.hub import UPLOAD_REPLY_S
from api.auth import require
from api.dialects.fate.errors import FateError, RetCode
from api.dialects.fate.requests.bodies import read_members
from api.dialects.fate.requests.members import (
    TableName,
    check_present,
    parse_table,
    read_flag,
    read_number,
    read_text,
)
from api.dialects.fate.requests.uploads import IfThere, Upload
from api.dialects.fate.responses.submitted import render_submitted
from api.dialects.fate.responses.envelope import render_success
from api.dialects.fate.responses.uploads import render_upload
from api.dialects.fate.routes import Answer, Routes
from api.dialects.fate.routes.choice import choose_parties
from api.dialects.fate.routes.intake import Intake, take_upload
from api.dialects.fate.routes.sources import Source, find_source
from api.dialects.fate.vocabulary.data_jobs import DOWNLOAD, LABEL, UPLOAD, WRITER, make_data_draft
from api.dialects.fate.vocabulary.origin import FateJob
from api.keys import PRINCIPAL, READER, SETTINGS, WRITER as STORE_WRITER
from api.planning import plan_job
from api.uploads import Place, check_room, make_table_there, send_table
from scheduler.domain.access import Action
from scheduler.domain.errors import ConflictError, NotFoundError
from scheduler.domain.states import State
from scheduler.service.tables import note_table
from scheduler.store.queries.data_tables import DataTable, find_data_tables
from scheduler.store.queries.jobs import JobFilter, get_origin, list_jobs
from scheduler.store.tx import Tx

MAX_HISTORY: Final = 1000
THERE_ALREADY: Final = (
    "The data table already exists. If you still want to continue uploading, please add the parameter --drop: "
    "drop 1 replaces it"
)
