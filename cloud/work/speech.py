"""What the terminal says aloud: short Mandarin sentences for the modem's voice.

They may name a role, never a person; at most 60 characters.
"""

SWITCHED_ON = "焊机已开机，请注意防火。"
EXTENDED = "作业时间已延长，请注意防火。"
TEST = "安装测试，焊机短时通电。"
HANDED_OVER = "作业交接，请接手的焊工扫码，监护人留在现场。"
CHECK_IN = "请监护人在手机上签到。"
_DIGITS = "零一二三四五六七八九"


def code_words(role: str, code: str) -> str:
    """A code spoken digit by digit: 焊工验证码，一、二、三、四。"""
    return f"{role}验证码，{'、'.join(_DIGITS[int(digit)] for digit in code)}。"
