"""Holds requests to AWS against botocore's own models of the services.

Reads one request a line from stdin as JSON: `method`, `target` (path and query), `headers` (lower-case names), `body` (text).
Writes one JSON object: `operations`, how many requests of each operation there were, and `faults`, for each request a list of
what is wrong with it.

Required members, types, least lengths and ranges are botocore's own check; greatest ones, enums, patterns and unknown members
are looked up in the shapes here, because botocore leaves these to the service.
"""

import base64
import collections
import json
import re
import sys
import urllib.parse

import botocore.loaders
import botocore.model
import botocore.utils
import botocore.validate

# What a request is signed for, or its version where two share that name, to botocore's name of the service.
SERVICES = {
    "autoscaling": "autoscaling",
    "ec2": "ec2",
    "eks": "eks",
    "iam": "iam",
    "logs": "logs",
    "servicequotas": "service-quotas",
    "sts": "sts",
    "tagging": "resourcegroupstaggingapi",
    "2012-06-01": "elb",
    "2015-12-01": "elbv2",
}

# Python's `re` has no classes of Unicode; these are right for ASCII and take all else for a letter.
CLASSES = {
    r"\p{L}": "a-zA-Z\u00aa-\U0010ffff",
    r"\p{Z}": " \u00a0\u2000-\u200a",
    r"\p{N}": "0-9",
    r"\p{M}": "\u0300-\u036f",
    r"\p{S}": "$+<=>^`|~",
    r"\p{ASCII}": "\\x00-\\x7f",
}

loader = botocore.loaders.Loader()
models = {}


def model_of(service):
    if service not in models:
        models[service] = botocore.model.ServiceModel(loader.load_service_model(service, "service-2"), service)
    return models[service]


class Wrong(Exception):
    """The request cannot be read as any operation."""


def parse(request):
    """Service, operation and the input's members as botocore names them, with what the model does not know."""
    scope = re.search(r"Credential=[^/]+/\d{8}/[^/]*/([^/]+)/aws4_request", request["headers"].get("authorization", ""))
    if scope is None:
        raise Wrong("it is not signed")
    name = scope.group(1)
    form = urllib.parse.parse_qsl(request["body"], keep_blank_values=True) if is_form(request) else []
    if name == "elasticloadbalancing":
        name = dict(form).get("Version", "")
    if name not in SERVICES:
        raise Wrong(f"it is signed for {name}, which is not a service of ours")
    model = model_of(SERVICES[name])
    protocol = model.protocol
    if protocol in ("query", "ec2"):
        operation, params, unknown = parse_form(model, form, protocol)
    elif protocol == "json":
        operation, params, unknown = parse_target(model, request)
    else:
        operation, params, unknown = parse_rest(model, request)
    return model, operation, params, unknown


def is_form(request):
    return request["headers"].get("content-type", "").startswith("application/x-www-form-urlencoded")


def operation_of(model, name):
    if name not in model.operation_names:
        raise Wrong(f"{model.service_name} has no operation {name}")
    return model.operation_model(name)


# --- query and ec2: `A.1.B=x` ---


def parse_form(model, form, protocol):
    fields = dict(form)
    if len(fields) != len(form):
        raise Wrong("a parameter is there twice")
    operation = operation_of(model, fields.pop("Action", ""))
    version = fields.pop("Version", "")
    if version != model.api_version:
        raise Wrong(f"version {version} is not {model.api_version}")
    unknown = []
    shape = operation.input_shape
    left = {key: key for key in fields}
    params = {} if shape is None else of_structure(shape, "", fields, left, protocol)
    unknown.extend(left)
    return operation, params, unknown


def serialized(shape, member, protocol):
    names = shape.serialization
    if protocol == "ec2":
        if "queryName" in names:
            return names["queryName"]
        if "name" in names:
            return names["name"][0].upper() + names["name"][1:]
        return member
    return names.get("name", member)


def under(prefix, fields):
    """Whether there is anything at this name or below it."""
    return any(key == prefix or key.startswith(prefix + ".") for key in fields)


def of_structure(shape, prefix, fields, left, protocol):
    params = {}
    for member, inner in shape.members.items():
        name = serialized(inner, member, protocol)
        name = f"{prefix}.{name}" if prefix else name
        value = of_form(inner, name, fields, left, protocol)
        if value is not None:
            params[member] = value
    return params


def of_form(shape, name, fields, left, protocol):
    kind = shape.type_name
    if kind == "structure":
        return of_structure(shape, name, fields, left, protocol) if under(name, fields) else None
    if kind == "list":
        return of_list(shape, name, fields, left, protocol)
    if kind == "map":
        return of_map(shape, name, fields, left, protocol)
    if name not in fields:
        return None
    left.pop(name, None)
    return of_text(shape, fields[name])


def of_list(shape, name, fields, left, protocol):
    if protocol == "query":
        inner = shape.member.serialization.get("name")
        if shape.serialization.get("flattened"):
            if inner:
                name = ".".join(name.split(".")[:-1] + [inner])
        else:
            # An empty list is written as the bare name.
            if fields.get(name) == "":
                left.pop(name, None)
                return []
            name = f"{name}.{inner or 'member'}"
    items = []
    while under(f"{name}.{len(items) + 1}", fields):
        items.append(of_form(shape.member, f"{name}.{len(items) + 1}", fields, left, protocol))
    return items or None


def of_map(shape, name, fields, left, protocol):
    if not shape.serialization.get("flattened"):
        name = f"{name}.entry"
    key_name = shape.key.serialization.get("name", "key")
    value_name = shape.value.serialization.get("name", "value")
    entries = {}
    while under(f"{name}.{len(entries) + 1}", fields):
        entry = f"{name}.{len(entries) + 1}"
        key = of_form(shape.key, f"{entry}.{key_name}", fields, left, protocol)
        entries[key] = of_form(shape.value, f"{entry}.{value_name}", fields, left, protocol)
    return entries or None


def of_text(shape, text):
    """A scalar that was written as text; what cannot be one stays text, which the check of types then finds."""
    kind = shape.type_name
    try:
        if kind in ("integer", "long"):
            return int(text)
        if kind in ("float", "double"):
            return float(text)
        if kind == "boolean":
            return {"true": True, "false": False}[text]
        if kind == "timestamp":
            return botocore.utils.parse_timestamp(text)
        if kind == "blob":
            return base64.b64decode(text, validate=True)
    except (ValueError, KeyError):
        pass
    return text


# --- JSON ---


def parse_target(model, request):
    target = request["headers"].get("x-amz-target", "")
    prefix, _, name = target.rpartition(".")
    if prefix != model.metadata["targetPrefix"]:
        raise Wrong(f"target {target} is not {model.metadata['targetPrefix']}'s")
    operation = operation_of(model, name)
    unknown = []
    body = of_json(operation.input_shape, body_of(request), "", unknown) if operation.input_shape else {}
    return operation, body, unknown


def body_of(request):
    if not request["body"]:
        return {}
    try:
        body = json.loads(request["body"])
    except ValueError as error:
        raise Wrong(f"the body is no JSON: {error}") from error
    if not isinstance(body, dict):
        raise Wrong("the body is no JSON object")
    return body


def of_json(shape, value, where, unknown):
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        names = {inner.serialization.get("name", member): member for member, inner in shape.members.items()}
        params = {}
        for name, inner in value.items():
            if name not in names:
                unknown.append(f"{where}{name}")
            elif inner is not None:
                member = names[name]
                params[member] = of_json(shape.members[member], inner, f"{where}{name}.", unknown)
        return params
    if kind == "list" and isinstance(value, list):
        return [of_json(shape.member, item, f"{where}{index}.", unknown) for index, item in enumerate(value)]
    if kind == "map" and isinstance(value, dict):
        return {key: of_json(shape.value, item, f"{where}{key}.", unknown) for key, item in value.items()}
    if kind == "timestamp" and isinstance(value, (int, float)):
        return botocore.utils.parse_timestamp(value)
    if kind == "blob" and isinstance(value, str):
        return of_text(shape, value)
    return value


# --- REST with JSON bodies ---


def parse_rest(model, request):
    path, _, query = request["target"].partition("?")
    operation, labels = route(model, request["method"], path)
    shape = operation.input_shape
    if shape is None:
        return operation, {}, []
    arguments = collections.defaultdict(list)
    for key, value in urllib.parse.parse_qsl(query, keep_blank_values=True):
        arguments[key].append(value)
    params, unknown, in_body = {}, [], {}
    for member, inner in shape.members.items():
        where, name = inner.serialization.get("location"), inner.serialization.get("name", member)
        if where == "uri":
            params[member] = of_text(inner, labels[name])
        elif where == "querystring":
            if name in arguments:
                values = arguments.pop(name)
                params[member] = values if inner.type_name == "list" else of_text(inner, values[-1])
        elif where in ("header", "headers"):
            raise Wrong(f"{member} travels in a header, which is not read here")
        else:
            in_body[name] = member
    unknown.extend(f"?{name}" for name in arguments)
    for name, value in body_of(request).items():
        if name not in in_body:
            unknown.append(name)
        elif value is not None:
            member = in_body[name]
            params[member] = of_json(shape.members[member], value, f"{name}.", unknown)
    return operation, params, unknown


def route(model, method, path):
    """The operation of a path; of several that fit, the one with most fixed parts."""
    found = []
    for name in model.operation_names:
        operation = model.operation_model(name)
        template = operation.http["requestUri"].partition("?")[0]
        if operation.http["method"] != method:
            continue
        parts = re.split(r"\{([^}]+)\}", template)
        pattern = "".join(
            re.escape(part) if index % 2 == 0 else (r"(.+)" if part.endswith("+") else r"([^/]+)")
            for index, part in enumerate(parts)
        )
        fit = re.fullmatch(pattern, path)
        if fit:
            labels = [part.rstrip("+") for part in parts[1::2]]
            values = [urllib.parse.unquote(value) for value in fit.groups()]
            found.append((len(labels), operation, dict(zip(labels, values))))
    if not found:
        raise Wrong(f"{model.service_name} has no operation at {method} {path}")
    _, operation, labels = min(found, key=lambda one: one[0])
    return operation, labels


# --- what botocore leaves to the service ---


def pattern_of(text):
    """A model's pattern in Python's words."""
    # Java writes characters beyond the first plane as pairs.
    text = text.replace(r"\uD800\uDC00-\uDBFF\uDFFF", "\U00010000-\U0010ffff")
    out, inside, at = [], False, 0
    while at < len(text):
        name = next((name for name in CLASSES if text.startswith(name, at)), None)
        if name is not None:
            # Inside brackets the members alone, outside a class of their own.
            out.append(CLASSES[name] if inside else f"[{CLASSES[name]}]")
            at += len(name)
        elif text[at] == "\\":
            out.append(text[at : at + 2])
            at += 2
        else:
            inside = {"[": True, "]": False}.get(text[at], inside)
            out.append(text[at])
            at += 1
    return re.compile("".join(out))


def check(shape, value, where, faults):
    rules = shape.metadata
    kind = shape.type_name
    if kind == "structure" and isinstance(value, dict):
        for member, inner in value.items():
            check(shape.members[member], inner, f"{where}.{member}", faults)
        return
    if kind == "list" and isinstance(value, list):
        most(rules, len(value), where, "items", faults)
        for index, inner in enumerate(value):
            check(shape.member, inner, f"{where}[{index}]", faults)
        return
    if kind == "map" and isinstance(value, dict):
        most(rules, len(value), where, "entries", faults)
        for key, inner in value.items():
            check(shape.key, key, f"{where} key", faults)
            check(shape.value, inner, f"{where}[{key}]", faults)
        return
    if kind == "string" and isinstance(value, str):
        most(rules, len(value), where, "characters", faults)
        allowed = rules.get("enum")
        if allowed and value not in allowed:
            faults.append(f"{where}: {value} is none of {', '.join(allowed[:8])}")
        pattern = rules.get("pattern")
        if pattern and not pattern_of(pattern).fullmatch(value):
            faults.append(f"{where}: {value} does not match {pattern}")
    elif kind in ("integer", "long", "float", "double") and isinstance(value, (int, float)):
        most(rules, value, where, "", faults)


def most(rules, size, where, unit, faults):
    if "max" in rules and size > rules["max"]:
        faults.append(f"{where}: {size} {unit}".rstrip() + f" are more than {rules['max']}")


def judge(request):
    """The operation's name and what is wrong with the request."""
    model, operation, params, unknown = parse(request)
    faults = [f"unknown member {name}" for name in unknown]
    shape = operation.input_shape
    if shape is not None:
        report = botocore.validate.ParamValidator().validate(params, shape)
        if report.has_errors():
            faults.extend(report.generate_report().splitlines())
        check(shape, params, "input", faults)
    name = f"{model.service_name}:{operation.name}"
    return name, [f"{name}: {fault}" for fault in faults]


def main():
    operations, faults = collections.Counter(), []
    for line in sys.stdin:
        request = json.loads(line)
        try:
            name, wrong = judge(request)
            operations[name] += 1
            faults.append(wrong)
        except Wrong as wrong:
            faults.append([f"{request['method']} {request['target']}: {wrong}"])
    json.dump({"operations": operations, "faults": faults}, sys.stdout)


main()
