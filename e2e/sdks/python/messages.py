"""What the functions share: one handler for each type of message, and a place
for messages that no attempt can cure."""

import base64
import json
import sys

from statefun import kafka_egress_message, message_builder, simple_type


class Rejected(Exception):
    """No other attempt would help."""


def json_type(typename):
    """A JSON type that writes no spaces, unlike make_json_type of the SDK."""
    return simple_type(typename, serialize_fn=_compact, deserialize_fn=json.loads)


def _compact(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


DEAD_LETTER = json_type("io.statefun.go/DeadLetter")


def on(egress, handlers):
    """Makes a function of handlers by type.

    A message that is rejected goes to the topic rejected of an egress. Handlers
    reject before their first effect, because there is nothing to take one back
    with.
    """
    by_name = {t.typename: (t, handle) for t, handle in handlers.items()}

    def function(context, message):
        try:
            if message.value_typename() not in by_name:
                raise Rejected(f"no handler takes {message.value_typename()}")
            message_type, handle = by_name[message.value_typename()]
            handle(context, message.as_type(message_type))
        except Rejected as reason:
            print(context.address, repr(reason), file=sys.stderr)
            letter = _letter(context, message, str(reason))
            context.send_egress(kafka_egress_message(egress, "rejected", letter, DEAD_LETTER, context.address.id))

    return function


def _letter(context, message, reason):
    letter = {"target": _address(context.address)}
    if context.caller:
        letter["caller"] = _address(context.caller)
    value = base64.b64encode(message.raw_value()).decode()
    return {**letter, "typename": message.value_typename(), "value": value, "reason": reason}


def _address(address):
    return {"type": address.typename, "id": address.id}


def send(context, typename, id, value_type, value):
    context.send(message_builder(typename, id, value=value, value_type=value_type))


def reply(context, value_type, value):
    send(context, context.caller.typename, context.caller.id, value_type, value)
