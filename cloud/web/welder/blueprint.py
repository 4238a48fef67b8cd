"""The blueprint of the machine pages, apart so that both halves can hang their routes on it."""

from flask import Blueprint

blueprint = Blueprint("welder", __name__, template_folder="templates")
