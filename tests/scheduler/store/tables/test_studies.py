def test_a_study_is_stored_once_for_each_project_and_name(centre):
    row = ("p", "heart", '{"hq":["a"]}', '[["ann","hq"]]', 1.0)
    with centre.store.engine.begin() as connection:
        for project in ("p", "q"):
            connection.exec_driver_sql(
                f"INSERT INTO study (project, name, site_orgs, users, created) VALUES {(project, *row[1:])}"
            )
    assert [tuple(each) for each in centre.rows("SELECT * FROM study ORDER BY project")] == [row, ("q", *row[1:])]
