import pytest

from wholefield_resources.demo.project import DemoProject, ensure_demo_project
from wholefield_resources.demo.slides import DemoSettings

FEW = DemoSettings(count=20)


@pytest.fixture(autouse=True)
def own_home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """Data folders of the user lie in a temporary folder."""
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path_factory.mktemp("data_home")))


@pytest.fixture(scope="session")
def made_project(tmp_path_factory: pytest.TempPathFactory) -> DemoProject:
    """A demo project with fewer slides than the real one, otherwise like it."""
    return ensure_demo_project(tmp_path_factory.mktemp("demo") / "project", settings=FEW)
