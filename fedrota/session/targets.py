"""What a session reads at a site or the server: folders, text files, logs; each site answers for its own."""

from collections.abc import Sequence
from typing import Final

from fedrota.session.arguments import check_file, check_path, check_pattern, check_target, split_options
from fedrota.session.link import Link

LOG: Final = "log.txt"


class Targets(Link):
    """The target methods of a session.

    A target's folder holds one folder for each job that ran there, with the job's `log.txt` and, while it runs, its
    working files; `log.txt` beside them is the log that was written last. SyntaxError where an argument may not be,
    InvalidTarget where there is no such target, InternalError where an option does not exist.
    """

    def ls_target(self, target: str, options: str | None = None, path: str | None = None) -> str:
        """The entries of a folder; options -a -l -t -S -R -u."""
        words = [check_target(target), *split_options(options), *([check_path(path)] if path else [])]
        return self._show("ls", words)

    def cat_target(self, target: str, options: str | None = None, file: str | None = None) -> str:
        """A file's text; options -n -b -s -T. A file that is not there is a sentence, no exception."""
        return self._show_file("cat", target, options, file)

    def head_target(self, target: str, options: str | None = None, file: str | None = None) -> str:
        """A file's first lines; options -n -c with a number."""
        return self._show_file("head", target, options, file)

    def tail_target(self, target: str, options: str | None = None, file: str | None = None) -> str:
        """A file's last lines; options -n -c with a number."""
        return self._show_file("tail", target, options, file)

    def head_target_log(self, target: str, options: str | None = None) -> str:
        """The first lines of the target's log."""
        return self.head_target(target, options, file=LOG)

    def tail_target_log(self, target: str, options: str | None = None) -> str:
        """The last lines of the target's log."""
        return self.tail_target(target, options, file=LOG)

    def grep_target(
        self, target: str, options: str | None = None, pattern: str | None = None, file: str | None = None
    ) -> str:
        """The lines of a file in which a basic pattern is found, empty without one; options -n -i -b."""
        words = [check_target(target), *split_options(options), check_pattern(pattern), check_file(file)]
        return self._show("grep", words)

    def get_working_directory(self, target: str) -> str:
        """The target's folder on its host, and a newline."""
        return self._show("pwd", [check_target(target)])

    def _show_file(self, command: str, target: str, options: str | None, file: str | None) -> str:
        return self._show(command, [check_target(target), *split_options(options), check_file(file)])

    def _show(self, command: str, words: Sequence[str]) -> str:
        return self.door.send(command, *words).text
