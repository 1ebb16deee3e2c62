"""Listen keys: what private sockets are opened with (docs/venues/mexc.md, listen keys)."""

from collections.abc import Callable

from exchanges.simulator.core.services import Services
from exchanges.simulator.faces.mexc.calls import Call, Endpoint, change, query
from exchanges.simulator.faces.mexc.errors import REQUEST_FAILED, WRONG_LISTEN_KEY, MexcError
from exchanges.simulator.faults.listen_keys import ListenKeysExhausted

PATH = "/api/v3/userDataStream"


class ListenKey:
    """One key: whose it is, and until when it is good (ms by the gateway's clock)."""

    def __init__(self, text: str, account: str, expires_ms: int) -> None:
        self.text = text
        self.account = account
        self.expires_ms = expires_ms


class ListenKeys:
    """All keys that are good. ``watchers`` are told of each that ends."""

    def __init__(self, services: Services) -> None:
        self.watchers: list[Callable[[ListenKey], None]] = []
        self._services = services
        self._rules = services.config.socket_rules
        self._keys: dict[str, ListenKey] = {}

    def endpoints(self) -> list[Endpoint]:
        """Returns all endpoints of this group."""
        return [
            change("POST", PATH, self.create),
            query(PATH, self.list_keys, 1),
            change("PUT", PATH, self.prolong),
            change("DELETE", PATH, self.delete),
        ]

    def create(self, call: Call) -> object:
        """A new key."""
        exhausted = self._services.faults.strike(ListenKeysExhausted, lambda fault: fault.account in (None, call.owner))
        if exhausted is not None or len(self.of(call.owner)) >= self._rules.keys:
            raise MexcError(REQUEST_FAILED, f"at most {self._rules.keys} listen keys are allowed")
        text = f"{self._services.rng.getrandbits(256):064x}"
        key = self._keys[text] = ListenKey(text, call.owner, 0)
        self._prolong(key)
        self._watch(key)
        return {"listenKey": text}

    def list_keys(self, call: Call) -> object:
        """All keys of the account that are good."""
        return {"listenKey": [key.text for key in self.of(call.owner)]}

    def prolong(self, call: Call) -> object:
        """Lets a key be good for as long as a new one."""
        key = self._named(call)
        self._prolong(key)
        return {"listenKey": key.text}

    def delete(self, call: Call) -> object:
        """Ends a key, and the sockets that it was for."""
        key = self._named(call)
        self.end(key)
        return {"listenKey": key.text}

    def of(self, account: str) -> list[ListenKey]:
        """Returns the good keys of an account."""
        return [key for key in list(self._keys.values()) if key.account == account and self._is_good(key)]

    def find(self, text: str) -> ListenKey | None:
        """Returns the good key of this text, None when there is none."""
        key = self._keys.get(text)
        return key if key is not None and self._is_good(key) else None

    def forget(self, account: str | None) -> list[ListenKey]:
        """Takes the keys of an account, or of all, away, without telling; returns them."""
        gone = [key for key in self._keys.values() if account in (None, key.account)]
        for key in gone:
            del self._keys[key.text]
        return gone

    def end(self, key: ListenKey) -> None:
        """Takes one key away, and tells."""
        if self._keys.pop(key.text, None) is not None:
            for watcher in self.watchers:
                watcher(key)

    def _named(self, call: Call) -> ListenKey:
        """Returns the key that a request names. Raises ``MexcError``."""
        key = self.find(call.parameters.required("listenKey"))
        if key is None or key.account != call.owner:
            raise MexcError(WRONG_LISTEN_KEY, "The listen key does not exist or has expired")
        return key

    def _prolong(self, key: ListenKey) -> None:
        key.expires_ms = self._services.now_ms() + int(self._rules.key_life_s * 1000)

    def _is_good(self, key: ListenKey) -> bool:
        if self._services.now_ms() < key.expires_ms:
            return True
        self.end(key)
        return False

    def _watch(self, key: ListenKey) -> None:
        """Looks at the key again when it should have ended, unless it has been prolonged."""
        if self.find(key.text) is key:
            left_s = (key.expires_ms - self._services.now_ms()) / 1000
            self._services.schedule(max(left_s, 0.001), lambda: self._watch(key))
