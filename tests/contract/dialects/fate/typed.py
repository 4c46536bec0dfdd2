"""A client's `flow` command as a user types it; plain Python of any age, as the clients' own interpreters read it.

Commands share one process, which spares a second for each.
"""

import contextlib
import io
import json
import os


class Typed:
    """Types commands, keeps what they printed, and writes the files that they are given."""

    def __init__(self, flow_cli, folder):
        self.flow_cli = flow_cli
        self.folder = folder
        self.calls, self.called = {}, set()

    def call(self, words, *more, note=None):
        """Run `flow WORDS MORE`; the JSON that it printed last is kept under WORDS, or under `note`."""
        self.called.add(words)
        said = io.StringIO()
        try:
            with contextlib.redirect_stdout(said):
                self.flow_cli.main([*words.split(), *map(str, more)], prog_name="flow", standalone_mode=False)
            answer = read_answer(said.getvalue())
        except (Exception, SystemExit) as wrong:  # noqa: BLE001  whatever a client raises is what its user sees, and tests judge it
            answer = {"raised": repr(wrong), "said": said.getvalue()[-500:]}
        self.calls[note or words] = answer
        return answer if isinstance(answer, dict) else {}

    def doc(self, value):
        """A file with the value, which is YAML as well as JSON."""
        path = os.path.join(self.folder, f"doc{len(os.listdir(self.folder))}.json")
        with open(path, "w") as file:
            json.dump(value, file)
        return path


def read_answer(text):
    """The JSON object in what was printed, else the text."""
    begin = text.find("{")
    try:
        return json.loads(text[begin:]) if begin >= 0 else {"said": text}
    except ValueError:
        return {"said": text}
