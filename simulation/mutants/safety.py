"""What is to take risk away does not (R13), and what is to hold back lets go."""

from typing import Final

from simulation.mutants.mutant import CALM, CROWDED, ORDERLY_STOP, Change, Mutant, bug
from simulation.options import Feature, Options

_ACTOR: Final = "actors/account/actor.py"
_CONTEXT: Final = "actors/account/context.py"
_MASS_CANCEL: Final = "actors/account/orders/mass_cancel.py"
_LIMITER: Final = "exchanges/base/rate_limiter.py"
_MEMORY: Final = "actors/account/journal_recovery.py"
_SWITCH: Final = "actors/account/dead_mans_switch.py"
_SYSTEM: Final = "actors/system.py"

_KEPT: Final = Options(
    features=frozenset({Feature.KILL_SWITCH_KEPT}), certain=True, without=frozenset({"exchange:RestRefusal"})
)
_NO_OTHER_CANCELS: Final = Options(
    without=frozenset({"action:cancel", "action:cancel_twice", "action:kill_switch", "crash_strategy"})
)

SAFETY: Final = (
    bug(
        "the kill switch cancels nothing",
        _ACTOR,
        "        self._mass_cancels.engage(self.defer)\n",
        "        self.defer().set(())\n",
        CALM,
    ),
    bug(
        "the kill switch refuses nothing",
        _CONTEXT,
        "            raise KillSwitchError(self.name, self.kill_switch)\n",
        "            pass\n",
    ),
    bug(
        "the kill switch is not written down",
        _MEMORY,
        "        self._journal.set_state(KILL_SWITCH, self._context.kill_switch)\n",
        "        pass\n",
    ),
    bug(
        "the kill switch is forgotten by a restart",
        _MEMORY,
        "        context.kill_switch = journal.get_state(KILL_SWITCH)\n",
        "",
        _KEPT,
    ),
    bug(
        "the dead man's switch is never armed",
        _SWITCH,
        "            self._is_running = True\n            self._tell()\n",
        "            self._is_running = True\n",
        CALM,
    ),
    bug(
        "the dead man's switch is armed once",
        _SWITCH,
        "        context.later(timeout_s / _CALLS_PER_COUNTDOWN, self._tell)\n",
        "",
        CALM,
    ),
    bug(
        "the dead man's switch is left behind",
        _SWITCH,
        "                await _arm(rest, 0)\n",
        "                pass\n",
        ORDERLY_STOP,
    ),
    bug(
        "nothing is held back by a limit",
        _LIMITER,
        "max(line.opens_at(moment, priority, weight=weight), self._pause.ends_s(priority))",
        "self._pause.ends_s(priority)",
        CROWDED,
    ),
    bug(
        "an orderly end cancels nothing",
        _SYSTEM,
        "        if cancel_open_orders:\n",
        "        if not cancel_open_orders:\n",
        ORDERLY_STOP,
    ),
    Mutant(
        "cancel-all leaves out orders on their way",
        (
            Change(
                _MASS_CANCEL,
                "            if job.matches(record.order):\n                job.own",
                "            if job.matches(record.order) and record.order.order_id:\n                job.own",
            ),
            Change(
                _MASS_CANCEL,
                "            job.own.update(_names(order))\n            if order.status",
                "            continue\n            if order.status",
            ),
        ),
        _NO_OTHER_CANCELS,
    ),
    bug(
        "a cancel of all is tried once",
        _MASS_CANCEL,
        "            if job.wake_number == number:\n                self._try(job)\n",
        "            pass\n",
        _KEPT,
    ),
    bug(
        "a cancel of all is done when it was answered",
        _MASS_CANCEL,
        "        self._look(job)\n\n    def _not_answered",
        "        self._done(job)\n\n    def _not_answered",
        _NO_OTHER_CANCELS,
    ),
    bug(
        "an order that was told before a cancel of all lives",
        _ACTOR,
        "            self._told_before.require_not_canceled(command, self._number, command.side)\n",
        "",
        Options(features=frozenset({Feature.CALLBACK_COMMANDS}), certain=True),
    ),
)
