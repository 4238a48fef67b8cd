from flask import Blueprint

blueprint = Blueprint("technician", __name__, template_folder="templates")
