"""The blueprint on which the regulators' routes hang."""

from flask import Blueprint

blueprint = Blueprint("regulator", __name__, template_folder="templates")
