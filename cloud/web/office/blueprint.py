"""The blueprint that the office's files share."""

from flask import Blueprint

blueprint = Blueprint("office", __name__, template_folder="templates")
