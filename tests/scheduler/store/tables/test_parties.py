def test_a_party_that_leaves_takes_its_grants_along(centre):
    row = ("a", "x", "component", "", "*")
    with centre.store.engine.begin() as connection:
        connection.exec_driver_sql(
            f"INSERT INTO grant_of_party (party_id, grantee, kind, namespace, name, created) VALUES {(*row, 1.0)}"
        )
    assert [tuple(each)[:5] for each in centre.rows("SELECT * FROM grant_of_party")] == [row]
    with centre.store.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM party WHERE id = 'a'")
    assert centre.rows("SELECT * FROM grant_of_party") == []
