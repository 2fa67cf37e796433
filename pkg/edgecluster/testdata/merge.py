# SPDX-FileCopyrightText: The OMNI authors
# SPDX-License-Identifier: Apache-2.0
"""Has cloud-init merge the configurations in user data. Usage: merge.py IN OUT"""

import sys

from cloudinit import handlers, user_data, util
from cloudinit.handlers.cloud_config import CloudConfigPartHandler


class Paths:
    """The one file that cloud-init writes here."""

    def get_ipath(self, _name):
        return sys.argv[2]

    get_cpath = get_ipath_cur = get_ipath


handler = CloudConfigPartHandler(Paths())
handler.handle_part(None, handlers.CONTENT_START, None, None, None, None)
with open(sys.argv[1], "rb") as data:
    message = user_data.UserDataProcessor(Paths()).process(data.read())
for part in message.walk():
    kind = part.get_content_type()
    if kind == "text/cloud-config":
        payload = util.fully_decoded_payload(part)
        handler.handle_part(None, kind, part.get_filename(), payload, None, dict(part))
handler.handle_part(None, handlers.CONTENT_END, None, None, None, None)
