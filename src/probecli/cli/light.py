"""Command lines of texts and flags, without the import that typer's coercion of values costs."""

from typing import Any

import typer.core

_TRUE = frozenset({"1", "true", "t", "yes", "y", "on"})


class _Text:
    """What typer calls to coerce a value; a text is already what it should be."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:
        """The value as it came from the shell or the environment."""
        several = param.multiple or param.nargs == -1
        if value is None:
            return () if several else None
        return list(value) if several else value


class _Flag:
    """The same for a flag, which only the environment gives as a text."""

    def coerce(self, value: Any, param: Any, ctx: Any) -> bool:
        """Whether the flag is set."""
        return value.strip().lower() in _TRUE if isinstance(value, str) else bool(value)


_LIGHT: dict[Any, _Text | _Flag] = {str: _Text(), list[str]: _Text(), bool: _Flag()}


class Light:
    """Mixed into a command: its texts and flags are taken as they are.

    typer (0.29) builds a pydantic adapter for every value, a hundred milliseconds of import and
    most of the start-up of a check. Where it keeps the adapter elsewhere, nothing is changed.
    """

    def get_params(self, ctx: Any) -> list[Any]:
        """The command's parameters, the help option included."""
        parameters: list[Any] = super().get_params(ctx)  # type: ignore[misc]
        for parameter in parameters:
            descriptor = getattr(parameter, "type_descriptor", None)
            if descriptor is not None and hasattr(parameter, "_runtime_param"):
                coercion = _LIGHT.get(getattr(descriptor, "annotation", None))
                if coercion is not None:
                    parameter._runtime_param = coercion
        return parameters


class LightCommand(Light, typer.core.TyperCommand):
    """A command of texts and flags."""
