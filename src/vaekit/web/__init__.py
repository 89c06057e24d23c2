"""The latent explorer: a server that shows a trained model in the browser."""

from vaekit.web.app import guarded, make_app
from vaekit.web.export import check_folder, export_site
from vaekit.web.run_view import Shown, open_run
from vaekit.web.server import address, check_door, listen, make_server, serve

__all__ = [
    "Shown",
    "address",
    "check_door",
    "check_folder",
    "export_site",
    "guarded",
    "listen",
    "make_app",
    "make_server",
    "open_run",
    "serve",
]
