"""What may be wrong with a cell, and how to mend it, in Chinese and English, by code."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str, str, str]] = {
    "no_sheet": (
        "没有可识别的工作表", "no sheet that is known",
        "工作表命名为 部门、岗位、人员、领导小组、职责、责任矩阵;可先导出模板", "name the sheets as in the template",
    ),
    "unknown_sheet": (
        "不认识的工作表", "unknown sheet", "改成模板中的名称,或删除此表", "rename it as in the template, or remove it",
    ),
    "no_key_column": (
        "缺少必需的列", "a column that must be there is missing", "按模板补上此列", "add the column as in the template",
    ),
    "unknown_column": (
        "不认识的列", "unknown column", "改成模板中的列名,或删除此列", "rename it as in the template, or remove it",
    ),
    "column_twice": ("列重复", "the column is there twice", "只保留一列", "keep one of them"),
    "no_right": (
        "无权导入此列的个人信息", "you may not import the private data of this column",
        "删除此列,或由有权的人导入", "remove the column, or let somebody import it who may",
    ),
    "missing": ("不能为空", "must not be empty", "填写此单元格", "fill it in"),
    "bad_code": (
        "代码或工号不合规", "no code or number",
        "1 到 64 个字符,不含空格和 / , ; |", "1 to 64 characters without spaces and / , ; |",
    ),
    "too_long": ("太长或含不可见字符", "too long, or with invisible characters", "缩短或重新输入", "shorten or retype it"),
    "twice": ("与上面某行重复", "the same as a line above", "删除其中一行", "remove one of the lines"),
    "unknown_word": ("不是可选的词", "not one of the words", "从模板“说明”所列的词中选择", "take one of the words in the template's notes"),
    "not_number": ("不是整数", "no whole number", "填写 0 或正整数", "write 0 or a positive whole number"),
    "day": ("不是日期", "no date", "写成 2026-03-01", "write it as 2026-03-01"),
    "before_joined": ("早于到岗日期", "before the day of joining", "检查两个日期", "check both dates"),
    "until_before_from": ("不晚于开始日期", "not after the first day", "检查两个日期", "check both dates"),
    "unknown_department": (
        "没有这个部门", "no such department", "先在“部门”表中加上,或改代码", "add it to the departments, or mend the code",
    ),
    "unknown_post": ("没有这个岗位", "no such post", "先在“岗位”表中加上,或改代码", "add it to the posts, or mend the code"),
    "unknown_place": (
        "没有这个区域、装置或设备", "no such place", "先在位号表中建立,或改代码", "create it with the tags, or mend the code",
    ),
    "unknown_duty": ("没有这项职责", "no such duty", "先在“职责”表中加上,或改代码", "add it to the duties, or mend the code"),
    "unknown_person": ("没有这个工号", "no such person", "先在“人员”表中加上,或改工号", "add the person, or mend the number"),
    "unknown_login": ("没有这个登录名", "no such account", "先新建用户,或留空", "create the user first, or leave it empty"),
    "login_taken": ("此登录名属于另一人", "the account is somebody else's", "改登录名,或留空", "mend the login, or leave it empty"),
    "ring": (
        "部门绕成了环", "the department would lie beneath itself", "改上级代码", "mend the code of the department above",
    ),
    "post_elsewhere": (
        "岗位不属于此部门", "the post belongs to another department", "改部门或岗位代码", "mend the department or the post",
    ),
    "not_holder": (
        "此人不在该岗位或已离岗", "the person does not hold the post", "改工号,或留空(由岗位承担)",
        "mend the number, or leave it empty (whoever holds the post)",
    ),
    "host": (
        "接待人须是在册员工,员工本人无接待人", "only employees receive, and only visitors and contractors are received",
        "改工号,或留空", "mend the number, or leave it empty",
    ),
    "left": ("此人已离岗", "the person has left", "改工号,或删除此行", "mend the number, or remove the line"),
    "id_number": (
        "证件号码不对(位数、日期或校验位)", "no identity number (length, date or check digit)",
        "核对证件;单元格格式设为文本,否则末几位会丢失", "check the document; set the cell's format to text, or the last digits get lost",
    ),
    "phone": ("不是电话号码", "no telephone number", "手机号 11 位;固定电话带区号", "mobile numbers have 11 digits"),
    "mail": ("不是邮箱地址", "no e-mail address", "检查 @ 两边", "check both sides of the @"),
    "blood_type": ("不是血型", "no blood type", "填 A、B、AB 或 O,可加 RH+/-", "A, B, AB or O, with RH+/- if known"),
    "masked": (
        "是掩码,不是原值", "a mask, not a value", "填写原值,或留空(保持不变)", "write the value, or leave it empty (stays as it is)",
    ),
}  # fmt: skip
