"""The office in the browser: who may do what, and that nothing is changed or loaded from elsewhere."""

from __future__ import annotations

import datetime as dt
import gc
import re
import warnings

import pandas as pd
import pytest

from hexi_solar.config import Plan
from hexi_solar.errors import Problem, RegisterError
from hexi_solar.ledger import Event, known, states
from hexi_solar.office.people import add_login, logins, protected, remove_login
from hexi_solar.office.serve import is_local, listen, prepare_site, refuse_open_door
from hexi_solar.office.services import Preview, Question, Rates, Services
from hexi_solar.office.store import open_register, restore
from hexi_solar.office.target import target_of

DAY = dt.date(2024, 1, 1)
PASSWORD = "correct-horse-battery"
EVENT = {"kind": "correction", "valid_on": "2024-02-01", "reason": "按竣工图更正"}


@pytest.fixture(autouse=True)
def _no_server(monkeypatch):
    """The registers here are files, whatever the environment says."""
    monkeypatch.delenv("DATABASE_URL", raising=False)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A register that has one project, one building and three logins; made once, hashing takes time."""
    folder = tmp_path_factory.mktemp("made")
    with open_register(Plan(path=folder / "plan.toml")) as register:
        facts = {
            "building_id": "hall",
            "capacity_kwp": 96,
            "operator": "<img src=x onerror=alert(1)>",
        }
        events = [
            Event("project", "PV-1", "filed", DAY, facts, event_id="E1"),
            Event("project", "PV-1", "connected", dt.date(2024, 6, 1), {"capacity_kwp": 90}),
            Event("building", "hall", "stated", DAY, {"name": "区政府礼堂"}),
        ]
        register.append(events, by="clerk")
        for role in ("viewer", "editor", "admin"):
            add_login(register, role, role, PASSWORD, "zh")
        return register.backup(folder / "copy.sqlite3")


@pytest.fixture
def plan(tmp_path, made):
    """A plan with a register of its own."""
    plan = Plan(path=tmp_path / "plan.toml")
    restore(made, plan)
    return plan


def site(plan, language="zh", **services):
    """Serve a plan's register to test clients."""
    from hexi_solar.office.web.guard import ATTEMPTS

    ATTEMPTS.forget()
    application = prepare_site(target_of(plan), language, Services(**services))
    assert application is not None


@pytest.fixture
def client(plan):
    """A browser that is logged in as whom it is told."""
    from django.test import Client

    with warnings.catch_warnings():
        # whitenoise warns of a folder for collected files, which we do not use
        warnings.simplefilter("ignore")
        site(plan)
    from django.contrib.auth.models import User

    def logged_in(role: str | None = None) -> Client:
        browser = Client(SERVER_NAME="localhost")
        if role:
            browser.force_login(User.objects.get(username=role))
        return browser

    return logged_in


def events_of(plan):
    """All events of the register."""
    with open_register(plan) as register:
        return register.ledger()


PAGES = (
    "/", "/projects/", "/office/event/", "/office/event/1/change/", "/record/project/PV-1/",
    "/coverage/", "/record/building/hall/",
)  # fmt: skip
EDITORS = ("/new/", "/import/", "/record/project/PV-1/correct/", "/office/contact/")
ADMINS = ("/auth/user/", "/auth/user/add/")


def test_nobody_sees_a_page_without_logging_in(client):
    """Every page leads to the login first, and from there to where one wanted to go."""
    browser = client()
    for page in (*PAGES, *EDITORS, *ADMINS):
        answer = browser.get(page)
        assert answer.status_code == 302
        assert answer.url.startswith("/login/")
    entry = {"username": "viewer", "password": PASSWORD, "next": "/projects/"}
    assert browser.post("/login/", entry).url == "/projects/"
    assert browser.get("/projects/").status_code == 200


@pytest.mark.parametrize(
    ("role", "allowed", "refused"),
    [
        ("viewer", PAGES, EDITORS + ADMINS),
        ("editor", PAGES + EDITORS, ADMINS),
        ("admin", PAGES + EDITORS + ADMINS, ()),
    ],
)
def test_a_role_sees_its_pages_and_no_others(client, role, allowed, refused):
    """A viewer looks, an editor records, an admin looks after logins."""
    browser = client(role)
    assert {p: browser.get(p).status_code for p in allowed} == dict.fromkeys(allowed, 200)
    assert {p: browser.get(p).status_code for p in refused} == dict.fromkeys(refused, 403)


def test_pages_load_nothing_from_elsewhere_and_run_no_script_of_others(client):
    """Headers keep a page to itself; no address of another host, no inline script; names are text."""
    browsers = [
        (client("admin"), (*PAGES, *EDITORS, *ADMINS)),
        (client(), ("/login/", "/nothing/")),
    ]
    for page, browser in [(page, browser) for browser, pages in browsers for page in pages]:
        answer = browser.get(page)
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"] == "no-store"
        text = answer.content.decode()
        assert not re.findall(r"""(?:src|href|action)=["'](?:https?:)?//""", text), page
        assert not re.findall(r"<script(?![^>]*(?:src=|application/json))", text), page
        assert "<img src=x" not in text, page


def test_every_file_that_pages_name_is_served(client):
    """Style and script come from this server."""
    browser = client("admin")
    named = set()
    for page in ("/", "/office/event/", "/auth/user/add/", "/office/contact/add/", "/nothing/"):
        named |= set(
            re.findall(r'(?:src|href)="(/static/[^"]+)"', browser.get(page).content.decode())
        )
    assert len(named) > 5
    for file in named:
        answer = browser.get(file)
        assert answer.status_code == 200, file
        assert b"".join(answer.streaming_content)
        answer.close()


@pytest.mark.parametrize(
    ("address", "more"),
    [
        ("/office/event/1/change/", {"reason": "x"}),
        ("/office/event/1/delete/", {"post": "yes"}),
        ("/office/event/add/", {"entity": "x"}),
    ],
)
def test_not_even_an_admin_changes_an_event(client, plan, address, more):
    """The admin's own forms for changing, deleting and adding are closed."""
    before = events_of(plan)
    assert client("admin").post(address, more).status_code == 403
    assert events_of(plan).equals(before)


def test_a_correction_is_a_new_event(client, plan):
    """Looked over first, recorded on the second press, by whoever is logged in."""
    browser = client("editor")
    form = EVENT | {"capacity_kwp": "88.5"}
    looked = browser.post("/record/project/PV-1/correct/", form)
    assert "88.5" in looked.content.decode()
    assert len(events_of(plan)) == 3
    done = browser.post("/record/project/PV-1/correct/", form | {"confirm": "1"})
    assert done.status_code == 302
    ledger = events_of(plan)
    last = ledger.iloc[-1]
    assert (last["kind"], last["recorded_by"], last["reason"]) == (
        "correction",
        "editor",
        "按竣工图更正",
    )
    assert last["payload"] == '{"capacity_kwp":88.5}'
    assert "88.5" in browser.get("/record/project/PV-1/").content.decode()


def test_the_same_correction_can_be_made_again(client, plan):
    """Corrected, corrected back, and corrected again: the third event is not lost."""
    browser = client("editor")
    for value in ("88", "89", "88"):
        form = EVENT | {"capacity_kwp": value, "confirm": "1", "valid_on": "2024-07-01"}
        browser.post("/record/project/PV-1/correct/", form)
    ledger = events_of(plan)
    assert len(ledger) == 6
    assert states(ledger, "project", dt.date(2025, 1, 1)).loc["PV-1", "capacity_kwp"] == 88


@pytest.mark.parametrize(
    "wrong", [{"reason": ""}, {"capacity_kwp": "-1"}, {"capacity_kwp": ""}, {"valid_on": "soon"}]
)
def test_a_form_that_is_wrong_records_nothing(client, plan, wrong):
    """A correction needs a reason, a fact, a day, and numbers in their range."""
    form = EVENT | {"capacity_kwp": "88"} | wrong | {"confirm": "1"}
    answer = client("editor").post("/record/project/PV-1/correct/", form)
    assert answer.status_code == 200
    assert "errorlist" in answer.content.decode()
    assert len(events_of(plan)) == 3


def test_a_viewer_records_nothing(client, plan):
    """Whatever a viewer sends is refused."""
    browser = client("viewer")
    for address in ("/record/project/PV-1/correct/", "/record/project/PV-1/", "/import/"):
        form = EVENT | {"capacity_kwp": "88", "confirm": "1", "event_id": "E1"}
        assert browser.post(address, form).status_code == 403
    assert len(events_of(plan)) == 3


def test_an_event_is_withdrawn_once_and_with_a_reason(client, plan):
    """What was withdrawn is struck out, and cannot be withdrawn again."""
    browser = client("editor")
    browser.post("/record/project/PV-1/", {"event_id": "E1", "reason": ""})
    assert len(events_of(plan)) == 3
    for _ in range(2):
        browser.post("/record/project/PV-1/", {"event_id": "E1", "reason": "登错项目"})
    ledger = events_of(plan)
    assert len(ledger) == 4
    assert "E1" not in known(ledger).index
    assert 'class="withdrawn"' in browser.get("/record/project/PV-1/").content.decode()


def test_a_meter_reading_holds_from_the_end_of_its_month(client, plan):
    """February 2024 has 29 days."""
    form = {
        "kind": "reading",
        "valid_on": "2024-01-01",
        "month": "2024-02",
        "generation_kwh": "100",
    }
    client("editor").post("/record/meter/PV-1/correct/", form | {"confirm": "1"})
    last = events_of(plan).iloc[-1]
    assert (last["entity_type"], f"{last['valid_on']:%Y-%m-%d}") == ("meter", "2024-02-29")
    assert last["payload"] == '{"generation_kwh":100,"month":"2024-02"}'


def test_projects_are_shown_as_of_a_day(client):
    """Filed in January, connected in June: the page says which, and the capacity of then."""
    browser = client("viewer")
    early = browser.get("/projects/", {"on": "2024-05-31"}).content.decode()
    late = browser.get("/projects/", {"on": "2024-06-01"}).content.decode()
    assert ("备案" in early, ">96<" in early, ">90<" in late) == (True, True, True)
    before = browser.get("/projects/", {"on": "2024-06-01", "known_on": "2020-01-01"})
    assert "没有符合条件的项目" in before.content.decode()
    assert "没有符合条件的项目" in browser.get("/projects/", {"q": "nothing"}).content.decode()


def test_events_are_found_and_filtered(client):
    """Search and filters narrow the list of events."""
    browser = client("viewer")

    def count(**asked: str) -> int:
        return len(
            re.findall(r'class="field-seq"', browser.get("/office/event/", asked).content.decode())
        )

    assert count() == 3
    assert count(entity_type="building") == 1
    assert count(kind="connected") == 1
    assert count(valid_on="2024") == 3
    assert count(q="礼堂") == 1


def test_guessing_passwords_is_slowed_down(client):
    """After five wrong tries even the right password has to wait."""
    browser = client()
    for _ in range(5):
        browser.post("/login/", {"username": "admin", "password": "wrong"})
    answer = browser.post("/login/", {"username": "admin", "password": PASSWORD})
    assert answer.status_code == 200
    assert "15" in answer.content.decode()
    assert client("viewer").get("/").status_code == 200


def test_a_request_of_another_site_is_refused(plan, client):
    """Without the token of its own page a form is not taken; other host names are not served."""
    from django.test import Client

    browser = Client(enforce_csrf_checks=True, SERVER_NAME="localhost")
    assert browser.post("/login/", {"username": "admin", "password": PASSWORD}).status_code == 403
    assert Client(SERVER_NAME="evil.example").get("/login/").status_code == 400


def test_a_failure_shows_nothing_of_the_program(client, monkeypatch):
    """A defect gives a plain page, what is in the way of the register one that says so."""
    from hexi_solar.office.web import look

    browser = client("viewer")
    browser.raise_request_exception = False

    def defect() -> None:
        message = "secret detail"
        raise ZeroDivisionError(message)

    monkeypatch.setattr(look, "ledger", defect)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        answer = browser.get("/")
    assert answer.status_code == 500
    assert "secret" not in answer.content.decode()
    assert "Traceback" not in answer.content.decode()

    def locked() -> None:
        raise RegisterError(Problem("office_locked", {"file": "register.sqlite3", "found": ""}))

    monkeypatch.setattr(look, "ledger", locked)
    answer = browser.get("/")
    assert answer.status_code == 503
    assert "正被另一个程序占用" in answer.content.decode()


def test_an_upload_is_looked_at_then_recorded_as_a_whole(plan, client):
    """Preview first; a question is answered; then all events, contacts beside the ledger."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    new = Event("project", "PV-9", "filed", DAY, {"capacity_kwp": 5})
    remembered = []

    def read(register, path, sent):
        assert path.read_bytes() == "项目,容量\n".encode()
        answered = sent.answers.get("k") == "hall"
        return Preview(
            rows=pd.DataFrame({"行": [2], "结果": ["新增" if answered else "待确认"]}),
            counts={"new": 1},
            events=[new] if answered else [],
            accepted=answered,
            questions=() if answered else [Question("k", "礼堂", [("hall", "区政府礼堂")])],
            contacts=[("project", "PV-9", {"person": "赵", "phone": "139", "id_number": "1201"})],
            workbook=b"PK",
            notices=["工作表“旧表”是隐藏的，未读取。"],
            remember=lambda: remembered.append(sent.answers),
        )

    from hexi_solar.office.services import hand_over

    browser = client("editor")
    hand_over(Services(preview_import=read))
    file = SimpleUploadedFile("台账.csv", "项目,容量\n".encode())
    answer = browser.post("/import/", {"file": file})
    assert answer.status_code == 302
    shown = browser.get(answer.url).content.decode()
    assert "待确认" in shown
    assert "工作表“旧表”是隐藏的，未读取。" in shown
    browser.post(answer.url, {"record": "1"})
    assert len(events_of(plan)) == 3
    browser.post(answer.url, {"answer": "1", "k": "hall"})
    assert browser.get(answer.url + "workbook/").content == b"PK"
    assert client("admin").get(answer.url).status_code == 404
    assert browser.post(answer.url).status_code == 302
    assert len(events_of(plan)) == 4
    assert remembered == [{"k": "hall"}]
    card = browser.get("/record/project/PV-9/").content.decode()
    assert "139" in card
    assert "1201" not in card
    assert "139" not in client("viewer").get("/record/project/PV-9/").content.decode()


def test_an_upload_that_is_none_is_refused(client):
    """Another kind of file is not read, and a reader's defect is one message."""
    from django.core.files.uploadedfile import SimpleUploadedFile

    from hexi_solar.office.services import hand_over

    def read(register, path, sent):
        raise ZeroDivisionError

    browser = client("editor")
    hand_over(Services(preview_import=read))
    for name in ("run.exe", "table.csv"):
        answer = browser.post("/import/", {"file": SimpleUploadedFile(name, b"x")})
        assert answer.status_code == 200
        assert "errorlist" in answer.content.decode()


def test_coverage_shows_the_reported_rate_first(client):
    """One row of several is reported; all are shown on request."""
    from hexi_solar.office.services import hand_over

    row = {
        "year": 2025, "cohort": "cumulative", "at": dt.date(2025, 12, 31), "definition": "installable",
        "reading": "module_area", "scope": "all", "numerator": 41.0, "denominator": 100.0, "unit": "m²",
        "rate": 0.41, "rate_low": 0.4, "rate_high": 0.5, "target": 0.5, "reported": True,
    }  # fmt: skip
    table = pd.DataFrame([row, row | {"definition": "total_roof", "rate": 0.29, "reported": False}])
    browser = client("viewer")
    hand_over(Services(coverage=lambda register: Rates(table.set_index("year"))))
    first = browser.get("/coverage/").content.decode()
    assert ("41.0%" in first, "29.0%" in first) == (True, False)
    assert "29.0%" in browser.get("/coverage/?all=1").content.decode()


def test_a_publication_shows_the_rate_that_it_reports(plan, client):
    """Not the whole of what it froze: definition, rate, interval, numerator and denominator."""
    row = {
        "at": "2025-12-31",
        "definition": "installable",
        "rate": 0.345,
        "rate_low": 0.2,
        "rate_high": 0.4,
    }
    row |= {"numerator": 345.0, "denominator": 1000.0, "unit": "m²", "reported": True}
    other = row | {"definition": "total_roof", "rate": 0.29, "reported": False}
    with open_register(plan) as register:
        last = register.head()
        said = {"year": 2025, "at": "2025-12-31", "head": {"seq": last.seq, "hash": last.hash}}
        said |= {"rates": [row, other], "rows": {"columns": ["building_id"], "data": [["hall"]]}}
        day = dt.date(2025, 12, 31)
        register.append([Event("publication", "coverage-2025", "published", day, said)], by="x")
    page = client("viewer").get("/coverage/").content.decode()
    assert "34.5%" in page
    assert "345 / 1,000 m²" in page
    assert "29.0%" not in page


def test_pages_speak_english_when_told(plan):
    """The language is that of the plan; Chinese names of things stay."""
    from django.test import Client

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        site(plan, "en")
    browser = Client(SERVER_NAME="localhost")
    browser.post("/login/", {"username": "admin", "password": PASSWORD})
    for page in (
        "/",
        "/projects/",
        "/coverage/",
        "/import/",
        "/record/project/PV-1/correct/",
        "/office/event/",
    ):
        text = re.sub(r"(?s)<(script|style).*?</\1>", "", browser.get(page).content.decode())
        shown = re.sub(r"<[^>]+>", "", text).replace("区政府礼堂", "")
        assert not re.findall("[\u4e00-\u9fff]+", shown), page


def test_passwords_are_strong_and_kept_as_argon2(plan):
    """Short, common, numeric and name-like passwords are refused with reasons; others are hashed."""
    with open_register(plan) as register:
        for weak in ("short", "123456789012", "password1234", "jane.longname"):
            with pytest.raises(RegisterError):
                add_login(register, "jane.longname", "viewer", weak, "zh")
        with pytest.raises(RegisterError, match="role"):
            add_login(register, "jane", "owner", PASSWORD, "en")
        assert {login.name: login.role for login in logins(register)} == {
            r: r for r in ("viewer", "editor", "admin")
        }
        assert all(login.strong for login in logins(register))
        remove_login(register, "admin")
        with pytest.raises(RegisterError, match="admin"):
            remove_login(register, "admin")


def test_the_network_is_let_in_only_past_a_login(plan, tmp_path):
    """127.0.0.1 is always fine; anything else needs a login with a password."""
    assert [is_local(h) for h in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "10.0.0.5", "pc")] == [
        True, True, True, False, False, False,
    ]  # fmt: skip
    refuse_open_door(target_of(plan), "0.0.0.0")
    empty = target_of(Plan(path=tmp_path / "empty" / "plan.toml"))
    refuse_open_door(empty, "127.0.0.1")
    with pytest.raises(RegisterError, match="nobody has to log in"):
        refuse_open_door(empty, "0.0.0.0")
    with open_register(plan) as register:
        assert protected(register)


def test_a_port_that_is_taken_is_said(plan):
    """The message names host and port."""
    import socket

    with socket.socket() as taken, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # waitress leaves its own socket to the collector
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(RegisterError, match=str(taken.getsockname()[1])):
            listen(lambda environ, start: [], "127.0.0.1", taken.getsockname()[1])
        gc.collect()


def test_the_program_starts_without_django():
    """Commands, plans and steps do not wait for a web framework."""
    import subprocess
    import sys

    code = (
        "import sys; import hexi_solar.cli, hexi_solar.plan, hexi_solar.ledger;"
        "sys.exit('django' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
