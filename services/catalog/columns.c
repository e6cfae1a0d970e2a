#include "columns.h"
#include <string.h>
#include "message.h"
#include "text.h"
#include "yiwang/catalog.pb-c.h"

const column_t columns[] = {
    {"id", NULL, NULL, NULL},
    {"name", "事项名称", "task_name", NULL},
    {"short_name", "通俗名称", NULL, NULL},
    {"role", "目录层次", NULL, NULL},
    {"main_name", "主项名称", "catalog_name", "main_item"},
    {"base_code", "基本编码", "catalog_code", NULL},
    {"impl_code", "实施编码", "task_code", NULL},
    {"item_code", "业务办理项编码", "task_handle_item", NULL},
    {"local_base_code", "地方基本编码", "local_catalog_code", NULL},
    {"local_impl_code", "地方实施编码", "local_task_code", NULL},
    {"type", "事项类型", "task_type", "事项类型代码"},
    {"type", NULL, NULL, "task_type_name"},
    {"audiences", "服务对象", "server_type", "服务对象代码"},
    {"department_id", "实施主体标识", NULL, NULL},
    {"department_name", "实施主体", "dept_name", "department"},
    {"credit_code", "实施主体代码", "org_code", NULL},
    {"credit_code", NULL, "dept_code", NULL},
    {"body_nature", "实施主体性质", "dept_type", "实施主体性质代码"},
    {"entrusted_by", "委托部门", "entrust_name", NULL},
    {"undertaker", "承办机构", NULL, NULL},
    {"use_level", "行使层级", "use_level", "行使层级代码"},
    {"division", "行政区划", "area_code", "行政管辖代码"},
    {"power_source", "权力来源", "power_source", NULL},
    {"power_division", "权限划分", NULL, NULL},
    {"exercise_content", "行使内容", NULL, NULL},
    {"legal_bases", "设定依据", "by_law", NULL},
    {"case_kind", "办件类型", "project_type", "办件类型代码"},
    {"legal_days", "法定办结时限", "anticipate_day", NULL},
    {"legal_unit", "法定办结时限单位", "anticipate_type", NULL},
    {"legal_explain", "法定办结时限说明", "anticipate_explain", NULL},
    {"promise_days", "承诺办结时限", "promise_day", NULL},
    {"promise_unit", "承诺办结时限单位", "promise_type", NULL},
    {"promise_explain", "承诺办结时限说明", "promise_explain", NULL},
    {"conditions", "受理条件", "accept_condition", NULL},
    {"materials", "申请材料", NULL, NULL},
    {"stages", "办理环节", NULL, NULL},
    {"flow_explain", "办理流程", "handle_flow", NULL},
    {"fees", "收费项目", NULL, NULL},
    {"questions", "常见问题", NULL, NULL},
    {"form_fields", "电子表单", NULL, NULL},
    {"results", "结果名称", "result_name", NULL},
    {"handling_forms", "办理形式", "handle_type", "办理形式代码"},
    {"online_depth", "网办深度", "online_handle_depth", NULL},
    {"online_url", "网办地址", "online_handle_url", "link"},
    {"visits", "到办事现场次数", "limit_scene_num", NULL},
    {"visits_explain", "必须现场办理原因", "limit_scene_explain", NULL},
    {"appointment", "是否支持预约办理", "is_schedule", NULL},
    {"online_payment", "是否支持网上支付", "is_pay_online", NULL},
    {"express", "是否支持物流快递", "is_express", NULL},
    {"handle_area", "通办范围", "handle_area", "通办范围代码"},
    {"handle_area_explain", "通办范围说明", NULL, NULL},
    {"places", "办理地点", "transact_addr", NULL},
    {"consult", "咨询方式", "link_way", "咨询电话"},
    {"supervise", "监督投诉方式", "supervise_way", "监督电话"},
    {"quantity_limit", "数量限制", "limit_explain", NULL},
    {"intermediary", "中介服务", "service_type", NULL},
    {"co_departments", "联办机构", "other_dept", "共同实施部门"},
    {"special_procedures", "特别程序", "special_procedure", NULL},
    {"run_system", "运行系统", NULL, "运行系统层级"},
    {"person_themes", "自然人服务主题", "user_topic_type", NULL},
    {"body_themes", "法人服务主题", "corp_topic_type", NULL},
    {"required_level", "实名认证要求", NULL, NULL},
    {"keywords", "关键词", NULL, NULL},
    {"planned_effective_date", "计划生效日期", "plan_effective_date", NULL},
    {"planned_cancel_date", "计划取消日期", "plan_cancel_date", NULL},
    {"sample", "示例数据", NULL, NULL},
    {"sample_explain", "示例数据说明", NULL, NULL},
    {"flags", "数据问题", NULL, NULL},
};
const size_t column_count = sizeof columns / sizeof *columns;

const char *column_field(const char *name)
{
    const ProtobufCFieldDescriptor *field =
        message_field(&catalog__item__descriptor, name, strlen(name));
    for (size_t i = 0; i < column_count; i++) {
        const column_t *column = &columns[i];
        if ((field && text_equal(column->field, field->name)) ||
            (column->standard && text_equal(column->standard, name)) ||
            (column->national && text_equal(column->national, name)) ||
            (column->other && text_equal(column->other, name)))
            return column->field;
    }
    return NULL;
}
