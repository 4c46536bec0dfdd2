"""Run by an unmodified nvflare client: for each kit log in, list, submit; each answer or exception as JSON.

python bridge_calls.py JOB NAME KIT USER SECONDS [NAME KIT USER SECONDS ...]; so long a login may take.
"""

import json
import sys

from nvflare.fuel.flare_api.flare_api import new_secure_session


def note(answers, label, function, *words, **given):
    try:
        found = function(*words, **given)
    except Exception as wrong:  # noqa: BLE001  whatever it is, the test looks at it
        found = {"raised": type(wrong).__name__, "says": str(wrong)}
    answers[label] = found
    return found


def call_all(kit, user, seconds):
    answers = {}
    session = note(answers, "login", new_secure_session, user, kit, timeout=float(seconds), auto_login_max_tries=1)
    if not isinstance(session, dict):
        answers["login"] = "session"
        session.set_timeout(60.0)
        note(answers, "list", session.list_jobs)
        note(answers, "submit", session.submit_job, folder)
        session.close()
    return answers


folder, *words = sys.argv[1:]
print(json.dumps({name: call_all(*each) for name, *each in zip(*[iter(words)] * 4, strict=True)}, default=str))
