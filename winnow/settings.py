"""Settings: environment (`WINNOW_*`), then `winnow.toml`, then the defaults here. Each one is in the README."""

import getpass
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from winnow.errors import SettingsError

# Key names are those of KeyboardEvent.key, letters in lower case, "Space" for the space bar.
DEFAULT_KEYS: dict[str, list[str]] = {
    "negative": ["a", "ArrowLeft"],
    "positive": ["d", "ArrowRight"],
    "skip": ["s", "ArrowDown", "Space"],
    "undo": ["Backspace"],
    "reject_background": ["1"],
    "reject_wrong_class": ["2"],
    "reject_duplicate": ["3"],
    "reject_bad_box": ["4"],
    "missed_object": ["m"],
    "help": ["h", "?"],
    "zoom": ["z"],
    "contrast_down": ["["],
    "contrast_up": ["]"],
    "brightness_down": ["-"],
    "brightness_up": ["="],
    "reset_view": ["0"],
    "show_probability": ["p"],
    "next_goal": ["g"],
    "next_strategy": ["q"],
    "next_class": ["c"],
    "auto_mode": ["t"],
    "sweep": ["l"],
    "grid": ["b"],
    "exemplars": ["e"],
    "near_duplicates": ["n"],
    "start": ["x"],
    "meter": ["r"],
}


def _user_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # no account for this uid, as in some containers
        return "annotator"


class Settings(BaseSettings):
    """What a run is configured by; relative paths are relative to the working directory."""

    model_config = SettingsConfigDict(env_prefix="WINNOW_", toml_file="winnow.toml", extra="ignore")

    refs: Path = Path("refs.txt")
    features: Path | None = None  # default: <refs>.npy where it is there, else features.npy, beside the refs
    database: str | None = None  # SQLAlchemy URL; default: winnow.db beside the refs
    annotator: Annotated[str, Field(min_length=1, max_length=64)] = Field(default_factory=_user_name)
    strategy: str = "entropy"  # what a new database starts with; later the page's choice is remembered
    goal: Literal["", "find_all", "teach", "audit", "clean"] = ""  # likewise; empty: the strategy, and the page asks
    target_recall: Annotated[float, Field(ge=0.5, le=0.999)] = 0.95  # what the recall meter works towards, at first
    repeat_share: Annotated[float, Field(ge=0, le=0.5)] = 0.02  # of the items, in goals, that come back hidden
    # Likeness to a labelled item from which an item is set aside; 0 = off. docs/atlas.md has what it was chosen on.
    near_duplicate: Annotated[float, Field(ge=0, le=1)] = 0.95
    atlas: bool = True  # neighbours, clusters and the map, made in the background by a process of its own
    seed: int = 0
    context: Annotated[float, Field(ge=0, le=10)] = 0.5  # margin around a crop, as a share of the box's longer side
    image_root: Path | None = None  # when set, images that resolve outside it are refused
    workspace: Path | None = None  # data sets, models, jobs, sessions, reports; default: workspace beside the refs
    weights: Path | None = None  # the only folder that pages take weights from; default: weights in the workspace
    segmenter: str = "auto"  # what makes masks: a name or path (docs/masks.md), auto or none; then the page's choice
    embeddings_gb: Annotated[float, Field(gt=0, le=10_000)] = 2.0  # disk for what segmenters keep of images
    allowed_hosts: list[str] = ["localhost", "127.0.0.1", "[::1]"]
    auto_seconds: Annotated[float, Field(gt=0, le=3600)] = 3.0
    keys: dict[str, list[str]] = {}  # action -> keys, over DEFAULT_KEYS

    @property
    def features_path(self) -> Path:
        """The setting's; else the one named like the refs, as `propose` writes it; else features.npy beside them."""
        named_alike = self.refs.with_suffix(".npy")
        return self.features or (named_alike if named_alike.is_file() else self.refs.parent / "features.npy")

    @property
    def database_url(self) -> str:
        return self.database or f"sqlite:///{(self.refs.parent / 'winnow.db').absolute()}"

    @property
    def base_folder(self) -> Path:
        """Where refs of every round lie: image paths in the log are relative to it."""
        return self.refs.absolute().parent

    @property
    def workspace_path(self) -> Path:
        return (self.workspace or self.base_folder / "workspace").absolute()

    @property
    def weights_path(self) -> Path:
        return (self.weights or self.workspace_path / "weights").absolute()

    @property
    def browse_root(self) -> Path:
        """The folder below which the Predict page offers folders of images."""
        return (self.image_root or self.base_folder).absolute()

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, with absolute paths, for processes of their own."""
        values = {
            "refs": self.refs.absolute(),
            "features": self.features and self.features.absolute(),
            "database": self.database_url,
            "image_root": self.image_root and self.image_root.absolute(),
            "workspace": self.workspace_path,
            "weights": self.weights_path,
            "segmenter": self.segmenter,
            "embeddings_gb": self.embeddings_gb,
            "annotator": self.annotator,
            "seed": self.seed,
        }
        return {f"WINNOW_{name.upper()}": str(value) for name, value in values.items() if value is not None}

    @property
    def key_table(self) -> dict[str, list[str]]:
        """Every action with its keys, the user's choice first."""
        return {**DEFAULT_KEYS, **self.keys}

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def read_settings() -> Settings:
    """Settings from the environment and `winnow.toml`; raises SettingsError naming each bad one."""
    try:
        settings = Settings()
    except ValidationError as error:
        bad = "; ".join(f"WINNOW_{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors())
        raise SettingsError(f"Settings that cannot be used: {bad}. The README lists every setting.") from error
    _check_keys(settings)
    return settings


def _check_keys(settings: Settings) -> None:
    unknown = settings.keys.keys() - DEFAULT_KEYS.keys()
    if unknown:
        raise SettingsError(f"WINNOW_KEYS names unknown actions {sorted(unknown)}; there are {sorted(DEFAULT_KEYS)}.")
    action_of: dict[str, str] = {}
    for action, keys in settings.key_table.items():
        for key in keys:
            if key in action_of:
                raise SettingsError(
                    f"WINNOW_KEYS gives {key!r} to both {action_of[key]!r} and {action!r}; give one another key."
                )
            action_of[key] = action
