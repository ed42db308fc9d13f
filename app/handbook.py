"""Handbook: the page /docs, made from the OpenAPI description; it runs no script and loads nothing from anywhere."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Any

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

from app.documentation import operations_of

Description = dict[str, Any]

STYLE = """
:root { color-scheme: light dark; --ink: #1d2326; --soft: #5c676d; --paper: #fbfaf7; --card: #ffffff; --line: #e2ddd2; --code: #f3f0e8;
  --accent: #0f6e5c; --get: #2563a8; --post: #0f6e5c; --patch: #946200; --put: #946200; --delete: #b3372b; }
@media (prefers-color-scheme: dark) { :root { --ink: #e7e5df; --soft: #9aa5a9; --paper: #14181a; --card: #1b2123; --line: #2e3639;
  --code: #22292c; --accent: #5cc7af; --get: #78aee6; --post: #5cc7af; --patch: #dcaf55; --put: #dcaf55; --delete: #ee8478; } }
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.55 system-ui, sans-serif; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
code, pre { font: 13px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, monospace; }
code { background: var(--code); border-radius: 4px; padding: .1em .35em; overflow-wrap: anywhere; }
pre { background: var(--code); border-radius: 8px; padding: .8rem 1rem; overflow-x: auto; margin: .7rem 0; }
.house { display: grid; grid-template: "nav head" auto "nav calls" 1fr / 17rem minmax(0, 52rem); gap: 0 3.5rem; max-width: 78rem;
  margin: 0 auto; padding: 0 2rem; }
header { grid-area: head; padding-top: 2.2rem; }
nav { grid-area: nav; position: sticky; top: 0; height: 100vh; overflow-y: auto; padding: 2.2rem 0; font-size: 14px; }
nav h2 { font-size: 12px; letter-spacing: .08em; text-transform: uppercase; color: var(--soft); margin: 1.4rem 0 .3rem; }
nav a { display: block; padding: .14rem 0; color: var(--ink); }
main { grid-area: calls; padding-bottom: 6rem; }
h1 { font-size: 2rem; line-height: 1.15; margin: 0 0 .6rem; letter-spacing: -.02em; }
h1 small { font-size: 1rem; font-weight: 400; color: var(--soft); letter-spacing: 0; margin-left: .4rem; }
main > section > h2 { font-size: 1.35rem; margin: 3rem 0 .2rem; text-transform: capitalize; }
.lead { color: var(--soft); margin: 0 0 1rem; }
article { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 1.1rem 1.3rem; margin: 1rem 0; }
article h3 { font-size: 1.05rem; margin: 0 0 .5rem; }
article p { margin: .5rem 0; }
.call { display: flex; gap: .6rem; align-items: baseline; flex-wrap: wrap; }
.call code { font-size: 14px; background: none; padding: 0; }
.method { font: 600 12px/1 ui-monospace, Menlo, Consolas, monospace; color: var(--card); border-radius: 5px; padding: .3rem .45rem; }
.GET { background: var(--get); } .POST { background: var(--post); } .PATCH { background: var(--patch); } .PUT { background: var(--put); }
.DELETE { background: var(--delete); }
details { margin: .6rem 0 0; }
summary { cursor: pointer; color: var(--soft); font-size: 14px; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0; font-size: 14px; }
td { border-top: 1px solid var(--line); padding: .4rem .8rem .4rem 0; vertical-align: top; }
tr:first-child td { border-top: 0; }
td:first-child { white-space: nowrap; }
.kind { color: var(--soft); }
@media (max-width: 60rem) {
  .house { display: block; padding: 0 1.1rem; }
  header { padding-top: 1.4rem; }
  nav { position: static; height: auto; padding: .6rem 0 0; columns: 2; column-gap: 1.2rem; }
  nav h2 { margin-top: 0; padding-top: .5rem; break-after: avoid; }
  table, tbody, tr, td { display: block; }
  td { border: 0; padding: 0; white-space: normal !important; }
  tr { border-top: 1px solid var(--line); padding: .45rem 0; }
  tr:first-child { border-top: 0; }
}
"""


def plain_policy(style: str) -> str:
    """The Content-Security-Policy of a page that has this style, no script, and nothing from anywhere."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"


_POLICY = plain_policy(STYLE)


def add_handbook(app: FastAPI) -> None:
    """Let `app` show its page under /docs."""

    @app.get("/docs", include_in_schema=False)
    async def show_handbook(request: Request) -> HTMLResponse:
        address = str(request.base_url).rstrip("/")
        return HTMLResponse(page_of(app.openapi(), address), headers={"Content-Security-Policy": _POLICY, "Cache-Control": "no-cache"})


def page_of(description: Description, address: str) -> str:
    """The page of an OpenAPI description. address: where the service is reached, for the examples."""
    title, version = escape(description["info"]["title"]), escape(description["info"]["version"])
    groups = _grouped(description)
    contents = "".join(
        f"<h2>{escape(name)}</h2>" + "".join(f'<a href="#{call["operationId"]}">{escape(call["summary"])}</a>' for _, _, call in calls)
        for name, (_, calls) in groups.items()
    )
    sections = "".join(
        f'<section><h2>{escape(name)}</h2><p class="lead">{_prose(words)}</p>'
        + "".join(_call(description, address, *call) for call in calls)
        + "</section>"
        for name, (words, calls) in groups.items()
    )
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title} API</title>'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{STYLE}</style></head>'
        f'<body><div class="house"><header><h1>{title} <small>{version}</small></h1>'
        f"{_paragraphs(description['info'].get('description', ''))}"
        f'<p>For programs: <a href="openapi.json">openapi.json</a>.</p></header>'
        f'<nav aria-label="Calls">{contents}</nav><main>{sections}</main></div></body></html>'
    )


def _grouped(description: Description) -> dict[str, tuple[str, list[tuple[str, str, dict[str, Any]]]]]:
    """Tag → (what it is about, its calls)."""
    groups: dict[str, tuple[str, list[tuple[str, str, dict[str, Any]]]]] = {
        tag["name"]: (tag["description"], []) for tag in description.get("tags", ())
    }
    for method, path, operation in operations_of(description):
        tag = operation.get("tags", ["calls"])[0]
        groups.setdefault(tag, ("", []))[1].append((method, path, operation))
    return groups


def _call(description: Description, address: str, method: str, path: str, operation: dict[str, Any]) -> str:
    parameters = [
        (one["name"], _kind(description, one["schema"]), one.get("description", ""), one["required"])
        for one in operation.get("parameters", ())
    ]
    fields = list(_fields(description, operation))
    answers = "".join(
        f"<tr><td><code>{status}</code></td><td>{_prose(answer['description'])}</td></tr>"
        for status, answer in operation["responses"].items()
    )
    return (
        f'<article id="{operation["operationId"]}"><h3>{escape(operation["summary"])}</h3>'
        f'<div class="call"><span class="method {method}">{method}</span><code>{escape(path)}</code></div>'
        f"{_paragraphs(operation.get('description', ''))}"
        f"{_table('Parameters', parameters)}{_table('Body', fields)}"
        f"<details><summary>Answers</summary><table>{answers}</table></details>"
        f"<pre>{escape(_curl(description, address, method, path, operation))}</pre></article>"
    )


def _table(title: str, rows: list[tuple[str, str, str, bool]]) -> str:
    if not rows:
        return ""
    lines = "".join(
        f"<tr><td><code>{escape(name)}</code></td>"
        f'<td><span class="kind">{escape(kind)}{"" if required else ", optional"}</span> {_prose(words)}</td></tr>'
        for name, kind, words, required in rows
    )
    return f"<details open><summary>{title}</summary><table>{lines}</table></details>"


def _fields(description: Description, operation: dict[str, Any]) -> Iterator[tuple[str, str, str, bool]]:
    schema = _resolved(description, _body_schema(operation))
    for name, field in schema.get("properties", {}).items():
        yield name, _kind(description, field), field.get("description", ""), name in schema.get("required", ())


def _body_schema(operation: dict[str, Any]) -> dict[str, Any]:
    content: dict[str, Any] = operation.get("requestBody", {}).get("content", {})
    found: dict[str, Any] = content.get("application/json", {}).get("schema", {})
    return found


def _resolved(description: Description, schema: Mapping[str, Any]) -> dict[str, Any]:
    """A schema, without the detour over its name, and without the null that says it may be left out."""
    choices = [one for one in schema.get("anyOf", ()) if one.get("type") != "null"]
    if len(choices) == 1:
        schema = choices[0]
    reference = schema.get("$ref")
    return dict(description["components"]["schemas"][reference.rpartition("/")[2]] if reference else schema)


def _kind(description: Description, schema: Mapping[str, Any]) -> str:
    """A schema in a few words: `integer 0 … 4294967295`, `ply | spz`."""
    found = _resolved(description, schema)
    choices = found.get("anyOf") or found.get("oneOf")
    if choices:
        return " or ".join(_kind(description, one) for one in choices)
    if "enum" in found:
        return " | ".join(map(str, found["enum"]))
    if found.get("type") == "array":
        return f"list of {_kind(description, found['items'])}"
    low, high = (found.get(name) for name in ("minimum", "maximum"))
    span = f" {low:.12g} … {high:.12g}" if low is not None and high is not None else ""
    return f"{found.get('type', 'anything')}{span}"


def _curl(description: Description, address: str, method: str, path: str, operation: dict[str, Any]) -> str:
    """The call as one types it in a shell."""
    for one in operation.get("parameters", ()):
        examples = one["schema"].get("examples")
        if one["in"] == "path" and examples:
            path = path.replace("{" + one["name"] + "}", str(examples[0]))
    words = ["curl"] + (["-X", method] if method not in ("GET", "POST") or ("requestBody" not in operation and method != "GET") else [])
    if "text/event-stream" in operation["responses"].get("200", {}).get("content", {}):
        words.append("-N")
    words.append(address + path)
    if {} not in operation.get("security", [{}]):
        words.append("-H 'Authorization: Bearer wl_…'")
    if "requestBody" in operation and not _body_schema(operation):
        words.append("--data-binary @FILE")
    examples = _resolved(description, _body_schema(operation)).get("examples")
    if examples:
        body = json.dumps(examples[0], ensure_ascii=False).replace("'", "’")
        words += ["\\\n  -H 'Content-Type: application/json'", f"\\\n  -d '{body}'"]
    return " ".join(words)


def _paragraphs(text: str) -> str:
    return "".join(f"<p>{_prose(block)}</p>" for block in re.split(r"\n\s*\n", text.strip()) if block)


def _prose(text: str) -> str:
    """Plain words as HTML; what stands between backquotes is code."""
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))
