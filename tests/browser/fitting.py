"""Whether a page fits who reads it: no wider than the screen, and in English no Chinese words but
names and what somebody typed."""

import json
import re

from cloud import demo

_CHINESE = re.compile("[一-鿿]+")
# What is read: the text that is seen, and what a screen reader or an empty field says instead.
_SEEN = """[innerWidth, document.documentElement.scrollWidth, document.body.innerText + [
  ...document.querySelectorAll("[aria-label], [placeholder], [title], [alt]")
].map((one) => one.ariaLabel ?? one.placeholder ?? one.title ?? one.alt).join(" ")]"""
# Beside the made-up county's names: the switch to Chinese, what the scenes type, and the words in
# which the nation's registers name kinds of certificates and machines.
_KEPT = """中文 演示一号车间东侧 焊接管道支架 演示一号车间 焊接支架 演示焊机厂 演示新人 演示业主
演示批次 演示：周围有可燃物，先清理再作业 判过 中断 保 封
建筑焊工 金属焊接操作 熔化焊接与热切割作业 手工弧焊机 机械加工"""
_OFFICIAL = re.compile("/forms/|/office/rules")  # as they are printed, whatever the page speaks


def names(county):
    """All that is nobody's to translate."""
    return _KEPT + json.dumps([county, demo.PLACES], ensure_ascii=False)


def misfits(page):
    """What does not fit, in words."""
    width, wide, text = page.evaluate(_SEEN)
    left = {one for one in _CHINESE.findall(text) if one not in page.names}
    found = sorted(left) if page.lang == "en" and not _OFFICIAL.search(page.url) else []
    return found + ([f"{wide} > {width}"] if wide > width else [])
