"""The latent explorer: a server that shows a trained model in the browser."""

from vaekit.web.app import make_app
from vaekit.web.connections import ConnectionTimer
from vaekit.web.export import check_export_folder, export_site
from vaekit.web.run_view import RunView, open_run
from vaekit.web.server import (
    SecurityMiddleware,
    listen,
    make_server,
    page_url,
    resolve_token,
    serve,
    sign_in_file,
)

__all__ = [
    "ConnectionTimer",
    "RunView",
    "SecurityMiddleware",
    "check_export_folder",
    "export_site",
    "listen",
    "make_app",
    "make_server",
    "open_run",
    "page_url",
    "resolve_token",
    "serve",
    "sign_in_file",
]
