from api.dialects.fate.v2.vocabulary.roles import LEFT, ROLES, list_actions, name_role


def test_each_role_may_more_than_the_one_below():
    sets = [set(list_actions(ROLES[name])) for name in ("site", "client", "super_client")]
    assert sets[0] < sets[1] < sets[2]
    assert "submit_job" not in list_actions(LEFT)


def test_roles_of_ours_keep_their_names():
    assert [name_role(role) for role in ("lead", "org_admin", "project_admin")] == [
        "client",
        "super_client",
        "project_admin",
    ]
