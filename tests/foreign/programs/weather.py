# SPDX-License-Identifier: Apache-2.0
"""weather.py - a foreign plugin in Python: the weather where a component is.

    python3 weather.py /run/weather.sock
"""
import json
import sys
from urllib.parse import parse_qs

import fastcgi

VIEW = "application/vnd.callboard.view+json"


def card(query):
    city = query.get("key", ["?"])[0]
    return {
        "level": 1,
        "show": [
            {"stat": {"label": "Temperature", "value": "21 °C", "tone": "good"}},
            {"fields": [{"label": "City", "value": city}, {"label": "For", "value": {"entity": query["entity"][0]}}]},
        ],
    }


def answer(params):
    query = parse_qs(params["QUERY_STRING"])
    if params["PATH_INFO"] == "/fragments/weather/today":
        return 200, VIEW, json.dumps(card(query))
    if params["PATH_INFO"] == "/p/weather/week":
        return 200, "text/html", f"<h2>Week {query.get('n', ['1'])[0]}</h2><script>alert(1)</script><ul><li>Rain<li>Sun</ul>"
    if params["PATH_INFO"].startswith("/api/weather/v1"):
        heard = {name: value for name, value in params.items() if name.startswith("HTTP_") or name in ("PATH_INFO", "REQUEST_METHOD", "QUERY_STRING")}
        return 200, "application/json", json.dumps(heard)
    return 404, "text/plain", "no such thing"


if __name__ == "__main__":
    fastcgi.serve(sys.argv[1], answer)
