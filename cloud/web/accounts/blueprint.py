"""The blueprint that every file of this audience hangs its pages on."""

from flask import Blueprint

blueprint = Blueprint("accounts", __name__, template_folder="templates")
