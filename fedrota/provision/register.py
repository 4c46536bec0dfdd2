"""Makes the participants known to a gateway: a token for each admin, a party with its worker's token for each site."""

from dataclasses import dataclass, field

from fedrota.client import Client
from fedrota.errors import ConflictError, FedrotaError, NoGatewayError
from fedrota.model import Token
from fedrota.provision.project import ADMIN, CLIENT, Participant


@dataclass(slots=True)
class Registrar:
    """Asks the gateway; `notes` says what it could not do and how to do it by hand."""

    client: Client
    notes: list[str] = field(default_factory=list)
    is_away: bool = False

    def find_token(self, who: Participant) -> str:
        """A new token of this participant, empty where the gateway is away or refuses."""
        if who.type not in {ADMIN, CLIENT}:
            return ""
        if not self.is_away:
            try:
                return self._register(who)
            except NoGatewayError as error:
                self.is_away = True
                self.notes.append(f"{error.message}: the kits below have no token")
            except FedrotaError as error:
                self.notes.append(f"{who.name}: {error.message}")
        self.notes.append(say_by_hand(who))
        return ""

    def _register(self, who: Participant) -> str:
        if who.type == ADMIN:
            return self.client.create_token(who.name, role=who.role, org=who.org).secret or ""
        try:
            self.client.create_party(who.name, org=who.org)
        except ConflictError:
            self.notes.append(f"party {who.name} is registered already: its kit gets one more token")
            if self.client.party(who.name).org != who.org:
                self.client.set_org(who.name, who.org)
                self.notes.append(f"party {who.name} belongs to {who.org} now")
        return self.client.create_token(f"worker of {who.name}", party=who.name).secret or ""

    def revoke(self, who: Participant) -> None:
        """End the tokens that were made for this participant; those of a namesake elsewhere stay, and are named."""
        name = who.name if who.type == ADMIN else f"worker of {who.name}"
        try:
            for token in self.client.tokens():
                if token.name != name or token.revoked:
                    continue
                if _is_of(who, token):
                    self.client.revoke_token(token.id)
                else:
                    self.notes.append(f"token {token.id} of another {name} stays: `fedrota tokens revoke` ends it")
        except FedrotaError as error:
            self.notes.append(f"{error.message}: revoke the tokens of {name} with `fedrota tokens revoke`")


def _is_of(who: Participant, token: Token) -> bool:
    """Whether a token of the participant's name is theirs: names are given within an organisation."""
    if who.type == ADMIN:
        return token.party is None and (token.org or "") == who.org
    return token.party == who.name


def say_by_hand(who: Participant) -> str:
    """How to give this participant a token later."""
    if who.type == ADMIN:
        return (
            f"for {who.name}: `fedrota tokens create {who.name} --role {who.role} --org '{who.org}'`, "
            "then put it under admin.gateway.token in its fed_admin.json"
        )
    return (
        f"for {who.name}: `fedrota parties add {who.name}` and "
        f"`fedrota tokens create 'worker of {who.name}' --party {who.name}`, then put it into startup/worker.token of its kit"
    )
