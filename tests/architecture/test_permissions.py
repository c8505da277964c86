"""Deny by default: whatever can be reached names a permission that a rule exists for."""

from pathlib import Path

import pytest
from fastapi.routing import APIRoute

from grove import mcp
from grove.api import PUBLIC, create_app
from grove.policies import RULES
from grove.wiring import JOB_KINDS
from tests.support.grove import house


class TestEveryRoute:
    def test_names_its_permission(self, tmp_path: Path) -> None:
        with house(tmp_path) as made:
            routes = [route for route in create_app(made.grove).routes if isinstance(route, APIRoute)]
        assert routes
        for route in routes:
            permission = (route.openapi_extra or {}).get("x-permission")
            assert permission == PUBLIC or permission in RULES, f"{route.methods} {route.path} names no permission"


class TestEveryTool:
    def test_names_its_permission(self) -> None:
        assert mcp.TOOL_PERMISSIONS
        for tool, permission in mcp.TOOL_PERMISSIONS.items():
            assert permission in RULES, f"the tool {tool} names no permission"


class TestEveryKindOfJob:
    @pytest.mark.parametrize("kind", JOB_KINDS, ids=lambda kind: kind.name)
    def test_names_its_permission(self, kind: object) -> None:
        assert getattr(kind, "permission", None) in RULES
