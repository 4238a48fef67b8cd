"""It is the welder who signed in: by an outside verifier, or in the fire watch's eyes (DL 三)."""

from cloud.work.facts import Facts
from cloud.work.profiles import Profile
from cloud.work.rules.rule import Values, rule, saying


@rule(
    "face",
    ("watch", "on"),
    "还没有核实是焊工本人。",
    "Nobody has found yet that it is the welder.",
    "请焊工在自己的手机上刷脸；不愿意或者刷不了，请监护人当面核对。",
    "Let the welder take the face check by phone; or else the fire watch looks and vouches.",
    wanted=lambda profile: profile.face,
)
def face(facts: Facts, profile: Profile) -> Values | None:
    return None if facts.face_by else {}


saying(
    "face-no",
    "刷脸的结果：不是本人。",
    "The face check says that it is somebody else.",
    "请在光线好的地方再试一次，或者请监护人当面核对。",
    "Try again in better light, or let the fire watch look and vouch.",
)
saying(
    "face-down",
    "刷脸服务现在没有应答。",
    "The face check does not answer now.",
    "请监护人当面核对，或者过一会儿再试。",
    "Let the fire watch look and vouch, or try again later.",
)
saying(
    "face-late",
    "这次刷脸没有在有效时间内完成。",
    "This face check was not done in time.",
    "请重新刷脸，或者请监护人当面核对。",
    "Begin another one, or let the fire watch look and vouch.",
)
saying(
    "face-many",
    "本次作业刷脸的次数用完了。",
    "There were too many face checks in this job.",
    "请监护人当面核对。",
    "Let the fire watch look and vouch.",
)
saying(
    "face-wait",
    "刷脸还没有结果。",
    "The face check has no result yet.",
    "请在刷脸页面做完，再回来看结果。",
    "Finish it on the page of the face check, then come back.",
)
saying(
    "face-consent",
    "没有您的单独同意，不刷脸。",
    "There is no face check without your separate consent.",
    "同意的请勾选；不同意的，请监护人当面核对。",
    "Tick if you agree; if you do not, the fire watch looks and vouches.",
)
saying(
    "do-face",
    "下一步：核实是焊工本人。",
    "Next: it is found that it is the welder.",
    "请焊工刷脸，或者请监护人当面核对。",
    "The welder takes the face check, or the fire watch looks and vouches.",
)
