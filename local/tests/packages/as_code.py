"""Prints every sample event that the arguments name as the Python code that constructs it."""

import sys
from pathlib import Path

from inlet_events import Model, parse_event, types

classes = [name for name, value in vars(types).items() if isinstance(value, type) and issubclass(value, Model)]
print("from inlet_events import Event")
print(f"from inlet_events.types import {', '.join(sorted(set(classes) - {'Event', 'Model'}))}\n")
for number, name in enumerate(sys.argv[1:]):
    code = repr(parse_event(Path(name).read_bytes()))
    # A constructor takes a field's alias; `repr` prints its name.
    print(f"s{number}: Event = {code.replace('register_=', 'register=')}")
