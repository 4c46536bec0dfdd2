import pytest

from api.dialects.flare.requests.identity import IdentityError, find_principal
from scheduler.domain.access import Role


def certificate(**names):
    return {"subject": tuple(((name, value),) for name, value in names.items())}


def test_the_subject_names_user_org_and_role():
    by = find_principal(certificate(commonName="lead@hq", organizationName="hq", unstructuredName="lead"))
    assert (by.name, by.org, by.role, by.kind, by.party) == ("lead@hq", "hq", Role.LEAD, "user", None)


@pytest.mark.parametrize(
    "names",
    [{}, {"commonName": "site-1"}, {"commonName": "x", "unstructuredName": "king"}, {"unstructuredName": "lead"}],
)
def test_a_certificate_without_user_or_role_is_nobodys(names):
    with pytest.raises(IdentityError):
        find_principal(certificate(**names))
