"""One line per check, a count at the end: nothing that a test framework would have to be installed for."""

import sys
import traceback


class Failed(Exception):
    """An expectation that does not hold."""


def expect(actual, wanted, what):
    if actual != wanted:
        raise Failed(f"{what}: expected {brief(wanted)}, got {brief(actual)}")


def expect_that(holds, what):
    if not holds:
        raise Failed(what)


def brief(value):
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}… ({len(text)} characters)"


class Suite:
    """Checks in the order of their definition. Later ones build on what earlier ones left in the emulator."""

    def __init__(self):
        self.checks = []

    def __call__(self, title):
        def add(check):
            self.checks.append((title, check))
            return check

        return add

    def run(self, world):
        """Runs all of them, whatever fails on the way, and returns the exit code."""
        failed = 0
        for title, check in self.checks:
            try:
                check(world)
            except Failed as why:
                failed += 1
                print(f"FAIL {title}: {why}", flush=True)
            except Exception as error:  # whatever the client raises is a finding, not the end
                failed += 1
                print(f"FAIL {title}: {type(error).__name__}: {error}", flush=True)
                traceback.print_exc(file=sys.stderr)
            else:
                print(f"ok   {title}", flush=True)
        print(f"{len(self.checks) - failed} passed, {failed} failed")
        return 1 if failed or not self.checks else 0


class Recorder:
    """Passes calls on to a part of the client and remembers which of its methods were called."""

    def __init__(self, part):
        self.part = part
        self.called = set()

    def __getattr__(self, name):
        self.called.add(name)
        return getattr(self.part, name)

    def missing(self):
        public = {name for name in vars(type(self.part)) if not name.startswith("_")}
        return {name for name in public if callable(getattr(self.part, name))} - self.called
