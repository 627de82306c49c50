"""Every route of the API, with input made up from its own schema: whatever comes, the server does not break."""

import random
import re
from typing import Any
from uuid import uuid4

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis.checks import not_a_server_error
from schemathesis.core.result import Ok
from schemathesis.specs.openapi.checks import content_type_conformance, status_code_conformance

from backline.config.api import api
from backline.config.permissions import API
from backline.config.raw_routes import RAW_PATHS
from backline.config.testing import Person, Stack


@pytest.fixture(scope="session")
def fuzzer(stack: Stack) -> Person:
    """An artist who sends nonsense."""
    person = Person(stack, "fuzzer")
    person.become_artist("fuzzer")
    return person


OPERATIONS = sorted(API)
QUIETLY = settings(
    max_examples=40,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="session")
def operations(stack: Stack) -> dict[tuple[str, str], Any]:
    """The operations of the document that the running product serves, by method and name."""
    schema = schemathesis.openapi.from_url(f"{stack.url}/openapi.json")
    found: list[Any] = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    found = [operation for operation in found if operation.path not in RAW_PATHS]
    assert len(found) == len(API)
    return {
        (operation.method.upper(), NAMES[operation.method.upper(), operation.path]): operation for operation in found
    }


NAMES = {
    (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", f"{prefix}{path}")): str(operation.url_name)
    for prefix, router in api._routers
    for path, view in router.path_operations.items()
    for operation in view.operations
    for method in operation.methods
}


@pytest.mark.parametrize(("method", "name"), OPERATIONS)
def test_no_input_breaks_the_server(
    operations: dict[tuple[str, str], Any], fuzzer: Person, method: str, name: str
) -> None:
    is_end_of_session = name == "auth_sign_out_everywhere"
    headers = {} if is_end_of_session else {"Authorization": fuzzer.http.headers["Authorization"]}

    @QUIETLY
    @given(case=operations[method, name].as_strategy())
    def send(case: Any) -> None:
        if "handle" in case.path_parameters and random.Random(str(case.path_parameters)).random() < 0.5:
            case.path_parameters["handle"] = "fuzzer"
        case.call_and_validate(
            headers=headers, checks=[not_a_server_error, status_code_conformance, content_type_conformance], timeout=60
        )

    send()


def test_the_document_names_every_route_with_its_refusals(stack: Stack) -> None:
    document = stack.client().get("/openapi.json").json()

    operations = [(path, method, body) for path, item in document["paths"].items() for method, body in item.items()]

    assert len(operations) == len(API) + sum(len(item) for item in RAW_PATHS.values())
    for path, method, body in operations:
        assert path in RAW_PATHS or "422" in body["responses"], (path, method)
        assert body.get("summary"), (path, method)


def test_the_raw_routes_answer_as_the_document_says(stack: Stack) -> None:
    client = stack.client()
    for path, item in RAW_PATHS.items():
        for method, operation in item.items():
            address = path.replace("{track_id}", str(uuid4())).replace("{upload_id}", str(uuid4()))
            answer = client.request(method, address, params={"token": "nonsense"}, headers={"Tus-Resumable": "1.0.0"})
            assert str(answer.status_code) in operation["responses"], (method, path, answer.status_code)
            assert answer.headers["content-type"] == "application/problem+json"


def test_the_documents_page_is_there(stack: Stack) -> None:
    assert stack.client().get("/api/docs").status_code == 200
