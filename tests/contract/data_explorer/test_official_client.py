"""The vendor's client accepts the simulator as a cluster of Azure Data Explorer."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from azure.kusto.data import ClientRequestProperties, KustoClient, KustoConnectionStringBuilder
from azure.kusto.data.exceptions import KustoApiError, KustoMultiApiError

from tests.contract.connectors.cases.azure_data_explorer import COMMAND, put_result
from tests.fakes.simulators import SimulatorProcess

pytestmark = pytest.mark.slow

TIME_LIMIT = 60
ASYNC = COMMAND.format(name="sales")


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    running = SimulatorProcess("simulators.data_explorer", tmp_path_factory.mktemp("explorer"))
    put_result(running, "sales", row={"rows": 7, "path": "/x"})
    put_result(running, "endless", outcome=None)
    put_result(running, "broken", row={"rows": 7}, partial_failure="Too much memory")
    yield running
    assert running.stop() == 0


@pytest.fixture
def client(simulator: SimulatorProcess) -> Iterator[KustoClient]:
    """The official client of Data Explorer."""
    builder = KustoConnectionStringBuilder.with_aad_application_token_authentication(
        simulator.url, "anything"
    )
    with KustoClient(builder) as client:
        yield client


def test_a_query_gets_parameters_and_returns_a_row(
    client: KustoClient, simulator: SimulatorProcess
) -> None:
    properties = ClientRequestProperties()
    properties.client_request_id = "mine"
    properties.set_parameter("rows", "8")
    text = "declare query_parameters(rows:long); sales | take rows"

    answer = client.execute("Sales", text, properties)

    (row,) = answer.primary_results[0]
    assert (row["rows"], row["path"], answer.errors_count) == (7, "/x", 0)
    line = simulator.submissions()[-1]
    assert (line["token"], line["parameters"]) == ("mine", {"rows": "8"})


def test_an_asynchronous_command_is_followed_to_its_results(client: KustoClient) -> None:
    (started,) = client.execute("Sales", ASYNC).primary_results[0]
    operation = started["OperationId"]

    deadline = time.monotonic() + TIME_LIMIT
    state = ""
    while state != "Completed":
        assert time.monotonic() < deadline
        (shown,) = client.execute_mgmt("Sales", f".show operations {operation}").primary_results[0]
        state = shown["State"]
    assert shown["StartedOn"].tzinfo is not None
    details = client.execute_mgmt("Sales", f".show operation {operation} details")
    assert details.primary_results[0][0]["path"] == "/x"
    kept = (
        f".show operations | where OperationId == guid({operation}) | top 1 by LastUpdatedOn desc"
    )
    assert client.execute_mgmt("Sales", kept).primary_results[0][0]["State"] == "Completed"


def test_an_operation_is_cancelled(client: KustoClient) -> None:
    (started,) = client.execute("Sales", COMMAND.format(name="endless")).primary_results[0]
    operation = started["OperationId"]

    (answer,) = client.execute_mgmt("Sales", f".cancel operation {operation}").primary_results[0]

    assert answer["CancellationState"] == "Cancelled successfully"
    (shown,) = client.execute_mgmt("Sales", f".show operations {operation}").primary_results[0]
    assert shown["State"] == "Canceled"


def test_errors_before_and_within_an_answer_are_raised(client: KustoClient) -> None:
    with pytest.raises(KustoApiError, match="a name is not known"):
        client.execute("Sales", "unknown | take 1")
    with pytest.raises(KustoApiError, match="database was not found"):
        client.execute("missing", ".show databases")
    with pytest.raises(KustoMultiApiError) as caught:
        client.execute("Sales", "broken | take 1")
    assert [each.description for each in caught.value.get_api_errors()] == ["Too much memory"]


def test_the_databases_are_shown(client: KustoClient) -> None:
    answer = client.execute_mgmt("NetDefaultDB", ".show databases | take 1")
    assert answer.primary_results[0][0]["DatabaseName"] == "Sales"
