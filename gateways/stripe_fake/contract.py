"""The contract of each request, read from the installed `stripe` package.

`stripe.params` holds TypedDicts generated from Stripe's own specification at the API version that
the client speaks. A request is decoded against them and refused, in Stripe's words, for an unknown
parameter, a wrong type or a missing one.
"""

import re
import sys
import types
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from typing import Any, ForwardRef, Literal, NotRequired, Required, Union, get_args, get_origin
from urllib.parse import parse_qsl

import stripe
import stripe.params
from stripe._request_options import RequestOptions
from typing_extensions import is_typeddict

_TEXT_CHARACTERS_MAX = 5000
_METADATA_KEYS_MAX = 50
_INTEGER = re.compile(r"-?\d{1,18}")
_DECIMAL = re.compile(r"-?\d+(\.\d+)?")


class ApiError(Exception):
    """An answer in Stripe's error shape.

    `is_validation`: refused before the endpoint began to act, so that no idempotency key keeps it.
    """

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        kind: str = "invalid_request_error",
        code: str | None = None,
        param: str | None = None,
        is_validation: bool = False,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.is_validation = is_validation
        self.headers = dict(headers or {})
        error = {"type": kind, "message": message, "code": code, "param": param}
        self.body = {"error": {key: value for key, value in error.items() if value is not None}}


def decode(encoded: str) -> dict[str, Any]:
    """`a[b][0]=c` → {"a": {"b": {"0": "c"}}}; arrays become lists when validated."""
    decoded: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True, strict_parsing=bool(encoded)):
        head, *rest = re.split(r"\[", name)
        path = [head, *(part.rstrip("]") for part in rest)]
        node = decoded
        for position, part in enumerate(path):
            key = part if part else str(len(node))
            if position == len(path) - 1:
                node[key] = value
            else:
                node = node.setdefault(key, {})
                if not isinstance(node, dict):
                    raise _invalid(f"Invalid parameter: {name}", name)
    return decoded


def validate(params_class: str, params: Mapping[str, Any], *, is_create: bool) -> dict[str, Any]:
    """The decoded parameters with their types, or ApiError.

    `params_class` names a TypedDict of `stripe.params`. On creation an empty text is refused,
    because there is nothing yet that it could unset.
    """
    return _structure(_fields(getattr(stripe.params, params_class)), params, "", is_create)


# ------------------------------------------------------------------------------- the types


@dataclass(frozen=True)
class _Field:
    type: Any
    module: str
    is_required: bool


@cache
def _fields(params_class: type) -> dict[str, _Field]:
    options = RequestOptions.__annotations__
    return {
        name: _field(annotation, params_class.__module__)
        for name, annotation in params_class.__annotations__.items()
        if name not in options
    }


def _field(annotation: Any, module: str) -> _Field:
    annotation = _resolved(annotation, module)
    origin = get_origin(annotation)
    if origin in (NotRequired, Required):
        return _Field(get_args(annotation)[0], module, origin is Required)
    return _Field(annotation, module, True)


def _resolved(annotation: Any, module: str) -> Any:
    while isinstance(annotation, ForwardRef | str):
        text = annotation if isinstance(annotation, str) else annotation.__forward_arg__
        # The package's own annotations, at the version pinned in the lock.
        annotation = eval(text, dict(vars(sys.modules[module])))
    return annotation


@cache
def _options(annotation: Any, module: str) -> tuple[Any, ...]:
    """The alternatives of a type. An enumeration is closed: its `str` alternative is dropped."""
    annotation = _resolved(annotation, module)
    if get_origin(annotation) not in (Union, types.UnionType):
        return (annotation,)
    options = [option for part in get_args(annotation) for option in _options(part, module)]
    has_enumeration = any(
        get_origin(option) is Literal and get_args(option) != ("",) for option in options
    )
    return tuple(option for option in options if not (option is str and has_enumeration))


# ------------------------------------------------------------------------------ the values


def _structure(
    fields: Mapping[str, _Field], params: Mapping[str, Any], path: str, is_create: bool
) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in params.items():
        where = f"{path}[{name}]" if path else name
        if name not in fields:
            raise ApiError(
                f"Received unknown parameter: {where}",
                code="parameter_unknown",
                param=where,
                is_validation=True,
            )
        field = fields[name]
        result[name] = _value(field.type, field.module, value, where, is_create)
    for name, field in fields.items():
        if field.is_required and name not in params:
            where = f"{path}[{name}]" if path else name
            raise ApiError(
                f"Missing required param: {where}.",
                code="parameter_missing",
                param=where,
                is_validation=True,
            )
    return result


def _value(annotation: Any, module: str, value: Any, where: str, is_create: bool) -> Any:
    options = _options(annotation, module)
    if value == "" and any(
        get_origin(option) is Literal and "" in get_args(option) for option in options
    ):
        return ""
    if isinstance(value, dict):
        return _nested(options, module, value, where, is_create)
    enumerations = [get_args(option) for option in options if get_origin(option) is Literal]
    for choices in enumerations:
        if value in choices:
            return value
    for option in options:
        if option in _SCALARS:
            return _SCALARS[option](value, where, is_create)
    choices = [repr(choice) for literal in enumerations for choice in literal]
    if choices:
        raise _invalid(f"Invalid {where}: must be one of {', '.join(choices)}", where)
    raise _invalid(f"Invalid {'array' if _is_list(options) else 'object'}", where)


def _nested(
    options: tuple[Any, ...], module: str, value: dict[str, Any], where: str, is_create: bool
) -> Any:
    for option in options:
        if is_typeddict(option):
            return _structure(_fields(option), value, where, is_create)
        if get_origin(option) is dict:
            return _metadata(value, where)
        if get_origin(option) is list:
            if sorted(value) != sorted(str(index) for index in range(len(value))):
                raise _invalid("Invalid array", where)
            item = get_args(option)[0]
            return [
                _value(item, module, value[str(index)], f"{where}[{index}]", is_create)
                for index in range(len(value))
            ]
    raise _invalid(f"Invalid value: {where} is not a hash or an array", where)


def _is_list(options: tuple[Any, ...]) -> bool:
    return any(get_origin(option) is list for option in options)


def _metadata(value: Mapping[str, Any], where: str) -> dict[str, str]:
    if len(value) > _METADATA_KEYS_MAX:
        raise _invalid(f"Metadata can have up to {_METADATA_KEYS_MAX} keys", where)
    for key, text in value.items():
        if not isinstance(text, str) or len(key) > 40 or "]" in key:
            raise _invalid(f"Invalid metadata key: {key}", where)
        if len(text) > 500:
            raise _invalid(f"Metadata values can have up to 500 characters: {key}", where)
    return dict(value)


def _text(value: str, where: str, is_create: bool) -> str:
    if value == "" and is_create:
        raise ApiError(
            f"You passed an empty string for '{where}'. We assume empty values are an attempt to "
            f"unset a parameter; however '{where}' cannot be unset.",
            code="parameter_invalid_empty",
            param=where,
            is_validation=True,
        )
    if "\x00" in value:
        raise _invalid("Invalid string: contains a null character", where)
    if len(value) > _TEXT_CHARACTERS_MAX:
        raise _too_long(where, _TEXT_CHARACTERS_MAX)
    return value


def _integer(value: str, where: str, _: bool) -> int:
    if not _INTEGER.fullmatch(value):
        raise ApiError(
            f"Invalid integer: {value}",
            code="parameter_invalid_integer",
            param=where,
            is_validation=True,
        )
    return int(value)


def _decimal(value: str, where: str, _: bool) -> Decimal:
    if not _DECIMAL.fullmatch(value):
        raise _invalid(f"Invalid decimal: {value}", where)
    return Decimal(value)


def _boolean(value: str, where: str, _: bool) -> bool:
    if value not in ("true", "false"):
        raise _invalid(f"Invalid boolean: {value}", where)
    return value == "true"


_SCALARS: dict[Any, Any] = {
    str: _text,
    int: _integer,
    # A percentage is a `float` in the package; nothing here computes with one.
    float: _decimal,
    Decimal: _decimal,
    bool: _boolean,
}


def _invalid(message: str, param: str) -> ApiError:
    return ApiError(message, param=param, is_validation=True)


def _too_long(where: str, limit: int) -> ApiError:
    return _invalid(f"Invalid string: must be at most {limit} characters", where)


def check_length(params: Mapping[str, Any], name: str, limit: int) -> None:
    """Length limits, which the package's types do not carry."""
    if len(params.get(name) or "") > limit:
        raise _too_long(name, limit)


@cache
def skeleton(resource: str) -> dict[str, None]:
    """Every field that the client declares for this resource, empty."""
    names = getattr(stripe, resource).__annotations__
    return {name: None for name in names if not name.startswith("_") and name.islower()}
