from fedrota.up.withheld import withhold

GIVEN = {
    "FEDROTA_DATABASE_URL": "postgresql://me:secret@db/x",
    "FEDROTA_SECRET_KEY_FILE": "/run/key",
    "FEDROTA_TOKEN_FILE": "/run/token",
    "FEDROTA_URL": "http://gateway",
    "PATH": "/bin",
}


def test_the_centres_secrets_stay_there_in_both_forms():
    assert withhold(GIVEN).keys() == {"FEDROTA_TOKEN_FILE", "FEDROTA_URL", "PATH"}


def test_more_can_be_withheld():
    assert withhold(GIVEN, "FEDROTA_TOKEN") == {"FEDROTA_URL": "http://gateway", "PATH": "/bin"}
