"""Items: found, read, written, checked, published, brought in from elsewhere."""
import json
import os

from harness import ROOT, SHARED, Person, Staff, until


def test_search_finds_and_highlights(p):
    """REQ: I-08 - Chinese full text, hits marked, best first, pages."""
    answer = p.get("/api/v1/items", q="施工许可")
    assert answer.status == 200, answer
    first = answer.json["hits"][0]
    assert first["item"]["name"] == "建筑工程施工许可证核发", first
    assert {"text": "施工许可", "hit": True} in first["name"], first["name"]
    assert "".join(part["text"] for part in first["name"]) == first["item"]["name"]
    page = p.get("/api/v1/items", q="登记", page_size=1).json
    assert len(page["hits"]) == 1 and page["nextPageToken"], page
    second = p.get("/api/v1/items", q="登记", page_size=1, page_token=page["nextPageToken"]).json
    assert second["hits"][0]["item"]["id"] != page["hits"][0]["item"]["id"]
    assert p.search("飞碟降落") == []


def test_lists_by_department_theme_and_audience(p):
    """REQ: I-03 I-08 I-09 - facets with counts; themes in life-cycle order."""
    themes = p.get("/api/v1/themes").json["themes"]
    names = [t["name"] for t in themes if t["kind"] == "THEME_KIND_PERSON"]
    assert names.index("生育收养") < names.index("户籍办理") < names.index("住房保障"), names
    theme = [t for t in themes if t["items"]][0]
    assert len(p.search(theme=theme["name"], theme_kind=theme["kind"], page_size=50)) == theme["items"]
    departments = p.get("/api/v1/directory/departments").json["departments"]
    assert len(departments) >= 12, len(departments)
    one = p.search(department_id="zjj")
    assert one and all(i["departmentId"] == "zjj" for i in one)
    assert len(p.search(audience="AUDIENCE_PERSON", page_size=50)) >= 10


def test_starter_has_thirty_whole_guides(p):
    """REQ: I-01 I-04 - at least 30 items with materials, bases with articles, limits, stages, forms."""
    items, token = [], ""
    while True:
        page = p.get("/api/v1/items", page_size=50, **({"page_token": token} if token else {})).json
        items += [hit["item"] for hit in page["hits"]]
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert len(items) >= 30, len(items)
    departments = set()
    for listed in items:
        item = p.get("/api/v1/items/" + listed["id"]).json
        departments.add(item["departmentId"])
        assert len(item["materials"]) >= 3, item["name"]
        assert item["legalBases"] and all(b["law"] and b["article"] for b in item["legalBases"]), item["name"]
        assert item["stages"] and item["formFields"], item["name"]
        assert len(item["implCode"]) == 31 and len(item["baseCode"]) == 12, item["name"]
        assert not [m for m in item["materials"] if m["name"].startswith("其他")], item["name"]
    assert len(departments) >= 12, departments


def test_guide_by_any_code(p):
    """REQ: I-02 I-04 - by id, base, implementation or handling code: the same guide."""
    item = p.item("建筑工程施工许可证核发", department_id="zjj")
    for code in (item["id"], item["implCode"]):
        assert p.get("/api/v1/items/" + code).json["id"] == item["id"]
    assert p.get("/api/v1/items/1" + item["implCode"][1:-1] + "9").status in (400, 404)
    assert p.get("/api/v1/items/nothing").status == 404


def new_item(name="示例事项核准"):
    return {"name": name, "departmentId": "zjj", "departmentName": "住房和城乡建设局"}


def test_publishing_takes_two_people(p):
    """REQ: I-06 I-07 - drafted, checked, reviewed and published by different people; then everybody
    sees it and it can be applied for at once; its old version stays readable."""
    item = p.item("建筑工程施工许可证核发", department_id="zjj")
    editor = Staff(p, "editor").login()
    publisher = Staff(p, "publisher").login()
    draft = dict(item)
    for name in ("id", "version", "state", "revision", "publishedAt", "popularity", "baseCode", "implCode",
                 "itemCode"):
        draft.pop(name, None)
    draft["name"] = "示例工程施工许可变更"
    made = editor.post("/api/v1/staff/items", {"item": draft})
    assert made.status == 201, made
    path = "/api/v1/staff/items/" + made.json["id"]
    catch_all = dict(made.json, materials=made.json["materials"] + [
        dict(made.json["materials"][0], id="", name="其他材料")])
    changed = editor.http("PUT", path, {"revision": made.json["revision"], "item": catch_all})
    assert changed.status == 200, changed
    report = editor.get(path + ":check").json
    assert "其他材料" in json.dumps(report, ensure_ascii=False) or report["score"] < 100, report
    fixed = editor.http("PUT", path, {"revision": changed.json["revision"],
                                      "item": dict(changed.json, materials=made.json["materials"])})
    assert fixed.status == 200, fixed
    stale = editor.http("PUT", path, {"revision": made.json["revision"], "item": made.json})
    assert stale.status == 409, stale
    assert editor.post(path + ":publish", {"revision": fixed.json["revision"]}).status == 403
    sent = editor.post(path + ":submit", {"revision": fixed.json["revision"]})
    assert sent.status == 200, sent
    revision = sent.json["revision"]
    for aspect in ("REVIEW_ASPECT_ESTABLISHMENT", "REVIEW_ASPECT_LEGAL"):
        reviewed = publisher.post(path + ":review", {"revision": revision, "aspect": aspect,
                                                     "approved": True, "opinion": "同意"})
        assert reviewed.status == 200, reviewed
        revision = reviewed.json["revision"]
    done = publisher.post(path + ":publish", {"revision": revision})
    assert done.status == 200 and done.json["state"] == "ITEM_STATE_PUBLISHED", done
    assert p.get("/api/v1/items/" + made.json["id"]).status == 200
    until(lambda: [i for i in p.search("示例工程施工许可变更") if i["id"] == made.json["id"]])
    person = Person(p, 14).register().login()
    until(lambda: person.post("/api/v1/cases", {"itemId": made.json["id"]}).status == 201)


def import_items(p, text, name, *options):
    path = os.path.join(p.folder, name)
    with open(path, "w", encoding="utf-8", newline="") as f:
        f.write(text)
    return p.yw("import", "items", path, *options, check=False)


def test_dirty_rows_are_kept_and_flagged(p):
    """REQ: I-13 I-02 - wrong codes, HTML, control characters, missing names: a line for each, none lost."""
    text = ("name,item_code,org_code,task_type,department\r\n"
            "好的事项,11340100MB1234567X3340117001000,,1,示例局\r\n"
            "<b>带标签&nbsp;</b>的\x07事项,G-000007,2222222222222,20,示例局\r\n"
            ",X,,1,示例局\r\n"
            '"有,逗号和""引号""的事项",,,99,示例局\r\n')
    done = import_items(p, text, "dirty.csv", "--department", "dsjj", "--division", "340100")
    assert "4 rows" in done.stdout, done
    assert "row 2" in done.stdout and "row 3" in done.stdout and "row 4" in done.stdout, done.stdout
    found = p.search("带标签")
    assert found and "<" not in found[0]["name"] and "\x07" not in found[0]["name"], found
    dry = import_items(p, text.replace("好的", "干跑的"), "dry.csv", "--department", "dsjj", "--dry-run")
    assert "rows" in dry.stdout, dry
    assert not [i for i in p.search("干跑") if "干跑" in i["name"]]


def test_real_list_of_a_district(p):
    """REQ: I-13 - 1,135 real items as published, when the list is there: every row in or reported."""
    for name in ("guangan-district-items.csv", "guangan-district-items.json"):
        path = os.path.join(SHARED, "items", name)
        if not os.path.exists(path):
            return
        done = p.yw("import", "items", path, "--department", "dsjj", check=False)
        numbers = [line for line in done.stdout.splitlines() if " rows: " in line]
        total = sum(int(line.split()[0]) for line in numbers)
        refused = sum(int(line.split(" refused")[0].split()[-1]) for line in numbers)
        assert total == 1135, (total, done.stdout[-500:], done.stderr)
        assert refused < 50, refused
    assert p.search("采矿权"), "the district's items are found"


def test_export_comes_back(p):
    """REQ: I-13 - what is exported can be imported again without a change."""
    publisher = Staff(p, "publisher").login()
    answer = publisher.get("/api/v1/staff/items:export", format="LIST_FORMAT_JSON", department_id="zjj")
    assert answer.status == 200 and answer.json["text"], answer
    done = import_items(p, answer.json["text"], "back.json")
    assert " 0 new" in done.stdout and " 0 refused" in done.stdout, done


def test_quality_by_department(p):
    """REQ: I-13 - scores for completeness and consistency."""
    publisher = Staff(p, "publisher").login()
    report = publisher.get("/api/v1/staff/item-quality").json["departments"]
    zjj = [d for d in report if d["departmentId"] == "zjj"]
    assert zjj and int(zjj[0]["score"]) >= 90, zjj
