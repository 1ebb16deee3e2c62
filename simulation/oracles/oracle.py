"""What an oracle is: something that knows what must hold and looks whether it does."""

from collections.abc import Iterator


class Oracle:
    """Looks at a run from outside. A violation is a sentence that begins with the account's name and ends with the rule
    that is broken, as ``alpha: order 7 went from filled to new (R2)``."""

    def look(self) -> Iterator[str]:
        """Called once in each virtual second, from the start of the program to its end."""
        return iter(())

    def begin_life(self) -> None:
        """The program was killed or has ended; another life of it begins."""

    def resume(self) -> None:
        """The program has stood still for a while, in which nobody looked: it could notice nothing."""

    def compare(self) -> Iterator[str]:
        """Called when nothing new happens any more; what is wrong now may become right within the time to settle."""
        return iter(())

    def final(self) -> Iterator[str]:
        """Called once, after the orderly end of the program."""
        return iter(())
