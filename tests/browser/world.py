"""The people, officials and cases that the pages of the browser tests show.

Everything is made through the JSON API.  What is written into free texts is made to hurt: script, long
words without a blank, characters outside the basic plane.  `World.describe()` is what the
tests in JavaScript get.
"""
import json
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "flow"))
from harness import ORGANISATION, PDF, Person, Staff, fill, mod37_36, population, until  # noqa: E402,F401

DEPARTMENT = "zjj"
PERMIT = "建筑工程施工许可证核发"       # for organisations, two reviews
HOUSING = "公共租赁住房承租资格确认"    # for persons
SCRIPT = "<script>alert('xss')</script><img src=x onerror=alert(1)>\"'&amp;{{7*7}}"
RARE = "𠮷野家㼆𪚥·阿卜杜热合曼"
LONG = "超长无空格的内容" * 12 + "Donaudampfschifffahrtsgesellschaft" * 3
# Inputs that name the pixel: a PNG of one.
PNG = bytes.fromhex("89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360606060"
                    "0000000500010d0a2db40000000049454e44ae426082")

# Of the sample population: who is who in these tests.
CITIZEN = 22                     # 古丽·买买提 has cases in every state
QUIET = 23                       # has nothing yet
JOBS = {"desktop": 3, "phone": 4, "script-free": 5, "keyboard": 6}      # not registered before
FAILS = 24                       # meets everything that goes wrong
SESSIONS = 25                    # ... whose sessions end
GUEST = 29                       # never registered

STAFF = {"receiver": "zjj-receiver", "reviewer": "zjj-reviewer", "decider": "zjj-decider",
         "editor": "zjj-editor", "publisher": "zjj-publisher", "window": "window",
         "supervisor": "supervisor", "admin": "admin", "admin2": "admin2"}


def must(answer, *statuses):
    assert answer.status in (statuses or (200, 201)), answer
    return answer.json


class World:
    def __init__(self, platform):
        self.platform = platform
        self.citizen = Person(platform, CITIZEN).register().login()
        self.quiet = Person(platform, QUIET).register().login()
        for index in (FAILS, SESSIONS):
            Person(platform, index).register()
        self.staff = {role: Staff(platform, name).login() for role, name in STAFF.items()}
        self.permit = platform.item(PERMIT, department_id=DEPARTMENT)
        self.housing = platform.item(HOUSING, department_id=DEPARTMENT)
        self.cases = {}
        self.make_cases()
        must(self.citizen.http("PUT", "/api/v1/favourites/" + self.permit["id"], {}))
        self.make_items()
        self.make_office()

    # --- cases -----------------------------------------------------------------------

    def draft(self, item, values=None, whole=True):
        made = must(self.citizen.post("/api/v1/cases", {"itemId": item["id"]}))
        path = "/api/v1/cases/" + made["id"]
        form = fill(item) if whole else []
        values = values or (self.home() if item is self.housing else {})
        for value in form:
            value["value"] = values.get(value["name"], value["value"])
        body = {"version": made["version"], "form": form}
        if item is self.permit:
            body["applicant"] = dict(ORGANISATION, address=values.get("address", "示例区示例路1号"))
        if form:
            must(self.citizen.http("PATCH", path, body))
        return made["id"]

    def home(self):
        """What she writes into HOUSING."""
        return {"applicant_name": self.citizen.name, "applicant_id_number": self.citizen.id_number,
                "applicant_mobile": self.citizen.mobile, "family_size": "3", "house_area": "12.5",
                "members": "买买提·艾力（配偶）\n古丽娜尔·买买提（女儿）", "month_income": "2600",
                "live_address": "示例区示例街道示例社区5幢302室"}

    def files(self, case_id, first=True):
        detail = must(self.citizen.get("/api/v1/cases/" + case_id))
        for number, material in enumerate(detail["materials"]):
            if number == 0 and first:
                continue
            if number % 2:
                must(self.citizen.upload(case_id, material["materialId"], "材料 %d.pdf" % number, PDF * 30))
            else:
                must(self.citizen.post("/api/v1/cases/%s/materials/%s:paper" % (case_id, material["materialId"]),
                                       {"paper": True}))

    def submitted(self, item, values=None):
        case_id = self.draft(item, values)
        self.files(case_id)
        version = must(self.citizen.get("/api/v1/cases/" + case_id))["summary"]["version"]
        receipt = must(self.citizen.post("/api/v1/cases/%s:submit" % case_id, {"version": version}))
        return {"id": case_id, "number": receipt["number"], "queryCode": receipt["queryCode"]}

    def work(self, role, case, verb, **body):
        """An official does something to the case as it is now."""
        path = "/api/v1/inbox/" + case["id"]
        version = must(self.staff["receiver"].get(path))["summary"]["version"]
        return must(self.staff[role].post("%s:%s" % (path, verb), dict(body, version=version)))

    def correct(self, case, reason="缺少盖章页", how="补充盖章页后重新上传"):
        detail = must(self.staff["receiver"].get("/api/v1/inbox/" + case["id"]))
        field = detail["form"][0]["name"]
        self.work("receiver", case, "correct", gaps=[
            {"materialId": detail["materials"][1]["materialId"], "reason": reason, "how": how},
            {"field": field, "reason": reason, "how": how}])

    def reviewed(self, case, opinion="符合条件"):
        for stage in must(self.staff["receiver"].get("/api/v1/inbox/" + case["id"]))["stages"]:
            self.work("reviewer", case, "finishStage", stageId=stage["stageId"], result="STAGE_RESULT_PASS",
                      opinion=opinion)

    def make_cases(self):
        c = self.cases
        # Free texts of this item are what strangers would type to break a page.
        texts = [f["id"] for f in self.permit["formFields"]
                 if f.get("type") in ("FIELD_TYPE_TEXT", "FIELD_TYPE_PARAGRAPH") and not f.get("kind", "KIND_NONE")[5:].strip("NONE")]
        hostile = dict(zip(texts[2:5], (SCRIPT, RARE, LONG)), address=SCRIPT[:60] + RARE)
        hostile = {name: value[:95] for name, value in hostile.items()}
        c["empty"] = {"id": self.draft(self.housing, whole=False)}
        c["draft"] = {"id": self.draft(self.housing)}
        self.files(c["draft"]["id"])
        c["organisation"] = {"id": self.draft(self.permit)}
        c["submitted"] = self.submitted(self.housing)
        c["live"] = self.submitted(self.housing)        # is accepted while somebody looks
        c["claimed"] = self.submitted(self.permit)
        self.work("receiver", c["claimed"], "claim")
        c["correction"] = self.submitted(self.permit)
        self.correct(c["correction"])
        c["refused"] = self.submitted(self.housing)
        self.work("receiver", c["refused"], "refuse", reason="REFUSE_REASON_NOT_COMPETENT",
                  text="申请事项不属于本机关职权范围", competentBody="示例县住房和城乡建设局")
        for name in ("reviewing", "special", "deciding", "granted", "denied", "closed", "hostile"):
            c[name] = self.submitted(self.permit, hostile if name == "hostile" else None)
            if name == "hostile":
                self.correct(c[name], SCRIPT, RARE + LONG)
                version = must(self.citizen.get("/api/v1/cases/" + c[name]["id"]))["summary"]["version"]
                must(self.citizen.post("/api/v1/cases/%s:supplement" % c[name]["id"],
                                       {"version": version, "note": SCRIPT}))
            self.work("receiver", c[name], "accept", opinion=SCRIPT if name == "hostile" else "材料齐全")
        for name in ("draft", "submitted"):
            detail = must(self.citizen.get("/api/v1/cases/" + c[name]["id"]))
            c[name]["file"] = next(f["id"] for m in detail["materials"] for f in m["files"])
        # A reviewer may ask for an inspection, which stops the clock.
        self.work("reviewer", c["special"], "startSpecial", kind="SPECIAL_KIND_INSPECTION", plannedDays=5,
                  reason="需要现场核实", approver="郑宁")
        for name in ("deciding", "granted", "denied", "closed", "hostile"):
            self.reviewed(c[name], SCRIPT if name == "hostile" else "符合条件")
        grant = {"outcome": "OUTCOME_GRANT", "documentNumber": "示建许字〔2026〕1号",
                 "resultName": "建筑工程施工许可证", "resultNumber": "340100202600001"}
        self.work("decider", c["granted"], "decide", **grant)
        self.work("decider", c["closed"], "decide", **grant)
        self.work("decider", c["denied"], "decide", outcome="OUTCOME_DENY", documentNumber="示建许字〔2026〕2号",
                  reason="不符合法定条件：施工图未经审查合格。")
        self.work("decider", c["hostile"], "decide", outcome="OUTCOME_DENY", documentNumber=SCRIPT[:60],
                  reason=SCRIPT + RARE + LONG)
        self.work("receiver", c["closed"], "close", delivery="DELIVERY_PICKUP", receiver=self.citizen.name)
        c["withdrawn"] = self.submitted(self.housing)
        version = must(self.citizen.get("/api/v1/cases/" + c["withdrawn"]["id"]))["summary"]["version"]
        must(self.citizen.post("/api/v1/cases/%s:withdraw" % c["withdrawn"]["id"],
                               {"version": version, "reason": "计划有变"}))

    # --- items, staff, systems -----------------------------------------------------------

    def make_items(self):
        """One new version that is being written, one that waits to be checked, one new item with nothing in it."""
        editor = self.staff["editor"]
        draft = must(editor.post("/api/v1/staff/items", {"itemId": self.permit["id"]}))
        checking = must(editor.post("/api/v1/staff/items", {"itemId": self.housing["id"]}))
        path = "/api/v1/staff/items/" + self.housing["id"]
        changed = dict(must(editor.get("%s/versions/%s" % (path, checking["version"]))), quantityLimit="每年1000户")
        saved = must(editor.http("PUT", path, {"item": changed, "revision": checking["revision"]}))
        must(editor.post(path + ":submit", {"revision": saved["revision"]}))
        bare = must(editor.post("/api/v1/staff/items", {"item": {"name": "只有名字的事项", "departmentId": DEPARTMENT}}))
        self.items = {"draft": draft, "checking": saved, "bare": bare}

    def make_office(self):
        admin = self.staff["admin"]
        must(admin.post("/api/v1/systems", {"id": "zjj-permits", "name": "施工许可审批系统",
                                            "departmentId": DEPARTMENT}))
        must(admin.post("/api/v1/systems/zjj-permits/grants", {"method": "case.Watch"}))

    def describe(self):
        def person(index):
            p = Person(self.platform, index)
            return {"name": p.name, "idNumber": p.id_number, "mobile": p.mobile, "password": p.password}
        messages = until(lambda: must(self.citizen.get("/api/v1/messages")).get("messages"))
        staff = must(self.staff["admin"].get("/api/v1/staff", pageSize=100)).get("staff", [])
        return {
            "origin": "https://127.0.0.1:%d" % self.platform.port,
            "folder": self.platform.folder,
            "citizen": person(CITIZEN), "quiet": person(QUIET), "fails": person(FAILS), "sessions": person(SESSIONS),
            "guest": person(GUEST),
            "jobs": {name: person(index) for name, index in JOBS.items()},
            "staff": {role: {"loginName": s.login_name, "password": s.password} for role, s in self.staff.items()},
            "staffIds": {s["loginName"]: s["id"] for s in staff},
            "system": "zjj-permits",
            "items": {name: {"id": item["id"], "version": int(item["version"]), "name": item["name"],
                             "code": item["implCode"], "materials": item["materials"],
                             "formFields": item["formFields"]}
                      for name, item in (("permit", self.permit), ("housing", self.housing))},
            "itemDrafts": {name: {"id": item["id"], "version": int(item["version"])} for name, item in self.items.items()},
            "cases": self.cases,
            "message": messages[0]["id"],
            "department": DEPARTMENT,
            "texts": {"script": SCRIPT, "rare": RARE, "long": LONG},
        }


def write(platform, path):
    world = World(platform)
    if platform.connection:
        platform.close()
    with open(path, "w") as f:
        json.dump(world.describe(), f, ensure_ascii=False, indent=1)
    return world
