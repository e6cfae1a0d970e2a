#!/usr/bin/python3
"""The main job on the running platform, from search to decision, step by step.

Prints for each step what was sent, what was answered and how long it took; ends non-zero at the
first step that is not as expected.

    demo.py [--config deploy/yiwang.conf] [--out build/plain]
"""
import argparse
import configparser
import json
import os
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "flow"))
from harness import ORGANISATION, PDF, Person, Platform, Staff, fill, population, until  # noqa: E402

SYSTEM = "demo-zjj"


class Running(Platform):
    """The platform that `make run` started, not one of our own."""

    def __init__(self, config, out):
        self.config, self.out = os.path.abspath(config), os.path.abspath(out)
        settings = configparser.ConfigParser(strict=False, inline_comment_prefixes=("#",))
        settings.read(self.config)
        data = settings.get("platform", "data_dir", fallback="data")
        self.folder = os.path.dirname(os.path.abspath(data))
        self.port = int(os.environ.get("YIWANG_GATEWAY_PORT",
                                       settings.get("gateway", "port", fallback="8443")))
        address = settings.get("broker", "department_address")
        self.department_port = int(address.rsplit(":", 1)[1])
        self.environment = dict(os.environ)
        self.connection = None


class Steps:
    """Numbers the steps and times them."""

    def __init__(self):
        self.number = 0

    def __call__(self, title, sent, act, expect, show):
        self.number += 1
        begin = time.time()
        answer = act()
        took = 1000 * (time.time() - begin)
        print("%2d. %s  (%.1f ms)" % (self.number, title, took))
        print("      >  %s" % sent)
        problem = expect(answer)
        print("      <  %s" % show(answer), flush=True)
        if problem is not True:
            print("\n     not as expected: %r" % (answer,))
            sys.exit(1)
        return answer


def status(*wanted):
    return lambda answer: answer.status in wanted


def short(value, limit=150):
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= limit else text[:limit] + " …"


def unregistered(platform):
    """Somebody of the sample population who is not here yet; the last one signs in again."""
    people = population()
    for index in range(len(people)):
        person = Person(platform, index)
        answer = platform.post("/api/v1/sessions",
                               {"identifier": person.id_number, "password": person.password})
        if answer.status != 200:
            return person
        person.session, person.token = answer.json, answer.json["accessToken"]
    return person


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", default=os.path.join(ROOT, "deploy", "yiwang.conf"))
    parser.add_argument("--out", default=os.path.join(ROOT, "build", "plain"))
    options = parser.parse_args()
    os.chdir(ROOT)
    platform = Running(options.config, options.out)
    step = Steps()

    # --- find ----------------------------------------------------------------------------
    found = step("搜索“施工许可”", "GET /api/v1/items?q=施工许可",
                 lambda: platform.get("/api/v1/items", q="施工许可"),
                 lambda a: a.status == 200 and len(a.json["hits"]) > 0,
                 lambda a: "%d 项，第一项：%s" % (a.json["total"], a.json["hits"][0]["item"]["name"]))
    item_id = found.json["hits"][0]["item"]["id"]
    guide = step("办事指南", "GET /api/v1/items/" + item_id,
                 lambda: platform.get("/api/v1/items/" + item_id),
                 lambda a: a.status == 200 and len(a.json["materials"]) >= 3,
                 lambda a: "%s：材料 %d 份，环节 %d 个，法定 %s 日，承诺 %s 日" % (
                     a.json["name"], len(a.json["materials"]), len(a.json["stages"]),
                     a.json.get("legalDays"), a.json.get("promiseDays"))).json

    # --- register ------------------------------------------------------------------------
    person = unregistered(platform)
    if person.token is None:
        code = {}
        step("获取短信验证码", "POST /api/v1/codes",
             lambda: code.update(text=person.code("PURPOSE_REGISTER")) or code,
             lambda a: len(a["text"]) == 6, lambda a: "短信：%s" % platform.sms(person.mobile)[-1])
        agreement = platform.get("/api/v1/agreement").json["version"]
        body = {"name": person.name, "idNumber": person.id_number, "mobile": person.mobile,
                "code": code["text"], "password": person.password, "agreementVersion": agreement}
        step("实名注册", "POST /api/v1/accounts  姓名、身份证号、手机号、验证码、密码、协议 %s" % agreement,
             lambda: platform.post("/api/v1/accounts", body, key="demo-register-" + person.id_number),
             status(201), lambda a: short(a.json))
    step("登录", "POST /api/v1/sessions", lambda: person.login(),
         lambda a: bool(a.token), lambda a: "等级 %s，凭据有效至 %s" % (
             a.session.get("level"), a.session.get("accessExpiresAt")))

    # --- apply ---------------------------------------------------------------------------
    draft = step("新建草稿（自动带出申请人）", "POST /api/v1/cases  itemId",
                 lambda: person.post("/api/v1/cases", {"itemId": item_id}), status(201),
                 lambda a: short(a.json)).json
    case = "/api/v1/cases/" + draft["id"]
    detail = step("查看草稿", "GET " + case, lambda: person.get(case),
                  lambda a: a.status == 200 and a.json["applicant"]["name"] == person.name,
                  lambda a: "申请人：%s" % short(a.json["applicant"])).json
    draft = step("填写表单和单位信息", "PATCH %s  %d 项" % (case, len(guide.get("formFields", []))),
                 lambda: person.http("PATCH", case, {"version": draft["version"], "form": fill(guide),
                                                        "applicant": ORGANISATION}),
                 status(200), lambda a: short(a.json)).json
    materials = detail["materials"]
    for number, material in enumerate(materials[:2], 1):
        step("上传材料 %d：%s" % (number, material["name"]),
             "PUT %s/materials/%s/files/材料%d.pdf" % (case, material["materialId"], number),
             lambda: person.upload(draft["id"], material["materialId"], "材料%d.pdf" % number, PDF * 2000),
             lambda a: a.status == 200 and a.json.get("complete") is True,
             lambda a: "%s 字节，校验 %s…" % (a.json["size"], a.json["hash"][:16]))
    for material in materials[2:]:
        step("纸质提交：%s" % material["name"], "POST %s/materials/%s:paper" % (case, material["materialId"]),
             lambda: person.post("%s/materials/%s:paper" % (case, material["materialId"]), {"paper": True}),
             status(200), lambda a: "版本 %s" % a.json["version"])
    version = person.get(case).json["summary"]["version"]
    receipt = step("提交申请", "POST %s:submit" % case,
                   lambda: person.post(case + ":submit", {"version": version}, key="demo-submit-" + draft["id"]),
                   lambda a: a.status == 200 and len(a.json.get("queryCode", "")) == 8,
                   lambda a: "回执：办件编号 %s，查询码 %s" % (a.json["number"], a.json["queryCode"])).json

    # --- correct -------------------------------------------------------------------------
    clerk = Staff(platform, guide["departmentId"] + "-receiver")
    step("窗口人员登录", "POST /api/v1/staff/sessions  %s" % clerk.login_name, clerk.login,
         lambda a: bool(a.token), lambda a: a.record["name"])
    inbox = step("待办", "GET /api/v1/inbox?unclaimed=true",
                 lambda: clerk.get("/api/v1/inbox", unclaimed="true", page_size=100),
                 lambda a: any(c["id"] == draft["id"] for c in a.json.get("cases", [])),
                 lambda a: "%d 件待办" % len(a.json["cases"])).json
    mine = [c for c in inbox["cases"] if c["id"] == draft["id"]][0]
    gap = {"materialId": materials[0]["materialId"], "reason": "扫描件第 2 页不清晰", "how": "请重新扫描后上传"}
    work = "/api/v1/inbox/" + draft["id"]
    moved = step("一次性告知补正", "POST %s:correct  %s" % (work, short(gap)),
                 lambda: clerk.post(work + ":correct", {"version": mine["version"], "gaps": [gap]}),
                 lambda a: a.status == 200 and a.json["state"] == "STATE_CORRECTION",
                 lambda a: short(a.json)).json
    step("申请人收到通知", "GET /api/v1/messages",
         lambda: until(lambda: [m for m in person.get("/api/v1/messages").json.get("messages", [])
                                if m.get("caseId") == draft["id"] and "补正" in m["title"]]),
         lambda a: len(a) == 1, lambda a: "%s：%s" % (a[0]["title"], short(a[0]["text"], 80)))
    step("补正上传", "PUT …/files/补正.pdf",
         lambda: person.upload(draft["id"], materials[0]["materialId"], "补正.pdf", PDF * 3000),
         status(200), lambda a: "%s 字节" % a.json["size"])
    version = person.get(case).json["summary"]["version"]
    moved = step("补正提交", "POST %s:supplement" % case,
                 lambda: person.post(case + ":supplement", {"version": version, "note": "已重新扫描"}),
                 lambda a: a.status == 200 and a.json["state"] == "STATE_SUBMITTED",
                 lambda a: short(a.json)).json
    moved = step("受理", "POST %s:accept" % work,
                 lambda: clerk.post(work + ":accept", {"version": moved["version"], "opinion": "材料齐全，予以受理"}),
                 lambda a: a.status == 200 and "legalDueAt" in a.json["deadlines"],
                 lambda a: "承诺期限 %s，法定期限 %s" % (a.json["deadlines"].get("promisedDueAt"),
                                               a.json["deadlines"]["legalDueAt"])).json

    # --- the department's own system -----------------------------------------------------
    keys = tempfile.mkdtemp(prefix="yiwang-demo-")
    key = os.path.join(keys, "demo.key")
    step("为部门系统签发密钥并授权", "yw key make %s; yw key grant %s 'case.*'" % (SYSTEM, SYSTEM),
         lambda: (platform.yw("key", "make", SYSTEM, "--department", guide["departmentId"], "--file", key),
                  platform.yw("key", "grant", SYSTEM, "case.*")),
         lambda a: all(d.returncode == 0 for d in a), lambda a: a[0].stdout.strip())
    step("部门系统（Python，ZeroMQ + CURVE）审查两个环节并作出决定",
         "build/kits/python/example.py 连接 tcp://127.0.0.1:%d" % platform.department_port,
         lambda: subprocess.run(
             ["/usr/bin/python3", os.path.join(ROOT, "build", "kits", "python", "example.py"),
              "tcp://127.0.0.1:%d" % platform.department_port, key,
              os.path.join(platform.folder, "data", "keys", "broker.curve.pub"), "--case", draft["id"]],
             capture_output=True, text=True, timeout=60),
         lambda a: a.returncode == 0, lambda a: (a.stdout + a.stderr).strip().replace("\n", "\n         "))
    moved = step("决定", "GET " + case, lambda: person.get(case),
                 lambda a: a.json["summary"]["state"] == "STATE_GRANTED",
                 lambda a: short(a.json["decision"])).json
    step("送达办结", "POST %s:close" % work,
         lambda: clerk.post(work + ":close", {"version": moved["summary"]["version"],
                                              "delivery": "DELIVERY_PICKUP", "receiver": person.name}),
         lambda a: a.status == 200 and a.json["state"] == "STATE_CLOSED", lambda a: short(a.json))

    # --- anyone ---------------------------------------------------------------------------
    step("凭办件编号和查询码查询进度", "POST /api/v1/cases:query",
         lambda: platform.post("/api/v1/cases:query",
                               {"number": receipt["number"], "queryCode": receipt["queryCode"]}),
         lambda a: (a.status == 200 and a.json["state"] == "STATE_CLOSED"
                    and len(a.json["timeline"]) >= 7
                    and person.name not in a.body.decode() and person.id_number not in a.body.decode()),
         lambda a: " → ".join(e["title"] for e in a.json["timeline"]))
    step("查询码错误时看不出办件是否存在", "POST /api/v1/cases:query",
         lambda: platform.post("/api/v1/cases:query", {"number": receipt["number"], "queryCode": "XXXXXXXX"}),
         status(404), lambda a: short(a.json))
    print("\nall %d steps as expected" % step.number)


if __name__ == "__main__":
    main()
