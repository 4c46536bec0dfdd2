from workers.executors.engine_settings import EngineSettings


def test_without_settings_there_is_no_engine_and_nothing_is_reachable_from_outside():
    settings = EngineSettings()
    assert settings.python is None
    assert settings.host == "127.0.0.1"
    assert settings.roots == ()
