"""What is to be reached: one branch of the product; see `simulation.tools.reach`."""

import msgspec


class Probe(msgspec.Struct, frozen=True):
    """One branch that is to be reached.

    Attributes:
        name: what happens there, in words. path: of the file, from the root of the repository.
        function: qualified name, as ``OrderCommands.settle.<locals>.settled``.
        line: the statement's first line, without indentation; unique among the function's own statements.
        when: an expression over the function's variables; the branch counts only where it is true, always where it is
            empty. It must change nothing.
    """

    name: str
    path: str
    function: str
    line: str
    when: str = ""
