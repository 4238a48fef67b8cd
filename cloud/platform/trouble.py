"""Every refusal of Way 2: a stable code, its HTTP status, and words in both languages."""

from typing import Any

TROUBLES: dict[str, tuple[int, str, str]] = {
    "malformed": (400, "内容格式不对", "the body or a field is not right"),
    "bad-field": (400, "字段不对", "a field is not right"),
    "picture": (400, "图片不能用", "the picture cannot be used"),
    "idempotency-key": (400, "缺少 Idempotency-Key", "the header Idempotency-Key is missing"),
    "unsigned": (401, "请求没有签名", "the request is not signed"),
    "key": (401, "没有这个密钥，或已停用", "there is no such key, or it has ended"),
    "clock": (401, "时间相差太多，请按 timestamp 校时", "the clock is off; see timestamp"),
    "signature": (401, "签名不对", "the signature is wrong"),
    "replayed": (401, "随机数已经用过", "the nonce was used before"),
    "network": (403, "不是约定的网络地址", "this is not the network agreed upon"),
    "unknown-path": (404, "没有这个接口", "there is no such interface"),
    "unknown-enterprise": (404, "没有这个单位，或不归您", "no such enterprise of yours"),
    "unknown-device": (404, "没有这个终端，或不归您", "no such terminal of yours"),
    "unknown-person": (404, "没有这个人员，或不归您", "no such person of yours"),
    "unknown-picture": (404, "图片还没有上传", "the picture was not brought yet"),
    "unknown-job": (404, "没有上报过这项作业", "no such job was reported"),
    "method": (405, "方法不对", "this method is not for this address"),
    "number-taken": (409, "作业编号已用于另一项作业", "the number stands for another job"),
    "idempotency": (409, "同一个键对应了不同内容", "the same key came with another content"),
    "same-person": (409, "监护人不能是作业人", "the fire watch is one of the welders"),
    "times": (409, "结束早于开始", "the end lies before the begin"),
    "done": (409, "已经上报过，内容不同", "this was reported before, with another content"),
    "too-long": (413, "内容太大", "the body is too long"),
    "type": (415, "内容类型不对", "this type of content is not taken"),
    "often": (429, "请求太频繁", "too many requests"),
    "database-away": (
        503,
        "数据库暂时没有回答，请重试",
        "the database does not answer; try again",
    ),
    "storage-full": (507, "平台磁盘已满，请稍后重试", "our disk is full; try again later"),
    "fault": (500, "平台出了故障", "our fault; try again"),
}


class Trouble(Exception):
    """A request that is refused; `code` is a key of TROUBLES."""

    def __init__(self, code: str, field: str = "", wait_s: int = 0) -> None:
        super().__init__(code)
        self.code, self.field, self.wait_s = code, field, wait_s
        self.status, zh, en = TROUBLES[code]
        self.words = f"{zh}。 {en[0].upper()}{en[1:]}."

    def told(self) -> dict[str, Any]:
        """`result` of the envelope."""
        return {"error": self.code, "field": self.field, "wait_s": self.wait_s}
