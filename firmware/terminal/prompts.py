"""The words of everything that the terminal says by itself. Loaded for a prompt, and dropped."""

# name, priority, seconds in which it is not said again, words. One text, because forty tuples
# would take four times its room. A refusal's name is its word on the wire.
_CATALOGUE = """
on 1 1 焊机已开机，请注意防火
off 0 1 焊机已关机，请清理现场
test 1 1 安装测试，焊机短时通电
lease-10 1 60 作业时间还剩十分钟
lease-1 0 30 作业时间还剩一分钟，请收尾
lease-over 0 1 作业时间已到，焊机已关机
paused-idle 1 5 长时间没有焊接，已暂停，请用手机恢复
paused-mains 1 5 刚才停过电，作业已暂停，请用手机恢复
resumed 1 1 作业已恢复，请注意防火
locked 0 3 焊机已被锁定，请联系管理部门
unlocked 1 1 焊机已解锁
no-signal 1 600 没有信号，请用手机蓝牙开机
emergency-asked 0 3 正在联系平台，请稍等
emergency-reached 1 3 平台已连通，请用手机开机
emergency-wait 1 3 失联时间不够，请稍后再试
emergency-on 0 3 应急放开，已记录，请两人在场，注意防火
emergency-still 0 60 仍在应急放开，全程记录，请注意防火
emergency-off 0 3 应急放开已结束，焊机已关机
emergency-barred 0 3 现在不能应急放开
emergency-spent 0 3 本月应急时间已用完
tamper 0 30 终端被打开，已报警
bypass 0 30 有人绕过开关用电，已报警
gas-warn 0 30 发现可燃气体，请停止作业并通风
gas-trip 0 10 燃气超标，已断电，请立即撤离
over-temp 0 60 终端过热，请停机散热
fault 0 5 开关故障，请立即切断电源并报修
upgrade-begun 1 10 正在升级，请不要断电
upgrade-done 1 10 升级完成
upgrade-failed 1 10 升级没有成功，不影响使用
ticket-ok 1 1 蓝牙授权有效
ticket-refused 1 3 蓝牙授权无效，请重新申请
bad-mac 1 10 授权校验不对，不能开机
wrong-epoch 1 10 终端刚重新启动，请再按一次开机
replayed 1 10 这条指令已经用过，请再按一次开机
expired 1 10 指令已过期，请再按一次开机
ended 1 3 这项作业已经结束，请重新扫码
gas 0 5 燃气超标，不能开机，请先通风
relay-stuck 0 5 开关故障，不能开机，请报修
unsupported 1 10 终端不支持这项操作
malformed 1 10 指令有误，不能执行
wrong-device 1 3 这张授权不是给这台焊机的
stale-challenge 1 3 授权已失效，请靠近焊机重新申请
used 1 3 这张授权已经用过
void 1 3 这张授权已经作废
fire-watch 1 3 请监护人到场，用监护人手机确认
"""


class Catalogue:
    """`PROMPTS[name]` is (priority, words, quiet_s); KeyError where there is no such prompt."""

    def __init__(self, text):
        self._text = text

    def __contains__(self, name):
        return self._text.find("\n" + name + " ") >= 0

    def __getitem__(self, name):
        at = self._text.find("\n" + name + " ")
        if at < 0:
            raise KeyError(name)
        _, priority, quiet_s, words = self._text[at + 1 : self._text.find("\n", at + 1)].split(" ")
        return int(priority), words, int(quiet_s)

    def names(self):
        return [line.split(" ")[0] for line in self._text.split("\n") if line]


PROMPTS = Catalogue(_CATALOGUE)
