"""What a client reads after its job was taken: the ids, and the paths that FATE-Flow names."""

from typing import Any, Final

from aiohttp import web

from api.dialects.fate.responses.envelope import render_success

FILES: Final = {
    "dsl_path": "job_dsl.json",
    "runtime_conf_path": "job_runtime_conf.json",
    "job_dsl_path": "job_dsl.json",
    "job_runtime_conf_path": "job_runtime_conf.json",
    "train_runtime_conf_path": "train_runtime_conf.json",
    "pipeline_dsl_path": "pipeline_dsl.json",
}
"""Nobody opens these names: the documents come with job/config. Those with `job_` are how 1.4 calls them."""


def render_submitted(
    request: web.Request, job: str, *, model_id: str, initiator: tuple[str, str], message: str = "success", **more: Any
) -> web.Response:
    """The envelope of a submit; `more` goes into its `data`."""
    role, party = initiator
    data = {
        "job_id": job,
        "code": 0,
        "message": message,
        "model_info": {"model_id": model_id, "model_version": job},
        "board_url": f"{request.scheme}://{request.host}/jobs/{job}",
        "logs_directory": f"logs/{job}",
        **{key: f"jobs/{job}/{name}" for key, name in FILES.items()},
        "runtime_conf_on_party_path": f"jobs/{job}/{role}/{party}/job_runtime_on_party_conf.json",
    }
    return render_success({**data, **more}, message, jobId=job)
