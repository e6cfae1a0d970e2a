"""Items made up for measuring: one full guide, and as many short ones as a search is to go through.

The same every time.  Names are put together from the words of which real lists are made, so that
questions have few, some or thousands of answers, as they have in a province.
"""
import itertools
import json
import random

GUIDE_NAME = "建筑工程施工许可证核发（压力测试）"

THINGS = """建筑工程施工 食品经营 药品零售 医疗机构执业 道路运输经营 危险化学品经营 烟草专卖零售 公共场所卫生
 特种设备使用 出版物零售 网络文化经营 民办学校办学 劳务派遣经营 人力资源服务 取水 排污 林木采伐 河道采砂
 渔业捕捞 动物防疫条件 种子生产经营 兽药经营 农药经营 饲料生产 水产苗种生产 建设用地规划 建设工程规划 国有土地使用权
 不动产 房屋租赁 商品房预售 物业服务企业 城市道路占用 户外广告设置 燃气经营 供水企业 城镇污水排入管网 人民防空工程
 消防设计审查 消防验收 宗教活动场所 社会团体 民办非企业单位 基金会 养老机构 殡葬服务 残疾人 老年人优待 高龄津贴 最低生活保障
 特困人员供养 临时救助 医疗救助 生育登记 再生育 婚姻 收养 户口迁移 居民身份证 居住证 普通护照 往来港澳通行证 机动车 驾驶证
 校车使用 剧毒化学品运输 烟花爆竹燃放 保安服务 典当业特种行业 旅馆业特种行业 公章刻制业 律师执业 公证员执业 基层法律服务 法律援助
 职工参保 城乡居民养老保险 工伤认定 失业保险金 社会保障卡 住房公积金提取 公积金贷款 职业技能等级 教师资格 普通话水平
 企业投资项目 政府投资项目 节能审查 招标方案 粮食收购 对外贸易经营者 成品油零售 拍卖业务 单用途预付卡 二手车交易 报废机动车回收
 检验检测机构 计量器具型式 工业产品生产 企业设立 企业变更 企业注销 个体工商户 农民专业合作社 股权出质 动产抵押""".split()
ACTS = "许可 审批 核发 备案 登记 变更 延续 注销 补办 换发 认定 核准 确认 年检 给付 裁决 初审 验收".split()
KINDS = ["", "", "", "（首次）", "（新办）", "（变更法定代表人）", "（变更地址）", "（延续）", "（补证）", "（市级）", "（县级）",
         "（跨省通办）", "（告知承诺）", "（个人）", "（企业）"]
PLACES = """庐阳区 蜀山区 包河区 瑶海区 长丰县 肥东县 肥西县 庐江县 巢湖市 镜湖区 鸠江区 弋江区 繁昌区 南陵县 无为市 龙子湖区 蚌山区 禹会区
 淮上区 怀远县 五河县 固镇县 田家庵区 大通区 谢家集区 八公山区 凤台县 寿县 花山区 雨山区 博望区 当涂县 含山县 和县 杜集区 相山区 烈山区
 濉溪县 铜官区 义安区 郊区 枞阳县 迎江区 大观区 宜秀区 桐城市 怀宁县 太湖县 宿松县 望江县 岳西县""".split()
OFFICES = """住房和城乡建设局 市场监督管理局 卫生健康委员会 交通运输局 应急管理局 烟草专卖局 文化和旅游局 教育体育局 人力资源和社会保障局
 水务局 生态环境局 自然资源和规划局 农业农村局 民政局 公安局 司法局 医疗保障局 发展和改革委员会 商务局 城市管理局""".split()
MATERIALS = """申请表 营业执照 法定代表人身份证明 授权委托书 建设工程规划许可证 施工图设计文件审查合格书 中标通知书 施工合同 监理合同 资金落实承诺书
 质量安全监督手续 场地使用证明 平面布置图 从业人员健康证明 管理制度文本 设备清单 验收报告 环境影响评价批复""".split()


def names():
    """Endless distinct item names; deterministic."""
    for kind, place, act, thing in itertools.product(KINDS, PLACES, ACTS, THINGS):
        yield place, thing, act, kind


def short_items(count):
    """Rows as a province's list has them, in an order that mixes departments."""
    pick = random.Random(39046)
    everything = list(itertools.islice(names(), count * 3))
    pick.shuffle(everything)
    for number, (place, thing, act, kind) in enumerate(everything[:count]):
        yield {
            "name": thing + act + kind,
            "mainName": thing + act,
            "localImplCode": "L%08d" % number,
            "departmentName": place + OFFICES[hash_of(thing) % len(OFFICES)],
            "type": "ITEM_TYPE_LICENSE" if act in ("许可", "审批", "核发", "核准") else "ITEM_TYPE_CONFIRMATION",
            "conditions": "在%s从事%s活动，符合法律法规规定条件的单位和个人。" % (place, thing),
            "materials": [{"name": thing + name} for name in pick.sample(MATERIALS, 4)],
            "keywords": [thing[:4], act],
            "promiseDays": pick.randrange(1, 20),
        }


def hash_of(text):
    value = 0
    for c in text:
        value = (value * 31 + ord(c)) & 0xFFFFFFFF
    return value


def guide_item():
    """A guide as long as a good real one (about the permit of a building site)."""
    article = "建筑工程开工前，建设单位应当按照国家有关规定向工程所在地县级以上人民政府建设行政主管部门申请领取施工许可证；" \
              "但是，国务院建设行政主管部门确定的限额以下的小型工程除外。"
    return {
        "name": GUIDE_NAME,
        "localImplCode": "LOAD-GUIDE",
        "departmentName": "压力测试住房和城乡建设局",
        "type": "ITEM_TYPE_LICENSE",
        "audiences": ["AUDIENCE_PERSON"],
        "legalDays": 7, "promiseDays": 3,
        "conditions": "".join("（%d）%s符合要求；" % (i + 1, name) for i, name in enumerate(MATERIALS)),
        "legalBases": [{"law": "中华人民共和国建筑法", "article": "第%s条" % n, "text": article} for n in "七八九"],
        "materials": [{"id": "m%d" % i, "name": name, "acceptanceStandard": "原件清晰、在有效期内，复印件加盖公章。"}
                      for i, name in enumerate(MATERIALS[:10])],
        "stages": [{"id": "s1", "name": "审查", "days": 2, "standard": "材料齐全、符合法定形式，施工场地具备施工条件。"},
                   {"id": "s2", "name": "决定", "days": 1, "standard": "符合条件的作出准予许可的决定。"}],
        "questions": [{"question": "装修工程要办理施工许可证吗？",
                       "answer": "工程投资额在限额以下的小型工程可以不申请办理施工许可证，具体限额由省级主管部门规定。"}] * 3,
        "formFields": [
            {"id": "project", "label": "工程名称", "required": True},
            {"id": "site", "label": "建设地点", "required": True},
            {"id": "area", "label": "建筑面积（平方米）", "type": "FIELD_TYPE_NUMBER", "required": True},
            {"id": "phone", "label": "联系电话", "kind": "KIND_MOBILE"},
        ],
        "results": [{"name": "建筑工程施工许可证"}],
        "places": [{"name": "政务服务中心二楼综合窗口", "address": "示例路 1 号", "hours": "工作日 9:00-17:00",
                    "phone": "0551-60000000"}],
        "consult": "0551-60000000", "supervise": "12345",
        "sample": True, "sampleExplain": "为测量而编的事项",
    }


def write(path, rows):
    with open(path, "w") as f:
        json.dump(rows, f, ensure_ascii=False)


def queries(count=2000):
    """What people type: whole names, parts, towns and things, questions, initials, codes, nonsense."""
    pick = random.Random(2016)
    patterns = [
        lambda: pick.choice(THINGS),
        lambda: pick.choice(THINGS) + pick.choice(ACTS),
        lambda: pick.choice(THINGS)[:2],
        lambda: pick.choice(THINGS)[:4] + " " + pick.choice(ACTS),
        lambda: pick.choice(ACTS),
        lambda: pick.choice(THINGS) + pick.choice(ACTS) + pick.choice(KINDS[3:]),
        lambda: "我想办理" + pick.choice(THINGS) + "需要什么材料",
        lambda: pick.choice(THINGS) + pick.choice(ACTS) + "怎么办理",
        lambda: pick.choice(MATERIALS),
        lambda: "L%08d" % pick.randrange(100000),
        lambda: pick.choice(["sgxk", "spjy", "jgdj", "zfgjj", "sfz"]),
        lambda: pick.choice(["办不到的事", "量子纠缠许可", "abcdef"]),
    ]
    return [pick.choice(patterns)() for _ in range(count)]


if __name__ == "__main__":
    print(json.dumps(list(short_items(3)), ensure_ascii=False, indent=1))
    print(queries(20))
