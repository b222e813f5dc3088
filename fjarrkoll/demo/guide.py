"""What the demo prints for the person who watches: where to look, and lines to copy."""

from fjarrkoll.demo.story import Cast
from fjarrkoll.local.system import LocalSystem


def guide(system: LocalSystem, roles: Cast, token: str) -> str:
    """Copy-paste lines for mosquitto_sub, curl and the command line; the token is this demo's own and dies with it."""
    host, port = system.broker.host, system.broker.port
    url, password = system.api_url, system.secrets.broker["observer"]
    return f"""
Fjärrkoll is running. Nothing here is real but the software: devices are simulated, payers and units are invented.

  Open the console; its login page shows an account for each role:
    {url}/console/

  See what devices say:
    {system.mosquitto_sub} -h {host} -p {port} -u observer -P '{password}' -v -t 'fk/v1/{roles.jammed}/#'

  Ask the API (this token sees what an analyst sees):
    export TOKEN={token}
    curl -H "Authorization: Bearer $TOKEN" '{url}/api/v1/devices?limit=5'
    curl -H "Authorization: Bearer $TOKEN" '{url}/api/v1/idle?limit=5'
    curl '{url}/openapi.json'

  Use the command line (a second terminal, in this folder):
    export FJARRKOLL_ENV_FILE={system.env_file}
    .venv/bin/fjarrkoll devices list
    .venv/bin/fjarrkoll faults read {roles.read[0]}
    .venv/bin/fjarrkoll idle
    .venv/bin/fjarrkoll alarms list

  Logs are in {system.folder / "logs"}. Ctrl-C ends everything.
"""
