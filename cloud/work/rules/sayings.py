"""Words for what is refused outside the rules: typed codes, others' jobs, the terminal's no."""

from cloud.work.rules.rule import saying

saying(
    "presence-wrong",
    "验证码不对。",
    "The code is wrong.",
    "请听清终端播报的四位数字再输入，还可以试 {left} 次。",
    "Listen to the four digits and type them again; {left} tries are left.",
)
saying(
    "presence-expired",
    "验证码已经失效。",
    "The code is no longer good.",
    "请在焊机旁重新播报验证码。",
    "Let the terminal speak a new code.",
)
saying(
    "presence-spent",
    "验证码输错次数太多，已经作废。",
    "The code was wrong too often and is void.",
    "请在焊机旁重新播报验证码。",
    "Let the terminal speak a new code.",
)
saying(
    "presence-often",
    "要求证明在场太频繁。",
    "Proofs of presence are asked for too often.",
    "请稍等几分钟再试。",
    "Wait a few minutes and try again.",
)
saying(
    "not-your-job",
    "这不是您的作业。",
    "This job is not yours.",
    "请由本作业的焊工或监护人操作。",
    "Only the welder or the fire watch of this job may do this.",
)
saying(
    "watch-along",
    "监护人还没有准备一起下井。",
    "The fire watch is not ready to come along underground.",
    "请监护人先在自己手机上打开这台焊机的页面，按“一起下井”。",
    "Let the fire watch first open this machine's page and press “Come along underground”.",
)
saying(
    "wrong-step",
    "现在不能做这一步。",
    "This step is not possible now.",
    "请按页面提示的顺序操作。",
    "Follow the order that the page shows.",
)
saying(
    "job-closed",
    "这项作业已经结束。",
    "This job is over.",
    "如需继续作业，请重新扫码申请。",
    "Scan again and apply for a new job.",
)
saying(
    "lease-over",
    "本次授权时间已用完。",
    "The time of this authorisation is used up.",
    "请结束作业，如需继续请重新申请。",
    "End the job; apply for a new one if there is more to do.",
)
saying(
    "clear-checklist",
    "收工检查还没有全部确认。",
    "The closing check-list is not complete.",
    "请切断电源、清理现场后逐项确认。",
    "Cut the power, clear the site, and confirm every line.",
)
saying(
    "terminal-timeout",
    "终端没有应答。",
    "The terminal did not answer.",
    "请确认焊机电源和信号，再按一次开机。",
    "Check mains power and signal, and press ON again.",
)
saying(
    "terminal-ended",
    "终端上这项作业已经结束。",
    "The terminal has ended this job.",
    "如需继续作业，请重新扫码申请。",
    "Scan again and apply for a new job.",
)
saying(
    "terminal-locked",
    "终端已被锁定。",
    "The terminal is locked.",
    "请联系作业单位或监管部门。",
    "Ask the enterprise or the supervising department.",
)
saying(
    "machine-unsafe",
    "这台焊机已停用待修，终端锁着，不能通电测试。",
    "This machine is out of use until it is mended; its terminal is locked and cannot be tested.",
    "修好后，请监管部门或平台在设备页登记“恢复可用”，再做功能测试。",
    "Once it is mended, have it recorded as sound on its page by the department or the platform.",
)
saying(
    "terminal-gas",
    "终端检测到可燃气体超标。",
    "The terminal senses too much combustible gas.",
    "请立即停止作业、通风并撤离，排除后再试。",
    "Stop, air the place and leave; try again when it is safe.",
)
saying(
    "terminal-relay-stuck",
    "终端的开关出现故障。",
    "The terminal's switch is faulty.",
    "请切断电源并报修。",
    "Cut the power and have it repaired.",
)
saying(
    "terminal-refused",
    "终端没有执行开机（{word}）。",
    "The terminal did not switch on ({word}).",
    "请再按一次开机；仍不行请报修。",
    "Press ON again; if it still fails, have it repaired.",
)
saying(
    "permit-window",
    "作业票的时间不对：特级、一级不超过 8 小时，二级不超过 72 小时。",
    "The window is not right: at most 8 h for special and first grade, 72 h for second.",
    "请修改作业票的起止时间。",
    "Change the window of the permit.",
)
saying(
    "permit-stranger",
    "您不能向这家单位申请作业票。",
    "You may not ask this enterprise for a permit.",
    "请由本单位的人员，或与它有合同的焊工申请。",
    "Its own people ask, or a welder who has a contract with it.",
)
saying(
    "permit-closed",
    "这张作业票已经处理过，或者已经过期。",
    "This permit was dealt with already, or its time is over.",
    "请刷新页面看现在的状态，需要时重新申请。",
    "Reload the page to see how it stands; ask for a new one if needed.",
)
saying(
    "permit-not-yours",
    "您不能审批这张作业票。",
    "You may not approve this permit.",
    "请由作业单位的其他负责人审批，不能审批自己申请的作业票。",
    "Somebody else of the enterprise approves it, never the one who asked for it.",
)
saying(
    "do-check",
    "下一步：检查现场并确认。",
    "Next: check the site and confirm.",
    "请逐项检查现场，阅读“十不准”，输入终端播报的验证码。",
    "Check point by point, read the ten rules, type the code that the terminal speaks.",
)
saying(
    "do-watch",
    "下一步：请监护人现场核验。",
    "Next: the fire watch confirms on site.",
    "请监护人用自己的手机扫描这台焊机的二维码。",
    "Let the fire watch scan this machine with their own phone.",
)
saying(
    "do-clear",
    "收工后请切断电源、清理现场并确认。",
    "Afterwards cut the power, clear the site and confirm.",
    "请在结束作业后三十分钟内确认。",
    "Confirm within thirty minutes after the end.",
)
saying(
    "extend-nothing",
    "现在没有可以延长的时间。",
    "There is nothing to extend by at present.",
    "请先由作业单位审批新的动火作业票，再按延长。",
    "Have the enterprise approve another hot-work permit first, then press again.",
)
saying(
    "handover-over",
    "这次交接已经失效：已有人接手、已收工，或者超过了时间。",
    "This handover is over: somebody took it, the site was cleared, or it is too late.",
    "请刷新页面；要继续作业，请重新申请。",
    "Reload the page; apply for a job of your own if there is work to do.",
)
saying(
    "handover-own",
    "不能接手自己交出的作业。",
    "You cannot take over the job that you handed over yourself.",
    "请由另一位焊工接手；自己继续，请先收工再重新申请。",
    "Another welder takes it over; to go on yourself, clear the site and apply again.",
)
