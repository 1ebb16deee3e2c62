"""A fault of answers to subscriptions: another form than the usual one."""

from exchanges.simulator.faults.faults import SocketFault


class AckForm(SocketFault, frozen=True, kw_only=True, tag="ack_form"):
    """Subscriptions are acknowledged in the longest form that the venue has, even where a short one says the same.

    A venue with one form only goes on using it.
    """
