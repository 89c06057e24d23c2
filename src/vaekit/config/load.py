"""Parse, read and merge configurations."""

import difflib
import json
import tomllib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from vaekit.config.schema import Config
from vaekit.errors import ConfigError

__all__ = ["load_config", "merge", "parse_config"]


def parse_config(values: Mapping[str, Any], *, origin: str = "config") -> Config:
    """Check a nested mapping and make a config of it.

    Args:
        values: sections and fields; what is absent takes its default.
        origin: where the values come from, for the message.

    Returns:
        The config.

    Raises:
        ConfigError: an unknown key (with the nearest known one) or a value out of range.

    Example:
        >>> parse_config({"training": {"epochs": 3}}).training.epochs
        3
        >>> parse_config({"training": {"epoch": 3}})
        Traceback (most recent call last):
        vaekit.errors.ConfigError: config: training.epoch is not a setting; did you mean "epochs"?
    """
    try:
        return Config.model_validate(values)
    except ValidationError as error:
        raise ConfigError("\n".join(f"{origin}: {_explain(e)}" for e in error.errors())) from None


def load_config(path: str | Path) -> dict[str, Any]:
    """Read a TOML, YAML or JSON file as a nested mapping, not yet checked.

    Args:
        path: a file that ends in .toml, .yaml, .yml or .json.

    Returns:
        The mapping.

    Raises:
        ConfigError: the file is not there, is of another kind, or does not parse.
    """
    path = Path(path)
    readers: dict[str, Callable[[str], Any]] = {
        ".toml": tomllib.loads,
        ".json": json.loads,
        ".yaml": yaml.safe_load,
        ".yml": yaml.safe_load,
    }
    if path.suffix.lower() not in readers:
        raise ConfigError(f"{path}: a config file ends in {', '.join(sorted(readers))}")
    try:
        values = readers[path.suffix.lower()](path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(f"{path}: cannot be read: {error.strerror}") from None
    except (ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{path}: does not parse: {error}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{path}: expected sections with settings, got {type(values).__name__}")
    values.pop("format", None)
    return values


def merge(base: Mapping[str, Any], over: Mapping[str, Any]) -> dict[str, Any]:
    """Lay one nested mapping over another; lists are replaced whole.

    Args:
        base: what holds where the other says nothing.
        over: what holds where it says something.

    Returns:
        A new mapping.

    Example:
        >>> merge({"a": {"b": 1, "c": 2}}, {"a": {"c": 3}})
        {'a': {'b': 1, 'c': 3}}
    """
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        if isinstance(below, Mapping) and isinstance(value, Mapping):
            merged[key] = merge(below, value)
        else:
            merged[key] = value
    return merged


def _explain(error: ErrorDetails) -> str:
    """One line for one of pydantic's errors."""
    where = ".".join(str(part) for part in error["loc"])
    if error["type"] == "extra_forbidden":
        known = _fields(error["loc"][:-1])
        near = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
        hint = f'did you mean "{near[0]}"?' if near else f"known are {', '.join(known)}"
        return f"{where} is not a setting; {hint}"
    message = str(error["msg"])
    return f"{where}: {message[0].lower()}{message[1:]}, got {error['input']!r}"


def _fields(path: tuple[str | int, ...]) -> list[str]:
    """Names of the settings of the section at a path."""
    section: type[BaseModel] = Config
    for part in path:
        annotation = section.model_fields[str(part)].annotation
        assert isinstance(annotation, type)
        section = annotation
    return list(section.model_fields)
